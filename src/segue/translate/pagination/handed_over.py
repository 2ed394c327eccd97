"""Paginators that hand requests with certain query parameters over to another: ``if self.is_limit_offset: return self.other.…``.

Requests that have all these parameters are left to Django; for the others the class does what DRF's own does.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refusal
from segue.snapshot.model import Class, Function
from segue.translate.filters.left import leave_parameter
from segue.translate.specialise.endpoint import Endpoint

_GIVEN = {
    "paginate_queryset": "super().paginate_queryset(queryset, request, view=view)",
    "get_paginated_response": "super().get_paginated_response(data)",
}
_SIGNATURES = {
    "paginate_queryset": "self, queryset, request, view=None",
    "get_paginated_response": "self, data",
}
# DRF's have none of these: what they do is done before, or to everything that is asked.
_MAKING = frozenset(
    {"__init__", "__new__", "__getattribute__", "__getattr__", "__setattr__", "__init_subclass__"}
)
_QUERIES = ("self.request.GET", "self.request.query_params")


def hands_over(endpoint: Endpoint, known: Class, base: str) -> bool:
    """Whether every method of the project's own only hands requests over; notes which those are, then."""
    functions = endpoint.ctx.snapshot.functions
    original = endpoint.ctx.snapshot.classes.get(base)
    own = {name: dotted for name, dotted in known.methods.items() if not dotted.startswith("rest_framework.")}
    if original is None or "paginate_queryset" not in own or _MAKING & set(own):
        return False
    asked: set[str] = set()
    for name, dotted in own.items():
        if name not in original.methods and name not in original.attributes:
            continue  # nothing of DRF's asks for it
        function = functions.get(dotted)
        attribute = _asks(function, name) if function is not None and name in _GIVEN else ""
        if not attribute:
            return False
        asked.add(attribute)
    if len(asked) != 1:
        return False
    condition = functions.get(own.get(next(iter(asked)), ""))
    parameters = _parameters(condition) if condition is not None else []
    if condition is None or not parameters:
        return False
    why = f"{known.name.rpartition('.')[2]} hands it over to another paginator."
    reason = Refusal("pagination", condition.name, why, condition.where.file, condition.where.line)
    leave_parameter(endpoint.ctx, endpoint.cls, "&".join(parameters), reason)
    return True


def _tree(function: Function) -> ast.FunctionDef | None:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    return tree if isinstance(tree, ast.FunctionDef) else None


def _body(tree: ast.FunctionDef) -> list[ast.stmt]:
    return tree.body[1:] if ast.get_docstring(tree) is not None else tree.body


def _asks(function: Function, name: str) -> str:
    """The property that decides; '' for a method that does anything else."""
    tree = _tree(function)
    if tree is None or tree.decorator_list or ast.unparse(tree.args) != _SIGNATURES[name]:
        return ""
    body = _body(tree)
    if body and ast.unparse(body[0]) == "self.request = request":
        body = body[1:]
    match body:
        case [ast.If(ast.Attribute(ast.Name("self"), asked), [*_, ast.Return()], []), ast.Return(value)] if (
            value
        ):
            return asked if ast.unparse(value) == _GIVEN[name] else ""
    return ""


def _parameters(condition: Function) -> list[str]:
    """The query parameters that must all be there, for ``return self.request.GET.get("a") and self.request.GET.get("b")``."""
    tree = _tree(condition)
    if tree is None or condition.role not in ("property", "cached_property"):
        return []
    match _body(tree):
        case [ast.Return(ast.BoolOp(ast.And(), parts))]:
            asked = parts
        case [ast.Return(ast.Call() as only)]:
            asked = [only]
        case _:
            return []
    found = []
    for part in asked:
        match part:
            case ast.Call(ast.Attribute(query, "get"), [ast.Constant(str() as name)], []) if (
                ast.unparse(query) in _QUERIES
            ):
                found.append(name)
            case _:
                return []
    return found if all(name and "&" not in name for name in found) else []


__all__ = ["hands_over"]
