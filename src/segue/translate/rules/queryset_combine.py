"""``queryset | queryset`` and ``&``.

Source: ``QuerySet.__or__``, ``QuerySet.__and__``, ``Query.combine``: the conditions of both; of ``|`` one join over a to-many
relation serves both sides; the order is the second's where it has one, everything else is the first's.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import QuerySet
from segue.translate.query.build import filtered, model_queryset, query_of
from segue.translate.query.ir import Query
from segue.translate.query.where import Leaf, Node, Raw


def combine(frame: Frame, op: ast.operator, a: Val, b: Val, node: ast.expr) -> Val:
    """The rows of either, or of both."""
    if not isinstance(op, ast.BitAnd | ast.BitOr):
        raise frame.refuse("queryset-operator", ast.unparse(node), "Only | and & combine querysets.", node)
    if isinstance(op, ast.BitOr):
        for one, other in ((a, b), (b, a)):
            if is_none(one):
                return other
    mine, theirs = query_of(a), query_of(b)
    if mine.known != theirs.known:
        mine, theirs = replace(mine, known=()), replace(theirs, known=())
        a, b = Val(QuerySet(mine), a.node), Val(QuerySet(theirs), b.node)
    inline = not any("join(" in side.text or isinstance(side.node, ast.Name) for side in (a, b))
    problem = _problem(mine, theirs, isinstance(op, ast.BitOr), inline)
    if problem:
        raise frame.refuse("queryset-operator", ast.unparse(node), problem, node)
    ordered = b if theirs.order in ("terms", "done") and not theirs.meta_written else a
    if mine.pending or theirs.pending:
        return _as_one_condition(frame, op, a, b, ordered, node)
    first, second = (b, a) if ordered is b else (a, b)
    assert first.node is not None
    assert second.node is not None
    helper = frame.imported("segue_bridge.db.combined", "either" if isinstance(op, ast.BitOr) else "both")
    order = query_of(first)
    made = mine.with_(
        order=order.order,
        terms=order.terms,
        meta_written=order.meta_written,
        crossed=mine.crossed or theirs.crossed,
        crossing="",
    )
    return Val(QuerySet(made), quote("{0}({1}, {2})", helper, first.node, second.node))


def is_none(value: Val) -> bool:
    """Whether this is ``Model.objects.none()``, written here: ``|`` gives the other side as it is."""
    if value.node is None:
        return False
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "false" and not part.args
        for part in ast.walk(value.node)
        if isinstance(part, ast.Call)
    ) and ast.unparse(value.node).endswith(".where(false())")  # fmt: skip


def _problem(mine: Query, theirs: Query, either: bool, inline: bool) -> str:
    if mine.model != theirs.model:
        return "They are of two models."
    if {item for item in mine.prefetch if item.own} != {item for item in theirs.prefetch if item.own}:
        return "They prefetch different rows."
    for query in (mine, theirs):
        if query.values is not None or query.annotations or query.hidden or query.grouped:
            return "One of them has columns of its own."
        if query.sliced or query.locked or query.compound:
            return "One of them is sliced, locked or combined already."
        if query.flip or query.maybe_distinct or query.joins:
            return (
                "One of them is reversed, or distinct on one way and not on another, or joins for its order."
            )
        if query.many:
            return "One of them joins a relation that repeats rows."
        if query.crossed and not query.pending and (either or not inline):
            return "Django joins a to-many relation for both sides, which repeats rows."
    if mine.distinct != theirs.distinct:
        return "Django raises TypeError: one of them is distinct."
    return ""


def _as_one_condition(frame: Frame, op: ast.operator, a: Val, b: Val, ordered: Val, node: ast.expr) -> Val:
    """Conditions over to-many relations that are not written yet: those of both as one ``filter()`` for ``|``, as two for ``&``."""
    mine = query_of(a)
    base = model_queryset(frame, mine.model, node)
    order = query_of(ordered)
    if order.order == "done" or mine.distinct:
        raise frame.refuse(
            "queryset-operator", ast.unparse(node), "The order of one is written already.", node
        )
    query = mine.with_(
        pending=(), crossed=False, crossing="", order=order.order, terms=order.terms, meta_written=False
    )
    value = Val(QuerySet(query), base.node)
    trees = [_tree(frame, side, base, node, either=isinstance(op, ast.BitOr)) for side in (a, b)]
    if isinstance(op, ast.BitOr):
        return filtered(frame, value, Node("OR", (trees[0], trees[1])), node)
    for tree in trees:
        value = filtered(frame, value, tree, node)
    return value


def _tree(frame: Frame, value: Val, base: Val, node: ast.expr, *, either: bool) -> Node:
    query = query_of(value)
    written: list[Node | Leaf | Raw] = []
    if value.text != base.text:
        call = value.node
        whole = (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "where"
            and ast.unparse(call.func.value) == base.text
        )
        if not whole or (either and "related(" in value.text):
            raise frame.refuse(
                "queryset-operator", ast.unparse(node), "One of them is more than conditions.", node
            )
        assert isinstance(call, ast.Call)
        written = [Raw(part) for part in call.args]
    if len(query.pending) > 1:
        raise frame.refuse(
            "queryset-operator",
            ast.unparse(node),
            "Several filters over to-many relations are combined.",
            node,
        )
    return Node("AND", (*written, *query.pending))
