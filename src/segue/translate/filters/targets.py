"""What a filter's ``field_name`` ends in."""

from __future__ import annotations

from segue.translate.context import Context
from segue.translate.load.models import field_of, pk_field, python_type


def column_type(ctx: Context, model: str, path: str) -> str:
    """Python type of the column behind ``path`` (``author__id`` …); '' when it cannot be followed."""
    current = model
    kind = ""
    for part in path.split("__"):
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
