"""``QuerySet.aggregate(...)``: one SELECT of aggregates over the rows."""

from __future__ import annotations

import ast

from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import DictOf, Expr, Kind, QuerySet
from segue.translate.query.build import commit, query_of
from segue.translate.query.composed import Aggregate
from segue.translate.query.grouping import selecting
from segue.translate.query.ir import Column
from segue.translate.rules.registry import method


@method(QuerySet, "aggregate")
def aggregate(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``aggregate(total=Sum("x"))``: columns over to-many relations join them, as ``Query.get_aggregation`` does."""
    value = commit(frame, owner)
    query = query_of(value)
    problem = next(
        (
            text
            for text, found in (
                ("An aggregate over a sliced query.", query.sliced),
                ("An aggregate after distinct(fields).", query.first_of),
                ("An aggregate over windows.", any(a.window for a in (*query.annotations, *query.hidden))),
                ("An aggregate over values.", query.values is not None),
                ("An aggregate over a query that is locked or combined.", query.locked or query.compound),
                ("An aggregate over rows that repeat after distinct().", query.distinct and query.many),
                (
                    "An aggregate over aggregates.",
                    any(a.aggregate for a in (*query.annotations, *query.hidden)),
                ),
            )
            if found
        ),
        None,
    )
    if problem is not None or query.maybe_distinct:
        raise frame.refuse(
            "aggregate",
            ast.unparse(call.node),
            problem or "distinct() was called on one way here.",
            call.node,
        )
    given: dict[str, Val] = {}
    for positional in call.args:
        if not isinstance(positional.kind, Expr) or not positional.kind.build.default_alias:
            raise frame.refuse("aggregate", ast.unparse(call.node), "The aggregate has no name.", call.node)
        given[positional.kind.build.default_alias] = positional
    given.update(call.kwargs)
    _no_alias_hides(frame, call)
    columns: list[Column] = []
    for key, item in given.items():
        built = item.kind.build if isinstance(item.kind, Expr) else None
        if not isinstance(built, Aggregate) or built.grouped is None:
            raise frame.refuse(
                "aggregate", ast.unparse(call.node), f"{key} is no aggregate that Segue knows.", call.node
            )
        value, node, kind = built.grouped(frame, value)
        columns.append(Column(key, ast.unparse(node), kind, True))
    if query.distinct and len(query_of(value).joins) > len(query.joins):
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate over a relation of distinct rows.", call.node
        )
    cleared = selecting(frame, value, columns).node
    assert cleared is not None
    kinds: list[tuple[str, Kind]] = [(c.name, c.kind) for c in columns]
    row = quote("await {0}({1}, {2})", frame.imported("segue_bridge.db.totals", "totals"), frame.db, cleared)
    if len(columns) == 1:
        single = ast.Dict([ast.Constant(kinds[0][0])], [quote("({0})[0]", row)])
        if frame.no_hoist:
            return Val(DictOf(tuple(kinds)), single)
        text, imports = annotation(frame.ctx, DictOf(tuple(kinds)))
        frame.use(*imports)
        return Val(DictOf(tuple(kinds)), frame.hoist("totals", single, call.node, text))
    local = frame.hoist("totals", row, call.node)
    parts = ast.Dict(
        [ast.Constant(k) for k, _ in kinds],
        [ast.Subscript(local, ast.Constant(i), ast.Load()) for i in range(len(kinds))],
    )
    return Val(DictOf(tuple(kinds)), parts)


def _no_alias_hides(frame: Frame, call: CallSite) -> None:
    """Refuse ``aggregate(price=Sum("price"), mean=Avg("price"))``: to Django the second is an aggregate of the first."""
    before: set[str] = set()
    for keyword in call.node.keywords:
        words = {str(n.value) for n in ast.walk(keyword.value) if isinstance(n, ast.Constant)}
        words |= {n.arg for n in ast.walk(keyword.value) if isinstance(n, ast.keyword) and n.arg}
        if before & {word.split("__")[0] for word in words}:
            raise frame.refuse(
                "aggregate",
                ast.unparse(call.node),
                "It names what an earlier one of them is called.",
                call.node,
            )
        before.add(keyword.arg or "")
