"""Signal receivers that listen to every sender and do nothing for some of them.

``if not issubclass(sender, Document): return`` at the top of a receiver without ``sender=`` is common: for the
senders that it turns away it need neither be translated nor refused. Only such tests of the sender (and of the class
of the instance, and of ``raw``, which is False outside fixtures) are decided here; anything else counts as work.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Receiver
from segue.translate.context import Context
from segue.translate.functions.lift import HARMLESS_DECORATORS

_RECEIVER = "django.dispatch.dispatcher.receiver"
# Of easy-thumbnails, which listens to every model: they note the files that a save stores, and tell of them behind it.
_OF_FILES = frozenset(
    {
        "easy_thumbnails.signal_handlers.find_uncommitted_filefields",
        "easy_thumbnails.signal_handlers.signal_committed_filefields",
    }
)


class _Unclear(Exception):
    """Something that is not decided here."""


def is_idle(ctx: Context, receiver: Receiver, label: str) -> bool:
    """Whether ``receiver`` returns at once when the model ``label`` is the sender."""
    function = ctx.snapshot.functions.get(receiver.function)
    model = ctx.snapshot.models.get(label)
    if function is None or model is None or model.cls not in ctx.snapshot.classes:
        return False
    if receiver.function in _OF_FILES:
        return not any(field.upload_to is not None for field in model.fields)
    if not set(function.wrapped_by) <= {_RECEIVER, *HARMLESS_DECORATORS}:
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body
    if len(tree) != 1 or not isinstance(tree[0], ast.FunctionDef):
        return False
    test = _Test(ctx, function, model.cls, {a.arg for a in ast.walk(tree[0].args) if isinstance(a, ast.arg)})
    try:
        return test.ends(tree[0].body) is not False
    except _Unclear:
        return False


class _Test:
    """The receiver's first tests, for one sender."""

    def __init__(self, ctx: Context, function: Function, cls: str, parameters: set[str]) -> None:
        self.ctx, self.function, self.cls, self.parameters = ctx, function, cls, parameters

    def ends(self, body: list[ast.stmt]) -> bool | None:
        """True at a ``return`` of nothing, None where the statements are over. Raises :class:`_Unclear`."""
        for statement in body:
            if isinstance(statement, ast.Return) and (
                statement.value is None or isinstance(statement.value, ast.Constant)
            ):
                return True
            if isinstance(statement, ast.If):
                chosen = statement.body if self.holds(statement.test) else statement.orelse
                if self.ends(chosen):
                    return True
            elif not (
                isinstance(statement, ast.Pass)
                or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
            ):
                raise _Unclear
        return None

    def holds(self, node: ast.expr) -> bool:
        """A test's answer."""
        match node:
            case ast.UnaryOp(op=ast.Not()):
                return not self.holds(node.operand)
            case ast.BoolOp():
                # One part may decide it whatever the others are.
                deciding = isinstance(node.op, ast.Or)
                unclear = False
                for part in node.values:
                    try:
                        if self.holds(part) is deciding:
                            if unclear:
                                break
                            return deciding
                    except _Unclear:
                        unclear = True
                if unclear:
                    raise _Unclear
                return not deciding
            case ast.Name(id="raw") if "raw" in self.parameters:
                return False
            case ast.Call(
                func=ast.Name(id="issubclass" | "isinstance" as called),
                args=[ast.Name(id=name), wanted],
                keywords=[],
            ) if self.function.globals.get(called) is not None:
                if name not in self.parameters or name != (
                    "sender" if called == "issubclass" else "instance"
                ):
                    raise _Unclear
                mro = self.ctx.snapshot.classes[self.cls].mro
                return any(self.named(n) in mro for n in self.classes(wanted))
            case ast.Compare(left=ast.Name(id="sender"), ops=[op], comparators=[other]):
                if isinstance(op, ast.Is | ast.Eq):
                    return self.named(other) == self.cls
                if isinstance(op, ast.IsNot | ast.NotEq):
                    return self.named(other) != self.cls
                if isinstance(op, ast.In | ast.NotIn):
                    found = any(self.named(n) == self.cls for n in self.classes(other))
                    return found is isinstance(op, ast.In)
        raise _Unclear

    def classes(self, node: ast.expr) -> list[ast.expr]:
        """The members of a tuple, list or set of classes; one class stands for itself."""
        return list(node.elts) if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]

    def named(self, node: ast.expr) -> str:
        """The dotted class that a name is."""
        ref = self.function.globals.get(ast.unparse(node))
        if ref is None or ref.kind not in ("class", "model") or ast.unparse(node) in self.parameters:
            raise _Unclear
        return ref.name


__all__ = ["is_idle"]
