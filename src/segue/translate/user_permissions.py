"""A ``has_perm`` of the user model's own: whether it says what Django's says, when it is not asked about an object.

DRF and most code ask ``user.has_perm(name)``. An override that treats an object in a way of its own and hands
everything else on (``return super().has_perm(perm)``) is Django's then. The body is run for both answers of
``super().has_perm`` with ``obj=None``; anything else that it looks at is refused.
"""

from __future__ import annotations

import ast
import textwrap
from typing import Any

from segue.snapshot.model import Function


class _Unclear(Exception):
    """It looks at something that is not known here."""


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


def hands_on(function: Function) -> bool:
    """Whether ``function(self, perm, obj=None)`` returns what ``super().has_perm(perm)`` does, as a truth value."""
    try:
        tree = ast.parse(textwrap.dedent(function.source)).body[0]
    except (SyntaxError, IndexError):
        return False
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or len(tree.args.args) != 3:
        return False
    receiver, permission, obj = (a.arg for a in tree.args.args)
    default = tree.args.defaults
    if len(default) != 1 or not (isinstance(default[0], ast.Constant) and default[0].value is None):
        return False
    return all(
        _answer(tree.body, _Body(receiver, permission, obj, answer)) is answer for answer in (True, False)
    )


def _answer(body: list[ast.stmt], run: _Body) -> bool | None:
    try:
        run.statements(body)
    except _Returned as returned:
        return bool(returned.value)
    except _Unclear:
        return None
    return False


class _Body:
    """One run with a given answer of ``super().has_perm``."""

    def __init__(self, receiver: str, permission: str, obj: str, answer: bool) -> None:
        self.receiver, self.permission, self.answer = receiver, permission, answer
        self.names: dict[str, Any] = {obj: None}

    def statements(self, body: list[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Return(value=None):
                    raise _Returned(None)
                case ast.Return(value=ast.expr() as value):
                    raise _Returned(self.value(value))
                case ast.If():
                    self.statements(statement.body if self.value(statement.test) else statement.orelse)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    if name == self.permission:
                        raise _Unclear
                    self.names[name] = self.value(statement.value)
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case _:
                    raise _Unclear

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.UnaryOp(op=ast.Not()):
                return not self.value(node.operand)
            case ast.BoolOp():
                result: Any = None
                for part in node.values:
                    result = self.value(part)
                    if isinstance(node.op, ast.And) != bool(result):
                        break
                return result
            case ast.Compare(ops=[ast.Is() | ast.IsNot() as op], comparators=[ast.Constant(value=None)]):
                return (self.value(node.left) is None) == isinstance(op, ast.Is)
            case ast.Call() if self.asks_django(node):
                return self.answer
        raise _Unclear

    def asks_django(self, node: ast.Call) -> bool:
        """``super().has_perm(perm)`` or ``super().has_perm(perm, obj)`` of what came in."""
        func = node.func
        if not (
            isinstance(func, ast.Attribute)
            and func.attr == "has_perm"
            and isinstance(func.value, ast.Call)
            and isinstance(func.value.func, ast.Name)
            and func.value.func.id == "super"
        ):
            return False
        given = [*node.args, *(k.value for k in node.keywords)]
        if any(k.arg not in ("perm", "obj") for k in node.keywords) or not 1 <= len(given) <= 2:
            return False
        first, *rest = given
        return (
            isinstance(first, ast.Name)
            and first.id == self.permission
            and all(self.value(other) is None for other in rest)
        )
