"""Routes that Django never comes to, as a pattern before them matches their paths (``URLResolver.resolve`` takes the first).

``path("<str:pk>", …)`` before ``path("discounts", …)``: what the second one's view would answer is nobody's answer.
"""

from __future__ import annotations

import re
from itertools import product

from segue.refusal import Refusal
from segue.snapshot.model import PathParameter, Route
from segue.translate.context import Context

_UUID = "0f1e2d3c-4b5a-4678-9abc-def012345678"
# Arguments that differ in what converters and patterns ask of them. One route may match some of them and another the rest.
_ARGUMENTS = ("1", "20250", "a", "Ab-c_9", "x.y", "é ü", "a/b", "2025-01-31", "ab12cd34", _UUID)
_MOST = 64


def unreachable(ctx: Context, route: Route) -> Refusal | None:
    """Why no request comes to ``route``; None where one may."""
    paths = _paths(route)
    before = [r for r in _in_order(ctx) if r.order < route.order and r.id != route.id]
    hiding = [next((r for r in before if _matches(r.regex, path)), None) for path in paths]
    found = next((r for r in hiding if r is not None), None)
    if found is None or None in hiding:
        return None
    where = route.where or found.where
    why = f"Django never comes here: {found.path} stands before it and matches each path of it that Segue has tried."
    return Refusal("unreachable", route.path, why, where.file if where else "", where.line if where else 0)


def _in_order(ctx: Context) -> list[Route]:
    known = ctx.memo.get(("views", "in order"))
    if not isinstance(known, list):
        known = ctx.memo["views", "in order"] = sorted(ctx.snapshot.routes, key=lambda r: r.order)
    return known


def _paths(route: Route) -> list[str]:
    """Paths that ``route`` matches, with arguments of different kinds; none where it matches none of those tried."""
    choices = [_arguments(parameter) for parameter in route.parameters]
    out: list[str] = []
    for values in list(product(*choices))[:_MOST]:
        path = route.path
        for parameter, value in zip(route.parameters, values, strict=True):
            path = path.replace(f"{{{parameter.name}}}", value, 1)
        if _matches(route.regex, path):
            out.append(path)
    return out


def _arguments(parameter: PathParameter) -> list[str]:
    try:
        return [a for a in _ARGUMENTS if re.fullmatch(parameter.regex, a)]
    except re.error:
        return []


def _matches(regex: str, path: str) -> bool:
    try:
        return re.match(regex, path) is not None
    except re.error:
        return False


__all__ = ["unreachable"]
