"""Lists without an order. On SQLite: Django's SELECT of all columns walks the table, in the order of its integer key.

A SELECT of fewer columns may walk an index that holds all of them instead, in the index's order
(https://www.sqlite.org/optoverview.html#covering_indexes). So a bare list there says the order that it had. On PostgreSQL: see :func:`joins_more`.
"""

from __future__ import annotations

import ast

from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet
from segue.translate.load.models import concrete, pk_field, python_type
from segue.translate.needs import Needs
from segue.translate.query.ir import Query


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


def in_no_order(query: Query) -> bool:
    """Whether the database is free to give the rows of ``query`` in any order."""
    return query.open_order and not query.sliced and not any(a.aggregate for a in query.annotations)


def joins_more(ctx: Context, needs: Needs) -> bool:
    """Whether rows in no order are joined to others that Django asks for one by one, on PostgreSQL: it walks either table, or
    a hash of one, so that the order of the one table, which Django's clients see, is lost."""
    return (
        ctx.snapshot.settings.vendor == "postgresql"
        and needs.unordered
        and not needs.firsts
        and any(
            name not in {p.partition("__")[0] for p in needs.selected}
            for name, child in needs.one.items()
            if not child.late
        )
    )


def _has_index(frame: Frame, label: str) -> bool:
    model = concrete(frame.ctx, label)
    return bool(
        model.indexes
        or model.unique_together
        or model.index_together
        or any(c.kind == "unique" for c in model.constraints)
        or any((f.unique or f.db_index) and not f.primary_key for f in model.fields)
    )
