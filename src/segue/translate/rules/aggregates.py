"""``Count``, ``Sum``, ``Avg``, ``Min``, ``Max``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, not_null, nullable, widen
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Expr, Kind, Q, Scalar
from segue.translate.query.build import query_of, root_of
from segue.translate.query.compile import Compiler
from segue.translate.query.composed import Aggregate, composed
from segue.translate.query.computed import computed_kind, settled
from segue.translate.query.expressions import as_expression, f_expression, operand
from segue.translate.query.grouping import check_repeats_nothing, condition_value
from segue.translate.query.ir import Query
from segue.translate.query.paths import resolve
from segue.translate.query.where import Leaf, Node, Raw
from segue.translate.rules.aggregate_sorts import Sort, sql_call
from segue.translate.rules.column_objects import refuse_objects
from segue.translate.rules.output_fields import python_of
from segue.translate.rules.registry import function

_AGGREGATES = {"Count": "count", "Sum": "sum", "Avg": "avg", "Min": "min", "Max": "max"}


def _aggregate(frame: Frame, call: CallSite) -> Val:
    cls = call.name.rpartition(".")[2]
    call.only("distinct", "filter", "default", "output_field", at_most=1)
    word = _AGGREGATES[cls]
    sort = Sort(sql_call(word), _kind_of(cls), word, floating=cls == "Avg", steady=cls in ("Min", "Max"))
    return aggregate_of(frame, call, sort, call.kwargs.get("default"))


def aggregate_of(frame: Frame, call: CallSite, sort: Sort, default: Val | None = None) -> Val:
    """``Sum("price", distinct=…, filter=…, output_field=…)`` of this sort."""
    first = call.argument(0, "expression")
    condition = call.kwargs.get("filter")
    distinct_value = call.kwargs.get("distinct")
    distinct = (
        distinct_value is not None
        and isinstance(distinct_value.kind, Const)
        and bool(distinct_value.kind.value)
    )
    if first is None:
        raise frame.refuse("aggregate", ast.unparse(call.node), "It aggregates nothing.", call.node)
    path = first.kind.value if isinstance(first.kind, Const) and isinstance(first.kind.value, str) else None
    inside = None if path is not None else as_expression(first)
    if inside is not None and inside.column:
        path, inside = inside.column, None
    if inside is not None and inside.aggregate:
        raise frame.refuse("aggregate", ast.unparse(call.node), "An aggregate of an aggregate.", call.node)
    if condition is not None and not isinstance(condition.kind, Q):
        raise frame.refuse("aggregate", ast.unparse(call.node), "The filter is no Q.", call.node)
    field = call.kwargs.get("output_field")

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if path is None:
            raise inner.refuse(
                "aggregate",
                ast.unparse(call.node),
                "Only aggregates of a named column are translated here.",
                call.node,
            )
        node, kind = _subquery(inner, query, root, path, sort, distinct, condition, call)
        _check_field(inner, field, kind, call)
        return node, kind

    def grouped(inner: Frame, owner: Val) -> tuple[Val, ast.expr, Kind]:
        from segue.translate.query.grouping import condition_of, joined_column

        column: ast.expr | None = None
        kind: Kind = Scalar("int")
        found = None
        if inside is not None:
            query = query_of(owner)
            column, kind = inside.render(inner, query, root_of(inner, query.model))
        elif path is not None and path != "*":
            owner, column, kind, found = joined_column(inner, owner, path, call.node)
        made = sort.make(inner, column, distinct)
        if condition is not None:
            assert isinstance(condition.kind, Q)
            made = quote(
                "{0}.filter({1})", made, condition_of(inner, owner, condition.kind.tree, found, call.node)
            )
        kind = sort.kind(inner, kind, call)
        _check_field(inner, field, kind, call)
        return owner, sort.ended(inner, sort.written(inner, made, kind, column)), kind

    def over(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        kind: Kind = Scalar("int")
        if path == "*":
            made = sort.make(inner, None, False)
        else:
            part = inside if inside is not None else f_expression(path or "")
            node, column = part.render(inner, query, root)
            made, kind = sort.make(inner, node, False), sort.kind(inner, column, call)
        if condition is not None and isinstance(condition.kind, Q):
            rows = condition_value(condition.kind.tree, call.node, chooses=True)
            chosen, _ = rows.render(inner, query, root)
            made = quote("{0}.filter({1})", made, chosen)
        return made, kind

    plain = not distinct and field is None and "default" not in call.kwargs and sort.absent is None
    made = Aggregate(
        render,
        over=over if plain else None,
        written=sort.written,
        grouped=grouped,
        aggregate=True,
        distinct=distinct,
        paths=(path or "",),
        steady=distinct or sort.steady,
        default_alias=f"{path}__{sort.word}" if path not in (None, "*") else "",
    )
    if default is None or (isinstance(default.kind, Const) and default.kind.value is None):
        return Val(Expr(made))
    return Val(
        Expr(
            replace(
                composed([made, operand(default)], coalesced, call.node),
                default_alias=made.default_alias,
            )
        )
    )


def coalesced(frame: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
    """``coalesce(a, b)``: NULL only where all are."""
    made = ast.Call(ast.Attribute(frame.imported("sqlalchemy", "func"), "coalesce", ast.Load()), nodes, [])
    kind = widen(kinds[0])
    if any(getattr(widen(one), "type", "") == "Any" for one in kinds):
        raise frame.refuse("expression", "Coalesce", "A choice between values whose type is not known.")
    for one in kinds[1:]:
        both = [not_null(kind), widen(one)]
        kind = computed_kind(both) or join(*both)
    return settled(frame, made, kind), kind


for _cls in _AGGREGATES:
    function(f"django.db.models.aggregates.{_cls}", f"django.db.models.{_cls}")(_aggregate)


def _check_field(frame: Frame, field: Val | None, kind: Kind, call: CallSite) -> None:
    if field is not None and python_of(field) != getattr(kind, "type", ""):
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "output_field makes another type of the result.", call.node
        )


def _kind_of(cls: str) -> Callable[[Frame, Kind, CallSite], Kind]:
    return lambda frame, column, call: _kind(frame, cls, column, call)


def _kind(frame: Frame, cls: str, column: Kind, call: CallSite) -> Kind:
    kind = widen(column)
    text = kind.type if isinstance(kind, Scalar) else "Any"
    if cls == "Count":
        return Scalar("int")
    if cls == "Avg":
        if text not in ("int", "float", "Decimal", "timedelta"):
            raise frame.refuse(
                "aggregate-avg", ast.unparse(call.node), f"Django has no average of {text}.", call.node
            )
        return Scalar(text if text in ("Decimal", "timedelta") else "float", True)
    if text == "Any":
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate of values whose type is not known.", call.node
        )
    if cls == "Sum" and text not in ("int", "float", "Decimal", "timedelta"):
        raise frame.refuse(
            "aggregate-sum", ast.unparse(call.node), f"The database has no sum of {text}.", call.node
        )
    return nullable(kind)


def _subquery(
    frame: Frame,
    query: Query,
    root: ast.expr,
    path: str,
    sort: Sort,
    distinct: bool,
    condition: Val | None,
    call: CallSite,
) -> tuple[ast.expr, Kind]:
    """A correlated subquery: what the aggregate over the join of that relation alone gives."""
    from segue.translate.load.fetch import entity_type
    from segue.translate.load.models import column_kind

    # A filter reads columns of the target, which the through table does not have.
    found = resolve(frame, query.model, path, call.node, shortcut=condition is None)
    if not any(h.many for h in found.hops):
        raise frame.refuse(
            "aggregate",
            ast.unparse(call.node),
            "An aggregate over to-one columns is a GROUP BY of the rows.",
            call.node,
        )
    if len(found.hops) != 1:
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate over several relations.", call.node
        )
    hop = found.hops[0]
    if hop.typed[0]:
        raise frame.refuse("tags", ast.unparse(call.node), "An aggregate over tags.", call.node)
    target = frame.ctx.model(hop.target)
    if target.label == query.model:
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate over the same table.", call.node
        )
    cls_name, item = entity_type(frame.ctx, hop.target)
    frame.use(item)
    inner = name(cls_name)
    column = ast.Attribute(inner, found.field.attname, ast.Load())
    held = column_kind(frame.ctx, found.field)
    refuse_objects(frame, held, found.field.name, call.node)
    kind = sort.kind(frame, held, call)
    aggregated = sort.written(frame, sort.make(frame, column, distinct), kind, column)
    near, tables = inner, [inner]
    if hop.through_link is not None:
        through, item = entity_type(frame.ctx, hop.through)
        frame.use(item)
        near = name(through)
        tables.append(near)
    parts = [
        quote(
            "{0} == {1}",
            ast.Attribute(near, hop.link.right, ast.Load()),
            ast.Attribute(root, hop.link.left, ast.Load()),
        )
    ]
    if condition is not None:
        parts.append(_inner_condition(frame, hop, inner, condition, call))
        if sort.absent is not None:
            _check_sure(frame, condition, call)
    node = quote("{0}({1})", frame.imported("sqlalchemy", "select"), aggregated)
    if hop.through_link is not None:
        on = quote(
            "{0} == {1}",
            ast.Attribute(near, hop.through_link.left, ast.Load()),
            ast.Attribute(inner, hop.through_link.right, ast.Load()),
        )
        node = quote("{0}.join({1}, {2})", node, near, on)
    node = ast.Call(ast.Attribute(node, "where", ast.Load()), parts, [])
    node = ast.Call(ast.Attribute(node, "correlate_except", ast.Load()), list(tables), [])
    node = quote("{0}.scalar_subquery()", node)
    if sort.absent is not None and condition is None:
        node = sort.absent(frame, node)
    return settled(frame, sort.ended(frame, node), kind), kind


def _check_sure(frame: Frame, condition: Val, call: CallSite) -> None:
    """Refuse a filter that may hold for the row of NULLs that the outer join of a row without related ones has."""

    def sure(node: Node) -> bool:
        return not node.negated and all(
            sure(child)
            if isinstance(child, Node)
            else isinstance(child, Leaf)
            and isinstance(child.value.kind, Const | Scalar)
            and child.value.kind != Const(None)
            and not getattr(child.value.kind, "nullable", False)
            and not child.key.endswith("__isnull")
            for child in node.children
        )

    assert isinstance(condition.kind, Q)
    if not sure(condition.kind.tree):
        raise frame.refuse(
            "aggregate-filter",
            ast.unparse(call.node),
            "The filter may hold for a row without related ones.",
            call.node,
        )


def _inner_condition(frame: Frame, hop: object, inner: ast.expr, condition: Val, call: CallSite) -> ast.expr:
    """``filter=Q(relation__x=…)``: lookups over the same relation, on its row."""
    from segue.translate.query.paths import Hop

    assert isinstance(hop, Hop)
    assert isinstance(condition.kind, Q)
    prefix = hop.name + "__"

    def strip(node: Node) -> Node:
        children: list[Node | Leaf | Raw] = []
        for child in node.children:
            if isinstance(child, Node):
                children.append(strip(child))
            elif isinstance(child, Leaf) and child.key.startswith(prefix):
                children.append(Leaf(child.key[len(prefix) :], child.value, child.at))
            else:
                raise frame.refuse(
                    "aggregate-filter",
                    ast.unparse(call.node),
                    "The filter looks at something else than the counted relation.",
                    call.node,
                )
        return Node(node.connector, tuple(children), node.negated)

    tree = strip(condition.kind.tree)
    check_repeats_nothing(frame, hop.target, tree, call.node)
    made = Compiler(frame, Query(hop.target), inner).tree(tree)
    if made is None:
        raise frame.refuse("aggregate-filter", ast.unparse(call.node), "The filter is empty.", call.node)
    return made
