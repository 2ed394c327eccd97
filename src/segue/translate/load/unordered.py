"""Lists without an order on SQLite: Django's SELECT of all columns walks the table, in the order of its integer key.

A SELECT of fewer columns may walk an index that holds all of them instead, in the index's order
(https://www.sqlite.org/optoverview.html#covering_indexes). So a bare list there says the order that it had.
"""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet
from segue.translate.load.models import concrete, pk_field, python_type


def as_the_table(frame: Frame, value: Val) -> Val:
    """``value`` ordered by its key where it is every row of a table in SQLite, in no order, and has another index."""
    from segue.translate.query.build import chain, model_queryset, root_of

    assert isinstance(value.kind, QuerySet)
    query = value.kind.query
    if query.order != "none" or query.sliced or query.annotations or query.values is not None:
        return value
    if frame.ctx.snapshot.settings.vendor != "sqlite" or not _has_index(frame, query.model):
        return value
    key = pk_field(frame.ctx, query.model)
    if python_type(frame.ctx, key) != "int" or key.relation is not None:
        return value
    if value.text != model_queryset(frame, query.model).text:
        return value
    column = ast.Attribute(root_of(frame, query.model), key.attname, ast.Load())
    return chain(value, "order_by", column, query=query.with_(order="done"))


def _has_index(frame: Frame, label: str) -> bool:
    model = concrete(frame.ctx, label)
    return bool(
        model.indexes
        or model.unique_together
        or model.index_together
        or any(c.kind == "unique" for c in model.constraints)
        or any((f.unique or f.db_index) and not f.primary_key for f in model.fields)
    )
