"""What a filter's ``field_name`` ends in."""

from __future__ import annotations

from segue.translate.context import Context
from segue.translate.load.models import field_of, pk_field, python_type
from segue.translate.query.paths import TRANSFORMS

_DATED = {"date": "date", "time": "time"}


def compared_type(ctx: Context, model: str, path: str, lookup: str) -> str:
    """Python type that a filter's value meets: that of the column, or of the parts taken from it (``day__gte``)."""
    return column_type(ctx, model, "__".join([path, *(p for p in lookup.split("__") if p in TRANSFORMS)]))


def column_type(ctx: Context, model: str, path: str) -> str:
    """Python type of the column behind ``path`` (``author__id`` …); '' when it cannot be followed."""
    current = model
    kind = ""
    for part in path.split("__"):
        if part in TRANSFORMS and kind in ("date", "datetime", "time"):
            kind = _DATED.get(part, "int")
            continue
        found = pk_field(ctx, current) if part == "pk" else field_of(ctx.model(current), part)
        if found is None:
            reverse = next(
                (r for r in ctx.model(current).reverse if part in (r.query_name, r.accessor)), None
            )
            if reverse is None:
                return ""
            current = reverse.model
            kind = python_type(ctx, pk_field(ctx, current))
            continue
        if found.relation is not None:
            current = found.relation.to
            kind = python_type(ctx, pk_field(ctx, current))
        else:
            kind = python_type(ctx, found)
    return kind
