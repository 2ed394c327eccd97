"""Pages of errors that are the project's own (``404.html``, ``handler403``): only Django shows them, and it cannot do again what was written.

So what may raise ``Http404`` or ``PermissionDenied`` behind a write is refused, but for ``ATOMIC_REQUESTS``, which take it back.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from segue.translate.context import Context
from segue.translate.functions.record import reached
from segue.translate.functions.writing import may_write

_RAISES = ("Http404(", "Forbidden(", "found(", "object_not_found(", "require(")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def after_write(ctx: Context, lines: Sequence[str]) -> bool:
    """Whether one of these errors may come out of the statements once something may have been written."""
    source = "async def view():\n" + "\n".join("    " + line for line in lines or ("pass",))
    written = False
    for statement in _steps(ast.parse(source).body[0].body):  # type: ignore[attr-defined]
        text = ast.unparse(statement).splitlines()
        raises, writes = _raises(ctx, text), may_write(ctx, text)
        # One that does both may raise behind its own write: a look-up alone does not write.
        if raises and (written or writes):
            return True
        written = written or writes
    return False


def _steps(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Simple statements and conditions in the order of the text; loops as a whole."""
    for statement in body:
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        handlers = getattr(statement, "handlers", [])
        if isinstance(statement, _LOOPS) or not any(blocks):
            yield statement
            continue
        test = getattr(statement, "test", None)
        if test is not None:
            yield ast.Expr(test)
        for block in (*blocks[:1], *(h.body for h in handlers), *blocks[1:]):
            yield from _steps(block)


def _raises(ctx: Context, lines: Sequence[str]) -> bool:
    texts = ["\n".join(lines), *("\n".join(r.lines) for r in reached(ctx, lines) if r is not None)]
    return any(word in text for text in texts for word in _RAISES)


__all__ = ["after_write"]
