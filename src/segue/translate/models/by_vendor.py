"""Methods of a field that are Django's own but for databases that generated code does not run on.

``if connection.vendor == "mysql": …`` and else ``super()``: on SQLite and PostgreSQL such a field is what it comes from. In a project on
MySQL it is not.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, Snapshot
from segue.translate.models.ddl import supported


class _Unclear(Exception):
    """Something that is not decided here."""


def is_djangos(snapshot: Snapshot, function: Function, cls: str, frameworks: tuple[str, ...]) -> bool:
    """Whether the method gives what ``super()`` gives for the same arguments, and that is Django's."""
    short = function.name.rpartition(".")[2]
    known = snapshot.classes.get(cls)
    if known is None or function.owner not in known.mro or function.wrapped_by:
        return False
    behind = known.mro[known.mro.index(function.owner) + 1 :]
    classes = (snapshot.classes.get(name) for name in behind)
    defined = [c for c in classes if c is not None and c.methods.get(short) == f"{c.name}.{short}"]
    if any(not c.name.startswith(frameworks) for c in defined):
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwarg or tree.args.kwonlyargs:
        return False
    try:
        return all(_Run(tree, short, vendor).gives_super(tree.body) for vendor in supported(snapshot))
    except _Unclear:
        return False


class _Run:
    """The body for one vendor."""

    def __init__(self, tree: ast.FunctionDef, method: str, vendor: str) -> None:
        self.parameters = [a.arg for a in tree.args.args[1:]]
        self.method, self.vendor = method, vendor
        self.held: set[str] = set()

    def gives_super(self, body: list[ast.stmt]) -> bool | None:
        """True at the ``return``, None where the statements are over. Raises :class:`_Unclear`."""
        for statement in body:
            match statement:
                case ast.Return(value=ast.expr() as value) if self.is_super(value):
                    return True
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self.is_super(value):
                    self.held.add(name)
                case ast.If():
                    if self.gives_super(statement.body if self.holds(statement.test) else statement.orelse):
                        return True
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case _:
                    raise _Unclear
        return None

    def is_super(self, node: ast.expr) -> bool:
        """``super().method(...)`` with the arguments as they came, or a variable that holds it."""
        if isinstance(node, ast.Name):
            return node.id in self.held
        if not (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) == f"super().{self.method}"
            and not self.held & set(self.parameters)
        ):
            return False
        names = [ast.unparse(a) for a in node.args]
        keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
        rest = self.parameters[len(names) :]
        return names == self.parameters[: len(names)] and keywords == {name: name for name in rest}

    def holds(self, node: ast.expr) -> bool:
        """A test of the vendor."""
        match node:
            case ast.UnaryOp(op=ast.Not()):
                return not self.holds(node.operand)
            case ast.BoolOp():
                deciding = isinstance(node.op, ast.Or)
                unclear = False
                for part in node.values:
                    try:
                        if self.holds(part) is deciding:
                            return deciding
                    except _Unclear:
                        if not _harmless(part):
                            raise
                        unclear = True
                if unclear:
                    raise _Unclear
                return not deciding
            case ast.Compare(left=left, ops=[op], comparators=[other]) if (
                ast.unparse(left) == "connection.vendor" and "connection" in self.parameters
            ):
                wanted = ast.literal_eval(other) if _is_literal(other) else None
                if isinstance(op, ast.Eq | ast.NotEq) and isinstance(wanted, str):
                    return (self.vendor == wanted) is isinstance(op, ast.Eq)
                if isinstance(op, ast.In | ast.NotIn) and isinstance(wanted, tuple | list | set):
                    return (self.vendor in wanted) is isinstance(op, ast.In)
        raise _Unclear


def _harmless(node: ast.expr) -> bool:
    """Names and constants compared: nothing happens, whatever they are."""
    return all(
        isinstance(n, ast.Name | ast.Constant | ast.Compare | ast.Is | ast.IsNot | ast.expr_context)
        for n in ast.walk(node)
    )


def _is_literal(node: ast.expr) -> bool:
    return all(
        isinstance(n, ast.Constant | ast.Tuple | ast.List | ast.Set | ast.expr_context)
        for n in ast.walk(node)
    )


__all__ = ["is_djangos"]
