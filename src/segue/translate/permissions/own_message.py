"""``self.message = "…"`` in a permission's method: what the answer says where that permission denies.

``APIView.check_permissions`` makes its permissions anew for each request and reads ``message`` behind ``has_permission``. So a
denial with a message of its own is written as one where it is returned: ``self.segue__denied("…")`` in front of ``return False``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field, replace

from segue.refusal import refuse
from segue.snapshot.model import Function, Where
from segue.translate.context import Context

DENIED = "segue__denied"
"""The method that stands for a denial: its arguments are the message and what the method would have returned."""
_SEVERAL = ast.Name("segue__several", ast.Load())
_TRANSLATION = "django.utils.translation."
_WHY = "Segue does not see which of its messages the answer would have."


def with_messages(ctx: Context, cls: str, function: Function, *, alone: bool) -> Function:
    """``function`` with its denials written out; itself where it puts no message on ``self``.

    ``alone``: DRF asks this very object for its message, and not ``A | B``. Raises ``Refused`` where the message of a denial is not certain.
    """
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or not tree.args.args:
        return function
    own = tree.args.args[0].arg
    if not _puts(tree, own):
        return function
    if not alone:
        why = "It stands in an operator of permissions, whose own message DRF asks for."
        raise refuse("permission", f"{cls}.message", why, function.where)
    known = ctx.snapshot.classes.get(cls)
    for dotted in known.methods.values() if known is not None else ():
        other = ctx.snapshot.functions.get(dotted)
        if other is not None and _reads(ast.parse(textwrap.dedent(other.source))):
            why = "Code reads the message that it has put there."
            raise refuse("permission", f"{cls}.message", why, other.where)
    run = _Run(own, function)
    end = run.block(tree.body, None)
    if end is not None and end.message is not None:
        why = "It may come to its end without a return, which denies."
        raise refuse("permission", f"{cls}.message", why, function.where)
    return replace(function, source=run.edited(textwrap.dedent(function.source)))


@dataclass(slots=True)
class _End:
    """Where a block leaves off: ``message`` is what was put there last; None where nothing was."""

    message: ast.expr | None


@dataclass(slots=True)
class _Run:
    """Goes through the statements in their order; ``edits`` are statements and what is written in their place."""

    own: str
    function: Function
    edits: list[tuple[ast.stmt, str]] = field(default_factory=list)

    def block(self, body: list[ast.stmt], message: ast.expr | None) -> _End | None:
        """Where the statements leave off; None where each way through them returns or raises."""
        for statement in body:
            end = self._statement(statement, message)
            if end is None:
                return None
            message = end.message
        return _End(message)

    def _statement(self, statement: ast.stmt, message: ast.expr | None) -> _End | None:
        match statement:
            case ast.Assign([target], value) if self._is_message(target):
                if not self._is_constant(value):
                    raise refuse("permission", ast.unparse(statement), _WHY, self._at(statement))
                self.edits.append((statement, "pass"))
                return _End(value)
            case ast.Return():
                self._returned(statement, message)
                return None
            case ast.Raise():
                return None
            case ast.If():
                return _met(self.block(statement.body, message), self.block(statement.orelse, message))
            case ast.Try():
                return self._tried(statement, message)
            case ast.With():
                return self.block(statement.body, message)
            case ast.For() | ast.While():
                start = _SEVERAL if _puts(statement, self.own) else message
                self.block([*statement.body], start)
                self.block([*statement.orelse], start)
                return _End(start)
        if _puts(statement, self.own):
            raise refuse("permission", f"{self.own}.message", _WHY, self._at(statement))
        return _End(message)

    def _tried(self, statement: ast.Try, message: ast.expr | None) -> _End | None:
        """A handler may start behind any statement of the body."""
        if any(_puts(one, self.own) for one in statement.finalbody):
            raise refuse("permission", f"{self.own}.message", _WHY, self._at(statement))
        before = _SEVERAL if any(_puts(one, self.own) for one in statement.body) else message
        end = self.block([*statement.body], message)
        if end is not None:
            end = self.block([*statement.orelse], end.message)
        for handler in statement.handlers:
            end = _met(end, self.block(handler.body, before))
        return self.block([*statement.finalbody], end.message) if end is not None else None

    def _returned(self, statement: ast.Return, message: ast.expr | None) -> None:
        """``return <value>`` where ``message`` was put there before."""
        value = statement.value or ast.Constant(None)
        granted = isinstance(value, ast.Constant) and bool(value.value)
        if message is None or granted:
            return
        if message is _SEVERAL:
            raise refuse("permission", f"{self.own}.message", _WHY, self._at(statement))
        denies = isinstance(value, ast.Constant)
        given = ast.unparse(message) if denies else f"{ast.unparse(message)}, {ast.unparse(value)}"
        self.edits.append((statement, f"{self.own}.{DENIED}({given}); return {not denies}"))

    def edited(self, source: str) -> str:
        """The source with its edits; each line stays where it was."""
        lines = source.splitlines()
        for statement, text in self.edits:
            first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
            before = lines[first].encode()[: statement.col_offset].decode()
            after = lines[last].encode()[statement.end_col_offset or 0 :].decode()
            lines[first : last + 1] = [before + text + after, *[""] * (last - first)]
        return "\n".join(lines) + "\n"

    def _is_message(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Attribute) and node.attr == "message" and ast.unparse(node.value) == self.own
        )

    def _at(self, node: ast.AST) -> Where:
        where = self.function.where
        return Where(where.file, where.line + getattr(node, "lineno", 1) - 1)

    def _is_constant(self, node: ast.expr) -> bool:
        """A text, or Django's translation of one (``_("…")``): the same wherever it stands, and nothing happens on the way."""
        match node:
            case ast.Constant(str()):
                return True
            case ast.Call(ast.Name(called), args, []):
                ref = self.function.globals.get(called)
                known = ref is not None and ref.name.startswith(_TRANSLATION)
                return known and bool(args) and all(isinstance(a, ast.Constant) for a in args)
        return False


def _met(a: _End | None, b: _End | None) -> _End | None:
    if a is None or b is None:
        return a or b
    same = (a.message is None) == (b.message is None) and (
        a.message is None or b.message is None or ast.dump(a.message) == ast.dump(b.message)
    )
    return a if same else _End(_SEVERAL)


def _puts(tree: ast.AST, own: str) -> bool:
    return any(
        isinstance(n, ast.Attribute)
        and n.attr == "message"
        and isinstance(n.ctx, ast.Store)
        and isinstance(n.value, ast.Name)
        and n.value.id == own
        for n in ast.walk(tree)
    )


def _reads(tree: ast.AST) -> bool:
    return any(
        isinstance(n, ast.Attribute)
        and n.attr == "message"
        and not isinstance(n.ctx, ast.Store)
        and ast.unparse(n.value) == "self"
        for n in ast.walk(tree)
    )


__all__ = ["DENIED", "with_messages"]
