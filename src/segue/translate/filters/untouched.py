"""FilterSets whose form or backend is the project's own: requests without any of their parameters need no translation.

``BaseFilterSet.filter_queryset`` goes over the form's cleaned values, and every filter gives the queryset back for an
empty one. So an overridden ``form`` that only takes fields out of the form, and a backend that only says otherwise
what an invalid form gives, change nothing for a request that has no parameter of the set.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import refuse
from segue.snapshot.model import FilterSet, Function
from segue.translate.context import Context
from segue.translate.filters.left import can_be_left, leave
from segue.translate.specialise.endpoint import Endpoint

_FRAMEWORK = ("django_filters.", "rest_framework.", "django.")


def leave_whole(endpoint: Endpoint, found: FilterSet, why: str) -> None:
    """Leave every request that has a parameter of ``found`` to Django. Raises ``Refused`` where that is not enough."""
    ctx = endpoint.ctx
    known = ctx.snapshot.classes.get(found.name)
    if found.error or (known is None and "." not in found.name):
        raise refuse("filterset", found.name, f"The FilterSet could not be built: {found.error}", found.where)
    for method, dotted in (known.methods if known is not None else {}).items():
        if dotted.startswith(_FRAMEWORK) or any(f.method == method for f in found.filters):
            continue
        function = ctx.snapshot.functions.get(dotted)
        if method in _DRIVERS and not (
            method == "form" and function is not None and only_drops(ctx, function)
        ):
            raise refuse(
                "filterset-override", dotted, "An overridden method of a FilterSet is not translated yet.",
                function.where if function else found.where,
            )  # fmt: skip
    meta = ctx.snapshot.classes.get(f"{found.name}.Meta")
    if meta is not None and "form" in meta.attributes:
        raise refuse("filterset", f"{found.name}.Meta.form", "It has a form class of its own.", found.where)
    reason = refuse("filterset", found.name, why, found.where).refusal
    for item in found.filters:
        if not can_be_left(ctx, item):
            raise refuse(
                "filter", f"{found.name.rpartition('.')[2]}.{item.name}",
                "Segue cannot tell that it does nothing without its parameter.", item.where or found.where,
            )  # fmt: skip
        leave(ctx, found, item, reason)


# Methods of a FilterSet that a request without parameters runs.
_DRIVERS = frozenset(
    {"__init__", "qs", "filter_queryset", "get_form_class", "form", "is_valid", "errors", "is_bound"}
)


def only_drops(ctx: Context, function: Function) -> bool:
    """Whether a ``form`` property gives ``super().form`` with fewer fields, and does nothing else."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if function.role not in ("property", "cached_property") or not isinstance(tree, ast.FunctionDef):
        return False
    return _drops(ctx, function, tree.body, [None])


def _drops(ctx: Context, function: Function, body: list[ast.stmt], form: list[str | None]) -> bool:
    """``form`` holds the local that the form is in, once it is."""
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=local)], value=value) if _super_form(value):
                form[0] = local
            case ast.Return(value=ast.Name(id=local)) if local == form[0]:
                pass
            case ast.If(test=test, body=inner, orelse=other):
                if not (_harmless(ctx, function, test) and _drops(ctx, function, [*inner, *other], form)):
                    return False
            case ast.For(target=ast.Name(), iter=over, body=inner, orelse=[]):
                if not (_harmless(ctx, function, over) and _drops(ctx, function, inner, form)):
                    return False
            case ast.Continue() | ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Delete(targets=[ast.Subscript(value=owner, slice=ast.Name() | ast.Constant())]):
                if form[0] is None or ast.unparse(owner) != f"{form[0]}.fields":
                    return False
            case _:
                return False
    return True


def _super_form(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "form"
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
    )


_TEXT = frozenset({"split", "lower", "upper", "strip", "startswith", "endswith", "get"})


def _harmless(ctx: Context, function: Function, node: ast.expr, depth: int = 0) -> bool:
    """Whether working it out changes nothing: names, attributes, comparisons and calls of functions that are so."""
    for part in ast.walk(node):
        if isinstance(part, ast.Await | ast.Yield | ast.NamedExpr | ast.Lambda | ast.YieldFrom):
            return False
        if not isinstance(part, ast.Call):
            continue
        text = ast.unparse(part.func)
        if text in ("getattr", "hasattr", "isinstance", "len", "bool", "str", "int", "tuple"):
            continue
        if isinstance(part.func, ast.Attribute) and part.func.attr in _TEXT:
            continue
        ref = function.globals.get(text)
        called = ctx.snapshot.functions.get(ref.name) if ref is not None else None
        if called is None or called.wrapped_by or depth > 2 or not _pure(ctx, called, depth + 1):
            return False
    return True


def _pure(ctx: Context, function: Function, depth: int) -> bool:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    pending = list(tree.body)
    while pending:
        match pending.pop():
            case ast.If(test=test, body=inner, orelse=other):
                if not _harmless(ctx, function, test, depth):
                    return False
                pending += [*inner, *other]
            case ast.Return(value=value):
                if value is not None and not _harmless(ctx, function, value, depth):
                    return False
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case _:
                return False
    return True


__all__ = ["leave_whole", "only_drops"]
