"""Kinds of faults that explore was never tuned on: headers, effects, permissions, queries and code."""

from __future__ import annotations

import ast

from bench.faults.kinds import Change, Fits

_GUARDS = ("is_staff", "is_staff_or_read_only", "is_editor", "is_superuser", "has_permission", "is_authenticated_or_read_only")  # fmt: skip


def _call(node: ast.AST, *names: str) -> bool:
    """A call of one of these functions, or of methods when they begin with a dot."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return f".{node.func.attr}" in names
    return isinstance(node.func, ast.Name) and node.func.id in names


def _keyword(node: ast.AST, name: str) -> ast.keyword | None:
    found = [k for k in node.keywords if k.arg == name] if isinstance(node, ast.Call) else []
    return found[0] if found else None


def _methods(node: ast.AST, stmt: ast.stmt) -> bool:
    given = _keyword(node, "methods") if _call(node, "Resource") else None
    return given is not None and isinstance(given.value, ast.Tuple) and len(given.value.elts) > 1


def _method_lost(node: ast.AST) -> ast.AST:
    given = _keyword(node, "methods")
    assert given is not None
    assert isinstance(given.value, ast.Tuple)
    del given.value.elts[-1]
    return node


def _without(name: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Call)
        node.keywords = [k for k in node.keywords if k.arg != name]
        return node

    return change


def _headers(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Dict)
        and isinstance(stmt, ast.Assign)
        and ast.unparse(stmt.targets[0]) == "HEADERS"
    )


def _first_header_lost(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    del node.keys[0], node.values[0]
    return node


def _last_header_changed(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    node.values[-1] = ast.Constant("other")
    return node


def _authenticators(node: ast.AST, stmt: ast.stmt) -> bool:
    return _call(node, "Authentication") and isinstance(node, ast.Call) and bool(node.args)


def _swapped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    node.args[:2] = node.args[1::-1]
    return node


def _first_lost(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    del node.args[0]
    return node


def _last_lost(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    del node.args[-1]
    return node


def _reads(node: ast.AST, stmt: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Await) else None
    named = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    return named and ast.unparse(call.func).rstrip("_0123456789").endswith(("_rows", "_entities"))  # type: ignore[union-attr]


def _twice(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Await)
    return ast.Subscript(ast.Tuple([node, node], ast.Load()), ast.Constant(1), ast.Load())


def _on_delete(*values: str) -> Fits:
    def fits(node: ast.AST, stmt: ast.stmt) -> bool:
        if not isinstance(node, ast.Dict):
            return False
        return any(
            isinstance(k, ast.Constant)
            and k.value == "on_delete"
            and isinstance(v, ast.Constant)
            and v.value in values
            for k, v in zip(node.keys, node.values, strict=True)
        )

    return fits


def _deletes(value: str) -> Change:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Dict)
        for number, key in enumerate(node.keys):
            if isinstance(key, ast.Constant) and key.value == "on_delete":
                node.values[number] = ast.Constant(value)
        return node

    return change


def _required(node: ast.AST, stmt: ast.stmt) -> bool:
    return _call(node, ".require")


def _turned(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    node.args[0] = ast.UnaryOp(ast.Not(), node.args[0])
    return node


def _named_authenticated(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    return ast.Call(ast.Name("bool", ast.Load()), [ast.Constant(1)], [])


def _of_user(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.Compare) and any(
        isinstance(n, ast.Attribute) and n.attr == "id" and "user" in ast.unparse(n.value).split(".")[-1:]
        for n in [node.left, *node.comparators]
    )


def _where_argument(node: ast.AST, stmt: ast.stmt) -> bool:
    return _call(node, ".where") and isinstance(node, ast.Call) and len(node.args) > 1


def _stored(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Attribute)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str | bool)
    )


def _other_stored(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Assign)
    assert isinstance(node.value, ast.Constant)
    old = node.value.value
    node.value = ast.Constant(not old if isinstance(old, bool) else f"{old}x")
    return node


def _few_columns(node: ast.AST, stmt: ast.stmt) -> bool:
    """Several columns are named; without the only one all would be written, which is the same."""
    return _call(node, ".update") and isinstance(node, ast.Call) and len(node.args) > 2 and isinstance(
        node.args[-1], ast.Constant
    )  # fmt: skip


def _arithmetic(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult)


def _other_operator(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.BinOp)
    node.op = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    return node


def _query_key(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        _call(node, ".get", ".getlist", ".text")
        and isinstance(node, ast.Call)
        and "query" in ast.unparse(node.func)
        and bool(node.args)
        and isinstance(node.args[0], ast.Constant)
    )


def _key_renamed(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    key = node.args[0]
    assert isinstance(key, ast.Constant)
    node.args[0] = ast.Constant(f"{key.value}x")
    return node


def _limited(node: ast.AST, stmt: ast.stmt) -> bool:
    if not (_call(node, ".limit") and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant)):
        return False
    return node.args[0].value not in (1, 21)  # those only guard a look-up by key


def _receiver(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    return node.func.value


def _inner(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    node.func.attr = "join"
    return node


def _named(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        _call(node, "found", "only")
        and isinstance(node, ast.Call)
        and isinstance(node.args[-1], ast.Constant)
    )


def _other_name(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    node.args[-1] = ast.Constant("Thing")
    return node


def _raises(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.Raise)


def _choices(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Tuple) and isinstance(stmt, ast.Assign) and stmt.value is node and len(node.elts) > 1
        and all(isinstance(e, ast.Tuple) for e in node.elts)
    )  # fmt: skip


def _element_lost(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Tuple)
    del node.elts[-1]
    return node


def _paging(node: ast.AST, stmt: ast.stmt) -> bool:
    return (
        _call(node, "PageNumber", "LimitOffset", "Cursor")
        and isinstance(node, ast.Call)
        and bool(node.keywords)
    )


def _other_form(node: ast.AST, stmt: ast.stmt) -> bool:
    """A dictionary of an answer that no presenter makes."""
    return isinstance(node, ast.Dict) and any(
        node in ast.walk(c) for c in ast.walk(stmt) if _call(c, ".reply") and c is not node
    )


def _key_lost(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    del node.keys[0], node.values[0]
    return node


def _fallback(node: ast.AST, stmt: ast.stmt) -> bool:
    return isinstance(node, ast.IfExp)


def _other_branch(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.IfExp)
    node.body, node.orelse = node.orelse, node.body
    return node


def _related(node: ast.AST, stmt: ast.stmt) -> bool:
    """An attribute of the presented object that another one could be taken for."""
    return (
        isinstance(node, ast.Dict) and getattr(stmt, "name", "").startswith("present_") and len(node.keys) > 2
    )


def _last_two_swapped(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Dict)
    node.values[-1], node.values[-2] = node.values[-2], node.values[-1]
    return node


def _pass(node: ast.AST) -> ast.AST:
    return ast.Pass()


def _is(*names: str) -> Fits:
    return lambda node, stmt: _call(node, *names)


FRESH: list[tuple[str, Fits, Change]] = [
    ("header: allowed method lost", _methods, _method_lost),
    ("header: Vary on Accept lost", lambda n, s: _call(n, "Resource") and _keyword(n, "browsable") is not None, _without("browsable")),
    ("header: security header lost", _headers, _first_header_lost),
    ("header: security header changed", _headers, _last_header_changed),
    ("header: authenticators swapped", lambda n, s: _authenticators(n, s) and len(n.args) > 1, _swapped),  # type: ignore[attr-defined]
    ("header: renderer lost", lambda n, s: _call(n, "Resource") and _keyword(n, "render") is not None, _without("render")),
    ("permission: authenticator lost", _authenticators, _first_lost),
    ("permission: turned round", _required, _turned),
    ("permission: everybody may", _is(*_GUARDS), _named_authenticated),
    ("permission: every user is the owner", _of_user, lambda n: ast.Constant(True)),
    ("effect: deletes what should be kept", _on_delete("SET_NULL", "PROTECT"), _deletes("CASCADE")),
    ("effect: keeps what should be deleted", _on_delete("CASCADE"), _deletes("SET_NULL")),
    ("effect: other value stored", _stored, _other_stored),
    ("effect: column not stored", _few_columns, _last_lost),
    ("query: sent twice", _reads, _twice),
    ("query: one condition lost", _where_argument, _last_lost),
    ("query: limit lost", _limited, _receiver),
    ("query: outer join made inner", _is(".outerjoin"), _inner),
    ("code: other operator", _arithmetic, _other_operator),
    ("code: parameter renamed", _query_key, _key_renamed),
    ("code: error names another model", _named, _other_name),
    ("code: error not raised", _raises, _pass),
    ("code: choice lost", _choices, _element_lost),
    ("code: page setting lost", _paging, lambda n: _without(n.keywords[-1].arg)(n)),  # type: ignore[attr-defined]
    ("code: key of an answer lost", _other_form, _key_lost),
    ("code: branches swapped", _fallback, _other_branch),
    ("code: last fields mixed up", _related, _last_two_swapped),
]  # fmt: skip
