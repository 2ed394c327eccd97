"""Query parameters that a path operation function reads, for OpenAPI: filters, search, ordering, pages."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from segue.translate.context import Context
from segue.translate.finishing.program import FunctionNode, Place, function_of, resolve
from segue.translate.trees import nodes

# Readers of segue_bridge.filters.forms.FilterForm: the JSON Schema type and format of what they take.
_READERS = {
    "text": ("string", ""),
    "choice": ("string", ""),
    "number": ("number", ""),
    "integer": ("integer", ""),
    "boolean": ("boolean", ""),
    "date": ("string", "date"),
    "datetime": ("string", "date-time"),
    "iso_datetime": ("string", "date-time"),
    "time": ("string", "time"),
    "duration": ("string", ""),
    "uuid": ("string", "uuid"),
    "multiple_choice": ("string", ""),
}


@dataclass(slots=True)
class Parameters:
    """``own`` are ``query(...)`` calls by name, ``pages`` the paginator's constant."""

    named: dict[str, str] = field(default_factory=dict)
    pages: str = ""

    @property
    def own(self) -> list[str]:
        return list(self.named.values())

    def __bool__(self) -> bool:
        return bool(self.named or self.pages)


def parameters_of(ctx: Context, place: Place, function: FunctionNode) -> Parameters:
    """What lists read of the query. Look-ups of one object run the same filters; nobody filters there."""
    return Parameters() if _looks_up(function) else _all(ctx, place, function)


def refuses_filters(ctx: Context, place: Place, function: FunctionNode) -> bool:
    """Whether a look-up of one object reads filters, and so may answer 400 to their values."""
    return _looks_up(function) and bool(_all(ctx, place, function))


def _looks_up(function: FunctionNode) -> bool:
    calls = (n for n in nodes(function) if isinstance(n, ast.Call))
    return any(isinstance(c.func, ast.Name) and c.func.id == "found" for c in calls)


def _all(ctx: Context, place: Place, function: FunctionNode) -> Parameters:
    out = Parameters()
    for node in _in_order(function):
        if isinstance(node, ast.Call):
            _read(ctx, place, node, out)
    return out


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _read(ctx: Context, place: Place, call: ast.Call, out: Parameters) -> None:
    if isinstance(call.func, ast.Name):
        _read_function(ctx, place, call, call.func.id, out)
        return
    if not isinstance(call.func, ast.Attribute):
        return
    owner, method = ast.unparse(call.func.value), call.func.attr
    if method == "page" and owner.endswith("_PAGES"):
        out.pages = owner
    elif method == "narrow":
        name = _keyword(call, "param") or "search"
        out.named.setdefault(name, f'query({name!r}, description="A search term.")')
    elif owner == "form" and method == "ordering":
        _ordered(call, out)
    elif owner == "form" and method in _READERS:
        _form(call, method, out)
    elif owner == "call.query" and method in ("get", "getlist"):
        _plain(call, out, many=method == "getlist")


def _read_function(ctx: Context, place: Place, call: ast.Call, name: str, out: Parameters) -> None:
    if name == "ordering" and len(call.args) >= 3:
        param = _keyword(call, "param") or "ordering"
        out.named.setdefault(param, f"query({param!r}{_orders(call.args[2])})")
    elif name == "find_choice" and len(call.args) >= 3 and isinstance(call.args[2], ast.Constant):
        key = str(call.args[2].value)
        out.named.setdefault(key, f'query({key!r}, description="The key of a row.")')
    elif any(ast.unparse(argument) == "call.query" for argument in call.args):
        found = resolve(ctx, place, name)
        function = function_of(found.decl.code) if found is not None else None
        for node in _in_order(function) if function is not None else ():
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func.value) == "query"
                and node.func.attr in ("get", "getlist")
            ):
                _plain(node, out, many=node.func.attr == "getlist")


def _ordered(call: ast.Call, out: Parameters) -> None:
    """``form.ordering("order", {"name": ...})``: an ``OrderingFilter`` of a FilterSet."""
    if len(call.args) > 1 and isinstance(call.args[0], ast.Constant) and isinstance(call.args[1], ast.Dict):
        name = str(call.args[0].value)
        out.named.setdefault(name, f"query({name!r}{_orders(call.args[1])})")


def _orders(allowed: ast.expr) -> str:
    keys = allowed.keys if isinstance(allowed, ast.Dict) else []
    names = [k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
    both = ", ".join(sign + name for name in names for sign in ("", "-"))
    return f', description="Order of the results; several may be given, with commas: {both}."' if both else ""


def _form(call: ast.Call, method: str, out: Parameters) -> None:
    if not call.args or not isinstance(call.args[0], ast.Constant):
        return
    name = str(call.args[0].value)
    kind, shape = _READERS[method]
    parts = [repr(name)]
    if kind != "string":
        parts.append(repr(kind))
    if shape:
        parts.append(f"format={shape!r}")
    if method in ("choice", "multiple_choice") and len(call.args) > 1 and isinstance(call.args[1], ast.Tuple):
        parts.append(f"enum={ast.unparse(call.args[1])}")
    if method == "multiple_choice":
        parts.append("many=True")
    out.named.setdefault(name, f"query({', '.join(parts)})")


def _plain(call: ast.Call, out: Parameters, *, many: bool) -> None:
    if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        name = call.args[0].value
        out.named.setdefault(name, f"query({name!r}{', many=True' if many else ''})")


def _keyword(call: ast.Call, name: str) -> str:
    found = next((k.value for k in call.keywords if k.arg == name), None)
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""
