"""Comments of the legacy source, by line, so that they can stand beside what their line became."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass, field


@dataclass(slots=True)
class Comments:
    """Own-line comments and trailing comments by line number of the function's source."""

    own: dict[int, str] = field(default_factory=dict)
    end: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, source: str) -> Comments:
        """Read ``source``; a text that tokenize cannot read has no comments."""
        found = cls()
        lines = source.splitlines()
        try:
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.type != tokenize.COMMENT:
                    continue
                row, column = token.start
                alone = not lines[row - 1][:column].strip()
                (found.own if alone else found.end)[row] = token.string
        except (tokenize.TokenError, IndentationError):
            return cls()
        return found

    def before(self, stmt: ast.stmt) -> list[str]:
        """Take the own-line comments above ``stmt`` that nothing took yet."""
        taken = sorted(row for row in self.own if row < stmt.lineno)
        return [self.own.pop(row) for row in taken]

    def trailing(self, stmt: ast.stmt) -> str:
        """Take the comment at the end of a simple statement, or of a compound one's first line."""
        if isinstance(stmt, ast.If | ast.For | ast.While | ast.With | ast.Try):
            return self.end.pop(stmt.lineno, "")
        last = stmt.end_lineno or stmt.lineno
        rows = [row for row in self.end if stmt.lineno <= row <= last]
        return "  ".join(self.end.pop(row) for row in sorted(rows))

    def skip(self, stmt: ast.stmt) -> None:
        """Drop the comments of a statement that is left out."""
        last = stmt.end_lineno or stmt.lineno
        for table in (self.own, self.end):
            for row in [r for r in table if r <= last and (r >= stmt.lineno or table is self.own)]:
                del table[row]
