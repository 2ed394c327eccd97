"""``queryset.dates("published", "year")``, ``datetimes("created", "month")``: each period once (``QuerySet.dates``)."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import Const, QuerySet, Scalar
from segue.translate.query.build import chain, commit, filtered, query_of, root_of
from segue.translate.query.ir import Column
from segue.translate.query.where import Leaf, Node
from segue.translate.rules.date_functions import cut
from segue.translate.rules.registry import method
from segue.translate.rules.time_zones import zone_of

_KINDS = {
    "dates": ("year", "month", "week", "day"),
    "datetimes": ("year", "month", "week", "day", "hour", "minute", "second"),
}


@method(QuerySet, "dates", "datetimes")
def dates(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The first day, or moment, of each period that a row lies in."""
    zone = None
    if call.name == "datetimes":
        call, zone = zone_of(frame, call)
    call.only("field_name", "kind", "order", at_most=3)
    words = []
    for index, (key, default) in enumerate((("field_name", None), ("kind", None), ("order", "ASC"))):
        given = call.argument(index, key)
        words.append(
            default if given is None else given.kind.value if isinstance(given.kind, Const) else None
        )
    field, unit, order = words
    query = query_of(owner)
    if (
        not isinstance(field, str)
        or "__" in field
        or unit not in _KINDS[call.name]
        or order not in ("ASC", "DESC")
    ):
        raise frame.refuse(
            "dates", ast.unparse(call.node), "Its arguments are not words that Segue knows.", call.node
        )
    if query.sliced or query.values is not None or query.annotations or query.hidden or query.distinct:
        raise frame.refuse(
            "dates",
            ast.unparse(call.node),
            "Of a sliced or distinct query, or one with columns of its own.",
            call.node,
        )
    there = Leaf(f"{field}__isnull", const(False), call.node)
    value = commit(frame, filtered(frame, owner, Node("AND", (there,)), call.node), distinct=True)
    query = query_of(value)
    if query.many:
        raise frame.refuse("dates", ast.unparse(call.node), "Of a query that joins.", call.node)
    to = "date" if call.name == "dates" else "datetime"
    cutting = cut(const(field), str(unit), call.node, zone, to=to)
    node, kind = cutting.render(frame, query, root_of(frame, query.model))
    assert isinstance(kind, Scalar)
    kind = replace(kind, nullable=False)
    if query.order == "done":
        value = chain(value, "order_by", name("None"), query=query)
    columns = (Column("datefield", ast.unparse(node), kind),)
    made = query.with_(
        values="flat", columns=columns, distinct=True, order="done", terms=(), flip=False, meta_written=False
    )
    value = chain(value, "with_only_columns", node, query=made)
    value = chain(value, "distinct", query=made)
    return chain(value, "order_by", quote("{0}.desc()" if order == "DESC" else "{0}", node), query=made)
