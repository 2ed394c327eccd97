"""``union()``, ``intersection()`` and ``difference()``.

Sources: ``QuerySet._combinator_query`` (the first queryset says the model, the columns and how rows are loaded; order and slice are
forgotten), ``SQLCompiler.get_combinator_sql`` (parts without rows are left out, SQLite takes no ordered or sliced part),
``QuerySet._not_support_combined_queries``. Objects are combined by their keys, of which each has one row; values as they are.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, QuerySet
from segue.translate.load.models import concrete, pk_field
from segue.translate.query.build import query_of, root_of, settle
from segue.translate.query.ir import Column, Query
from segue.translate.rules.queryset_combine import is_none
from segue.translate.rules.registry import method

_HELPERS = {"union": "united", "intersection": "common", "difference": "remaining"}


@method(QuerySet, "union", "intersection", "difference")
def combined(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The rows of all, those in each, those in none of the others."""
    call.only("all", at_most=99)
    every = call.kwargs.get("all")
    if every is not None and (not isinstance(every.kind, Const) or call.name != "union"):
        raise _refused(frame, call, "Whether all rows are wanted is computed.")
    repeated = every is not None and isinstance(every.kind, Const) and bool(every.kind.value)
    given = list(call.args)
    if not all(isinstance(value.kind, QuerySet) for value in given):
        raise _refused(frame, call, "One of them is no queryset that Segue knows.")
    none = [is_none(value) for value in (owner, *given)]
    if call.name == "union" and none[0]:
        given = [value for value, nothing in zip(given, none[1:], strict=True) if not nothing]
        if not given:
            return owner
        owner, *given = given
    elif call.name == "intersection" and any(none):
        return (owner, *given)[none.index(True)]
    elif none[0]:
        return owner
    if not given:
        if call.name == "union":
            return owner
        raise _refused(frame, call, "There is nothing to combine it with.")
    parts = [settle(frame, value) for value in (owner, *given)]
    first = query_of(parts[0])
    for value in parts:
        _check(frame, call, first, query_of(value))
    keywords = [ast.keyword("every", literal(True))] if repeated else []
    helper = frame.imported("segue_bridge.db.combined", _HELPERS[call.name])
    nodes = [value.node for value in parts if value.node is not None]
    if first.values is not None:
        made: ast.expr = ast.Call(helper, nodes, keywords)
        query = Query(
            first.model,
            order="none",
            values=first.values,
            columns=_columns(parts),
            compound=True,
            repeated=repeated,
            elided=call.name == "union" and not repeated and any(".in_(" in part.text for part in parts),
        )
        return Val(QuerySet(query), made)
    keys = frame.imported("segue_bridge.db.reads", "keys")
    made = ast.Call(helper, [quote("{0}({1})", keys, node) for node in nodes], keywords)
    key = ast.Attribute(root_of(frame, first.model), pk_field(frame.ctx, first.model).attname, ast.Load())
    made = quote("{0}({1}, {2})", frame.imported("segue_bridge.db.combined", "rows_of"), key, made)
    query = Query(
        first.model, order="none", prefetch=first.prefetch, selected=first.selected, loading=first.loading, manager=first.manager,
        begun=first.begun, compound=True, repeated=repeated,
    )  # fmt: skip
    return Val(QuerySet(query), made)


def _columns(parts: list[Val]) -> tuple[Column, ...]:
    """The columns of the first by their position, which is how Django orders by them."""
    found = []
    for position, columns in enumerate(zip(*(query_of(part).columns for part in parts), strict=True)):
        kind = columns[0].kind
        for other in columns[1:]:
            kind = join(kind, other.kind)
        found.append(Column(columns[0].name, str(position + 1), kind))
    return tuple(found)


def _check(frame: Frame, call: CallSite, first: Query, query: Query) -> None:
    sqlite = frame.ctx.snapshot.settings.vendor != "postgresql"
    if query.locked or query.pending or query.surplus or query.joins or query.first_of:
        raise _refused(frame, call, "One of them is locked, or distinct in an order of its own.")
    if sqlite and (query.sliced or query.order != "none"):
        raise _refused(
            frame,
            call,
            "Django raises DatabaseError on SQLite: one of them is ordered (Meta.ordering counts) or sliced.",
        )
    if (first.values is None) != (query.values is None):
        raise _refused(frame, call, "Some of them have rows and others values.")
    if query.values is not None:
        if len(query.columns) != len(first.columns):
            raise _refused(frame, call, "They have different numbers of columns.")
        if query.streamed or any(column.window for column in query.columns):
            raise _refused(
                frame, call, "One of them has columns over what it selects, or is read by iterator()."
            )
        types = [getattr(column.kind, "type", "Any") for column in query.columns]
        if types != [getattr(column.kind, "type", "Any") for column in first.columns]:
            raise _refused(frame, call, "Their columns are of different types.")
        return
    if query.model != first.model:
        raise _refused(frame, call, "They are of two models.")
    if query.annotations or query.hidden or query.grouped or query.selected != first.selected:
        raise _refused(frame, call, "One of them has columns of its own.")
    if query.loading != first.loading or "?" in query.loading:
        raise _refused(
            frame, call, "Django reads other columns of one of them: only(), defer(), select_related()."
        )
    if any(item.own for item in first.prefetch):
        raise _refused(frame, call, "The first one prefetches by a queryset of its own.")


# What Django lets follow, and what refuses by itself.
_FOLLOWS = frozenset(
    {
        "all", "count", "exists", "first", "last", "earliest", "latest", "order_by", "reverse", "iterator", "using",
        "union", "intersection", "difference", "filter", "exclude", "get", "_chain", "_clone",
    }
)  # fmt: skip


def check_follows(frame: Frame, query: Query, method_name: str, at: ast.AST) -> None:
    """Refuse what is called of combined querysets and is not known to work there."""
    if not query.compound or method_name in _FOLLOWS:
        return
    raise frame.refuse(
        "combined-queryset",
        method_name,
        "Of a combined queryset Django refuses most methods, and Segue this one.",
        at,
    )


def in_order(frame: Frame, value: Val, at: ast.AST | None) -> Val:
    """A combined queryset without an order as Django's database gives it. Raises ``Refused`` where that is anybody's guess.

    Values are combined by the same statement as Django's. Objects are not: SQLite sorts all columns of a ``UNION`` to find what is
    there twice, the first column first; PostgreSQL hashes them.
    """
    query = query_of(value)
    if not query.compound or query.values is not None or query.order != "none" or query.sliced:
        return value
    key = pk_field(frame.ctx, query.model)
    columns = [item for item in concrete(frame.ctx, query.model).fields if item.column]
    if (
        frame.ctx.snapshot.settings.vendor != "sqlite"
        or query.repeated
        or not columns
        or columns[0].attname != key.attname
    ):
        raise frame.refuse(
            "combined-queryset",
            value.text[:80],
            "Combined objects without order_by(): the order of the rows is left to the database.",
            at,
        )
    column = ast.Attribute(root_of(frame, query.model), key.attname, ast.Load())
    assert value.node is not None
    node = ast.Call(ast.Attribute(value.node, "order_by", ast.Load()), [column], [])
    return Val(QuerySet(replace(query, order="done")), node)


def ordered(frame: Frame, value: Val, path: str, descending: bool, at: ast.AST) -> ast.expr:
    """``order_by`` of a combined queryset: by a column that it has, of values by its position."""
    query = query_of(value)
    if query.values is None:
        item = next(
            (f for f in concrete(frame.ctx, query.model).fields if f.column and path in (f.name, f.attname)),
            None,
        )
        if path == "pk":
            item = pk_field(frame.ctx, query.model)
        if item is None or (item.relation is not None and path == item.name):
            raise frame.refuse(
                "combined-queryset", path, "A combined queryset is ordered by its own columns.", at
            )
        column: ast.expr = ast.Attribute(root_of(frame, query.model), item.attname, ast.Load())
    else:
        known = next((column for column in query.columns if column.name == path), None)
        if known is None:
            raise frame.refuse(
                "combined-queryset", path, "A combined queryset is ordered by columns that it has.", at
            )
        column = quote("{0}({1})", frame.imported("sqlalchemy", "literal_column"), literal(known.text))
    return quote("{0}.desc()", column) if descending else column


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse(f"queryset-{call.name}", ast.unparse(call.node), why, call.node)


__all__ = ["check_follows", "combined", "in_order", "ordered"]
