"""``values()`` and ``values_list()``: columns, also of to-many relations, and expressions.

Source: ``QuerySet._values`` (expressions are annotations first, then everything that is selected is forgotten),
``Query.set_values`` and ``Query.add_fields`` (LEFT OUTER JOINs where rows may be missing or many).
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, Expr, Kind, NamedRow, QuerySet
from segue.translate.load.models import column_kind, concrete, field_of
from segue.translate.query.build import chain, query_of, root_of
from segue.translate.query.compile import resolve_or_none
from segue.translate.query.expressions import OUTER, Expression, column_of
from segue.translate.query.grouping import chosen, joined_column
from segue.translate.query.ir import Column
from segue.translate.query.where import Leaf
from segue.translate.rules.column_objects import refuse_objects
from segue.translate.rules.querysets import labelable
from segue.translate.rules.registry import attribute, method


@method(QuerySet, "values_list", "values")
def values(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``values_list("a", "b__c", Lower("d"), flat=True)``, ``values("a", twice=F("b") * 2)``."""
    named = _flag(frame, call, "named") if call.name == "values_list" else False
    flat = _flag(frame, call, "flat") if call.name == "values_list" else False
    shape = "dict" if call.name == "values" else "flat" if flat else "named" if named else "tuple"
    query = query_of(owner)
    if query.surplus:
        raise frame.refuse(
            "values", ast.unparse(call.node), "Values of distinct values in an order.", call.node
        )
    wanted: list[tuple[str, Expression | None]] = []
    for value in call.args:
        if isinstance(value.kind, Const) and isinstance(value.kind.value, str):
            wanted.append((value.kind.value, None))
        elif isinstance(value.kind, Expr) and call.name == "values_list" and not named:
            wanted.append(("", value.kind.build))
        else:
            raise frame.refuse("values", ast.unparse(call.node), "The columns are computed.", call.node)
    for key, value in call.kwargs.items():
        if call.name == "values_list" and key in ("flat", "named"):
            continue
        if call.name == "values_list" or not isinstance(value.kind, Expr):
            raise frame.refuse(
                "values", ast.unparse(call.node), "Segue does not know this column.", call.node
            )
        wanted.append((key, value.kind.build))
    computed = any(built is not None for _, built in wanted)
    if (flat and len(wanted) != 1) or (flat and named):
        raise frame.refuse(
            "values", ast.unparse(call.node), "Django raises TypeError: flat of several.", call.node
        )
    if query.grouped:
        if computed or named:
            raise frame.refuse("values", ast.unparse(call.node), "Computed values of groups.", call.node)
        return chosen(frame, owner, [text for text, _ in wanted], shape, call.node)
    model = concrete(frame.ctx, query.model)
    if not wanted:
        wanted = [(f.attname, None) for f in model.fields if f.column]
        wanted += [(a.name, None) for a in query.annotations]
    if query.values is not None and any(column.aggregate for column in query.hidden):
        raise frame.refuse("values", ast.unparse(call.node), "Values of what is grouped.", call.node)
    columns: list[Column] = []
    nodes: list[ast.expr] = []
    for number, (text, built) in enumerate(wanted):
        owner, column, node = (
            _computed(frame, owner, text or f"#{number}", built, call)
            if built is not None
            else _plain(frame, owner, text, call, flat=flat)
        )
        columns.append(column)
        nodes.append(_labelled(column, node) if shape == "named" else node)
    query = query_of(owner)
    hidden = (*query.hidden, *(c for c, (_, built) in zip(columns, wanted, strict=True) if built is not None))
    written = query.values is not None and query.distinct
    made = chain(
        owner,
        "with_only_columns",
        *nodes,
        query=query.with_(values=shape, columns=tuple(columns), hidden=hidden),
    )
    root = root_of(frame, query.model)
    if not any(column.text.startswith(f"{ast.unparse(root)}.") for column in columns):
        made = chain(made, "select_from", root, query=query_of(made))
    if not query.distinct or query.first_of or written:
        return made
    if query.sliced or query.order not in ("none", "meta", "terms"):
        raise frame.refuse(
            "distinct-values", ast.unparse(call.node), "The order joins the DISTINCT in Django.", call.node
        )
    return chain(made, "distinct", query=query_of(made))


def _flag(frame: Frame, call: CallSite, key: str) -> bool:
    given = call.kwargs.get(key)
    if given is None:
        return False
    if not isinstance(given.kind, Const):
        raise frame.refuse("values", ast.unparse(call.node), f"Whether it is {key} is computed.", call.node)
    return bool(given.kind.value)


def _labelled(column: Column, node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == column.name:
        return node
    return ast.Call(ast.Attribute(node, "label", ast.Load()), [ast.Constant(column.name)], [])


def _plain(
    frame: Frame, owner: Val, text: str, call: CallSite, *, flat: bool
) -> tuple[Val, Column, ast.expr]:
    """A column by its name."""
    query = query_of(owner)
    root = root_of(frame, query.model)
    annotation = query.annotation(text)
    if annotation is not None:
        return owner, Column(text, annotation.text, annotation.kind), name(annotation.text)
    item = field_of(concrete(frame.ctx, query.model), text)
    node: ast.expr
    kind: Kind
    if item is not None and item.column:
        node, kind = ast.Attribute(root, item.attname, ast.Load()), column_kind(frame.ctx, item)
        # A list of such texts alone has them as the column gives them (``from_db_value``); they have no hash for rows that are distinct.
        if not flat or query.distinct or query.compound or query.grouped:
            refuse_objects(frame, kind, text, call.node)
        return owner, Column(text, ast.unparse(node), kind), node
    path = resolve_or_none(frame, query.model, Leaf(text, Val(Const(None)), call.node))
    if path is not None and any(hop.many for hop in path.hops):
        if query.distinct or query.annotations or query.hidden:
            raise frame.refuse(
                "values", text, "A to-many relation beside annotations, or of distinct rows.", call.node
            )
        owner, node, kind, _ = joined_column(frame, owner, text, call.node)
        owner = Val(QuerySet(query_of(owner).with_(many=True)), owner.node)
    else:
        node, kind = column_of(frame, query, root, text, call.node)
    return owner, Column(text, ast.unparse(node), kind), node


def _computed(
    frame: Frame, owner: Val, key: str, built: Expression, call: CallSite
) -> tuple[Val, Column, ast.expr]:
    """An expression."""
    query = query_of(owner)
    if built.aggregate or built.window:
        raise frame.refuse("values", ast.unparse(call.node), "An aggregate among the values.", call.node)
    if field_of(concrete(frame.ctx, query.model), key) is not None:
        raise frame.refuse("annotate", key, "Django refuses annotations with the name of a field.", call.node)
    node, kind = built.render(frame, query, root_of(frame, query.model))
    if OUTER in ast.unparse(node):
        raise frame.refuse("outer-ref", ast.unparse(call.node), "OuterRef outside of a subquery.", call.node)
    kind = widen(kind)
    return owner, Column(key, ast.unparse(node), kind), labelable(frame, node, Val(kind, node))


@attribute(NamedRow, "*")
def of_named(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``row.title``: a column."""
    assert isinstance(owner.kind, NamedRow)
    kind = dict(owner.kind.columns).get(name)
    if kind is None or owner.node is None:
        return None
    return Val(kind, ast.Attribute(owner.node, name, ast.Load()))
