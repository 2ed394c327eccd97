"""Kinds of faults: which node of generated code has it, and what the node becomes."""

from __future__ import annotations

import ast
from collections.abc import Callable

Fits = Callable[[ast.AST, ast.stmt], bool]
Change = Callable[[ast.AST], ast.AST | None]

_FLIPPED: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Eq: ast.NotEq(), ast.NotEq: ast.Eq(), ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt(),
    ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In(),
}  # fmt: skip
_LIMITS = ("max_length", "min_length", "max_value", "min_value", "max_digits", "decimal_places", "places")


def _method(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _function(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _receiver(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    return node.func.value


def _argument(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    return node.args[0]


def _awaited(node: ast.AST) -> ast.AST | None:
    """The call of a statement that is nothing but an awaited call."""
    return node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Await) else None


def _renamed(node: ast.AST, name: str) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    node.func.attr = name
    return node


def _shown(node: ast.AST, stmt: ast.stmt) -> bool:
    """What a presenter returns."""
    return (
        isinstance(node, ast.Dict) and len(node.keys) > 1 and getattr(stmt, "name", "").startswith("present_")
    )


def _without_last(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    del node.keys[-1], node.values[-1]
    return node


def _first_renamed(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    key = node.keys[0]
    assert isinstance(key, ast.Constant)
    key.value = f"{key.value}_"
    return node


def _last_null(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    node.values[-1] = ast.Constant(None)
    return node


def _two_swapped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    node.values[0], node.values[1] = node.values[1], node.values[0]
    return node


def _in_where(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.Compare) and any(
        node in ast.walk(c) for c in ast.walk(stmt) if _method(c, "where")
    )


def _in_code(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.Compare) and not any(
        node in ast.walk(c)
        for c in ast.walk(stmt)
        if isinstance(c, ast.Call) and _method(c, "where", "join", "outerjoin")
    )


def _flipped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Compare)
    node.ops = [_FLIPPED[type(node.ops[0])]]
    return node


def _other_word(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.BoolOp)
    node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    return node


def _tested(node: ast.AST, value: bool) -> ast.AST:
    assert isinstance(node, ast.If)
    node.test = ast.Constant(value)
    return node


def _is_test(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef)


def _status(node: ast.AST, stmt: ast.stmt) -> bool:
    """A status that is answered; that of a decorator is only documented."""
    codes = (201, 202, 204, 400, 403, 404, 409)
    if not (isinstance(node, ast.Constant) and type(node.value) is int and node.value in codes):
        return False
    return not any(node in ast.walk(d) for d in getattr(stmt, "decorator_list", ()))


def _other_status(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Constant)
    node.value = 200 if node.value != 400 else 409
    return node


def _keyword(*names: str) -> Fits:
    return lambda n, s: isinstance(n, ast.Call) and any(k.arg in names for k in n.keywords)


def _without_keyword(*names: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Call)
        node.keywords = [k for k in node.keywords if k.arg not in names]
        return node

    return change


def _one_more(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    for keyword in node.keywords:
        if (
            keyword.arg in _LIMITS
            and isinstance(keyword.value, ast.Constant)
            and isinstance(keyword.value.value, int)
        ):
            keyword.value = ast.Constant(keyword.value.value + 1)
            break
    return node


def _has_limit(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.Call) and any(
        k.arg in _LIMITS and isinstance(k.value, ast.Constant) and type(k.value.value) is int
        for k in node.keywords
    )


def _optional(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Name) and node.value.id == "UNSET"


def _required(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.AnnAssign)
    node.value = None
    return node


def _made_optional(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.AnnAssign)
    node.value = ast.Name("UNSET", ast.Load())
    return node


def _input(node: ast.AST, stmt: ast.stmt) -> bool:
    bases = [ast.unparse(b) for b in getattr(stmt, "bases", ())]
    return isinstance(node, ast.AnnAssign) and node.value is None and "WriteModel" in bases


def _number(node: ast.AST, stmt: ast.stmt) -> bool:
    """A page size, or the length of a slice (21 is the guard of ``get()``)."""
    return (
        isinstance(node, ast.Constant) and type(node.value) is int and 2 <= node.value <= 120 and node.value != 21
        and (isinstance(stmt, ast.Assign) or any(node in c.args for c in ast.walk(stmt) if _method(c, "limit") and isinstance(c, ast.Call)))
    )  # fmt: skip


def _plus_one(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Constant)
    node.value += 1  # type: ignore[operator]
    return node


def _text(node: ast.AST, stmt: ast.stmt) -> bool:
    """A text that is told to the client: in an answer or an error."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value and node.value.endswith(".") and not any(
        isinstance(e, ast.Expr) and e.value is node for e in ast.walk(stmt)
    )  # fmt: skip


def _other_text(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Constant)
    node.value = f"{node.value}!"
    return node


def _pass(node: ast.AST) -> ast.AST:
    return ast.Pass()


KINDS: list[tuple[str, Fits, Change]] = [
    ("permission dropped", lambda n, s: isinstance(n, ast.Expr) and _method(n.value, "require"), _pass),
    ("authentication dropped", _keyword("authentication"), _without_keyword("authentication")),
    ("filter dropped", lambda n, s: _method(n, "where"), _receiver),
    ("filter turned round", _in_where, _flipped),
    ("order dropped", lambda n, s: _method(n, "order_by") and bool(getattr(n, "args", ())), _receiver),
    ("order turned round", lambda n, s: _method(n, "desc"), _receiver),
    ("duplicates kept", lambda n, s: _method(n, "distinct"), _receiver),
    ("comparison turned round", _in_code, _flipped),
    ("condition always true", _is_test, lambda n: _tested(n, True)),
    ("condition always false", _is_test, lambda n: _tested(n, False)),
    ("and for or", lambda n, s: isinstance(n, ast.BoolOp), _other_word),
    ("not dropped", lambda n, s: isinstance(n, ast.UnaryOp) and isinstance(n.op, ast.Not), lambda n: n.operand),  # type: ignore[attr-defined]
    ("not dropped in a query", lambda n, s: _function(n, "not_"), _argument),
    ("wrong status", _status, _other_status),
    ("created told as found", lambda n, s: _method(n, "created"), lambda n: _renamed(n, "reply")),
    ("lost write", lambda n, s: (c := _awaited(n)) is not None and _method(c, "insert", "update", "delete", "save", "add"), _pass),
    ("lost step", lambda n, s: (c := _awaited(n)) is not None and isinstance(c, ast.Call) and isinstance(c.func, ast.Name), _pass),
    ("lost assignment", lambda n, s: isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Attribute), _pass),
    ("field dropped", _shown, _without_last),
    ("field renamed", _shown, _first_renamed),
    ("field null", _shown, _last_null),
    ("fields mixed up", _shown, _two_swapped),
    ("validation dropped", lambda n, s: isinstance(n, ast.Expr) and _method(n.value, "raise_invalid"), _pass),
    ("limit off by one", _has_limit, _one_more),
    ("optional input required", _optional, _required),
    ("required input optional", _input, _made_optional),
    ("null refused", _keyword("null"), _without_keyword("null")),
    ("blank refused", _keyword("blank"), _without_keyword("blank")),
    ("partial forgotten", _keyword("partial"), _without_keyword("partial")),
    ("throttle dropped", _keyword("throttles"), _without_keyword("throttles")),
    ("size off by one", _number, _plus_one),
    ("other text", _text, _other_text),
]  # fmt: skip
