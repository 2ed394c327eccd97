"""``queryset.in_bulk(keys)``: the rows by their keys (``QuerySet.in_bulk``)."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, DictOf, Instance, ListOf, QuerySet
from segue.translate.load.fetch import fetch_all, site_of
from segue.translate.load.models import column_kind, concrete, field_of
from segue.translate.load.needs import column
from segue.translate.query.build import filtered, query_of
from segue.translate.query.where import Leaf, Node
from segue.translate.rules.registry import method


@method(QuerySet, "in_bulk")
def in_bulk(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``in_bulk([1, 2])``, ``in_bulk()``, ``in_bulk(labels, field_name="label")``."""
    call.only("id_list", "field_name", at_most=1)
    query = query_of(owner)
    if (
        query.sliced
        or query.values is not None
        or query.distinct
        or query.grouped
        or query.pending
        or query.many
    ):
        raise frame.refuse(
            "in-bulk",
            ast.unparse(call.node),
            "Of a sliced, distinct or joined query, or of values.",
            call.node,
        )
    named = call.kwargs.get("field_name", const("pk"))
    name = named.kind.value if isinstance(named.kind, Const) else None
    model = concrete(frame.ctx, query.model)
    item = field_of(model, name) if isinstance(name, str) else None
    if item is None or not (item.primary_key or item.unique) or item.relation is not None:
        raise frame.refuse(
            "in-bulk", ast.unparse(call.node), "Its field is no unique column that Segue knows.", call.node
        )
    given = call.argument(0, "id_list")
    if given is not None and not (isinstance(given.kind, Const) and given.kind.value is None):
        if not isinstance(given.kind, ListOf | Const):
            raise frame.refuse(
                "in-bulk", ast.unparse(call.node), "The keys are not known to be a list.", call.node
            )
        owner = filtered(frame, owner, Node("AND", (Leaf(f"{name}__in", given, call.node),)), call.node)
    site = site_of(frame, owner, at=call.node)
    column(frame.ctx, site, item.attname)
    rows = fetch_all(frame, owner, site, call.node)
    assert rows.node is not None
    assert isinstance(rows.kind, ListOf)
    made = ast.DictComp(
        ast.Attribute(ast.Name("row", ast.Load()), item.attname, ast.Load()),
        ast.Name("row", ast.Load()),
        [ast.comprehension(ast.Name("row", ast.Store()), rows.node, [], 0)],
    )
    assert isinstance(rows.kind.item, Instance)
    return Val(DictOf((), rows.kind.item, column_kind(frame.ctx, item)), made)
