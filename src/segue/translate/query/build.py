"""Growing the ``Select`` of a queryset."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import QuerySet
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import class_name, concrete, pk_field, plural, snake
from segue.translate.load.own_loading import check_no_proxy
from segue.translate.query.compile import Compiler, Joins, repeats
from segue.translate.query.ir import Query
from segue.translate.query.lookups import Target
from segue.translate.query.ordering import order_terms
from segue.translate.query.where import Node

_JOINS = "joins of Meta.ordering"
_BY_ZONE = frozenset({"date_of", "time_of", "date_part"})


def root_of(frame: Frame, label: str) -> ast.expr:
    """The class of ``label`` as an expression, imported."""
    cls, item = entity_type(frame.ctx, concrete(frame.ctx, label).label)
    frame.use(item)
    return name(cls)


def model_queryset(frame: Frame, label: str, at: ast.AST | None = None) -> Val:
    """``Model._base_manager.all()``: every row, Meta.ordering still to come."""
    check_no_proxy(frame.ctx, label)
    model = concrete(frame.ctx, label)
    if model.parents:
        raise frame.refuse(
            "multi-table", label, "Queries over multi-table inheritance are not translated yet.", at
        )
    root = root_of(frame, label)
    pk = pk_field(frame.ctx, model.label)
    node = quote(
        "{0}({1})", frame.imported("sqlalchemy", "select"), ast.Attribute(root, pk.attname, ast.Load())
    )
    return Val(QuerySet(Query(model.label, order="meta" if ordering_of(frame, label) else "none")), node)


def ordering_of(frame: Frame, label: str) -> tuple[Value, ...]:
    """Meta.ordering of a model."""
    return frame.ctx.model(label).ordering


def query_of(value: Val) -> Query:
    """The query of a QuerySet value."""
    assert isinstance(value.kind, QuerySet)
    return value.kind.query


def chain(value: Val, method: str, *arguments: ast.expr, query: Query | None = None) -> Val:
    """``value.method(arguments)`` with the query as it is afterwards."""
    assert value.node is not None
    before = query_of(value)
    node = ast.Call(ast.Attribute(value.node, method, ast.Load()), list(arguments), [])
    return Val(QuerySet(query if query is not None else before.with_()), node)


def add_where(frame: Frame, value: Val, condition: ast.expr) -> Val:
    """``value.where(condition)``; successive ones of the same expression are merged."""
    assert value.node is not None
    node = value.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "where":
        merged = ast.Call(node.func, [*node.args, condition], [])
        return Val(QuerySet(query_of(value).with_()), merged)
    return chain(value, "where", condition)


def filtered(frame: Frame, value: Val, tree: Node, at: ast.AST) -> Val:
    """``filter`` / ``exclude`` with a condition tree."""
    query = query_of(value)
    if query.sliced:
        raise frame.refuse(
            "filter-after-slice", "filter", "Django raises TypeError: the query is sliced.", at
        )
    if query.compound:
        raise frame.refuse("filter-after-union", "filter", "Django refuses to filter a combined query.", at)
    if query.grouped:
        from segue.translate.query.grouping import narrowed

        return narrowed(frame, value, tree, at)
    from segue.translate.query.grouping import crosses

    root = root_of(frame, query.model)
    if crosses(frame, query.model, tree):
        if any(column.window for column in (*query.annotations, *query.hidden, *query.columns)):
            raise frame.refuse(
                "window", "filter", "A to-many filter repeats the rows that a window sees.", at
            )
        query = replace(query, crossed=True, crossing="")
        value = Val(QuerySet(query), value.node)
    multiplied = not query.distinct and repeats(frame, query.model, tree)
    if not multiplied:
        condition = Compiler(frame, query, root).tree(tree)
        return value if condition is None else add_where(frame, value, condition)
    if query.maybe_distinct:
        raise frame.refuse(
            "filter-after-distinct",
            "filter",
            "A to-many filter repeats rows or not, as distinct() was called before or not.",
            at,
        )
    if query.annotations and any(a.aggregate for a in query.annotations):
        raise frame.refuse(
            "filter-after-aggregate",
            "filter",
            "A to-many filter after an aggregate multiplies it in Django.",
            at,
        )
    return Val(QuerySet(query.with_(pending=(*query.pending, tree))), value.node)


def commit(frame: Frame, value: Val, *, distinct: bool = False) -> Val:
    """Write the conditions that repeat rows: as joins, or as ``EXISTS`` when repeats do not matter."""
    query = query_of(value)
    if not query.pending:
        return value
    trees = query.pending
    value = Val(QuerySet(replace(query, pending=())), value.node)
    root = root_of(frame, query.model)
    for tree in trees:
        base = query_of(value)
        if distinct or query.distinct:
            condition = Compiler(frame, base, root).tree(tree)
            assert condition is not None
            value = add_where(frame, value, condition)
            continue
        outer = _has_or(tree)
        joins = Joins(outer)
        condition = Compiler(frame, base, root, joins).tree(tree)
        assert condition is not None
        for alias, on in joins.parts:
            value = chain(value, "outerjoin" if outer else "join", alias, on)
        value = add_where(frame, value, condition)
        value = Val(QuerySet(query_of(value).with_(many=True)), value.node)
    return value


def _has_or(tree: Node) -> bool:
    if tree.connector == "OR" and len(tree.children) > 1:
        return True
    return any(isinstance(c, Node) and _has_or(c) for c in tree.children)


def settle(frame: Frame, value: Val) -> Val:
    """The queryset as a complete ``Select``: pending conditions and Meta.ordering written out.

    Done wherever the queryset gets a name, is returned, passed on or evaluated.
    """
    value = commit(frame, value)
    query = query_of(value)
    if query.order == "meta" and any(a.aggregate for a in query.annotations):
        # Since Django 3.1 Meta.ordering is left out where the query groups.
        return Val(QuerySet(replace(query, order="none")), value.node)
    if query.order not in ("meta", "terms") or query.sliced:
        return value
    terms: Sequence[Value | Val] = ordering_of(frame, query.model) if query.order == "meta" else query.terms
    assert value.node is not None
    bare = (
        query.order == "meta"
        and not query.flip
        and ast.unparse(value.node) == ast.unparse(_base(frame, query.model))
    )
    if bare:
        const = ordered_constant(frame, query.model)
        if const is not None:
            joins = frame.ctx.memo[(_JOINS, query.model)]
            assert isinstance(joins, tuple)
            return Val(QuerySet(replace(query, order="done", meta_written=True, joins=joins)), const)
    related = query.related
    ordered = order_terms(frame, value, terms, None, flip=query.flip)
    done = replace(
        query_of(ordered),
        order="done",
        terms=(),
        flip=False,
        related=related,
        meta_written=query.order == "meta" and not query.flip,
    )
    from segue.translate.query.distinct import shown_order

    return shown_order(frame, Val(QuerySet(done), ordered.node), None)


def _base(frame: Frame, label: str) -> ast.expr:
    pk = pk_field(frame.ctx, label)
    return quote("select({0})", ast.Attribute(name(class_name(frame.ctx, label)), pk.attname, ast.Load()))


def ordered_constant(frame: Frame, label: str) -> ast.expr | None:
    """``ARTICLES``: every row in Meta.ordering, as a module-level statement."""
    from segue.translate.functions.finish import prunable

    ctx = frame.ctx
    model = concrete(ctx, label)
    module = ctx.module(model.app, "queries")
    const = plural(snake(class_name(ctx, model.label))).upper()
    lines_before = len(frame.lines)
    imports_before = frame.imports
    frame.imports = set()  # what the constant needs, not what this function has needed before
    base = model_queryset(frame, label)
    assert base.node is not None
    ordered = order_terms(frame, base, ordering_of(frame, label), None)
    needed = frozenset(frame.imports)
    frame.imports = imports_before
    ctx.memo[(_JOINS, model.label)] = query_of(ordered).joins
    # What depends on the time zone is not known when modules are read.
    if len(frame.lines) != lines_before or any(item.name in _BY_ZONE for item in needed):
        frame.imports |= needed
        return None
    module.add(Decl(const, f"{const} = {ordered.text}", _module_imports(ctx, model.app, needed), rank=20))
    prunable(ctx, module.path, const)
    item = Import(ctx.import_path(model.app, "queries"), const)
    frame.use(item)
    return name(const)


def _module_imports(ctx: object, app: str, imports: frozenset[Import]) -> frozenset[Import]:
    return frozenset(
        i
        for i in imports
        if i.module.startswith(("sqlalchemy", "segue_bridge")) or i.module.endswith((".models", ".queries"))
    )


def subquery_of(frame: Frame, value: Val, on: Target, at: ast.AST) -> ast.expr:
    """The queryset as the right side of ``IN``."""
    value = commit(frame, value, distinct=not query_of(value).sliced)
    query = query_of(value)
    if query.first_of or query.surplus:
        raise frame.refuse("subquery-lookup", value.text, "A subquery of distinct rows in an order.", at)
    if query.compound and query.values is None:
        raise frame.refuse(
            "combined-queryset",
            value.text[:80],
            "Django selects all columns of combined objects, which is an error.",
            at,
        )
    assert value.node is not None
    if query.sliced:
        value = settle(frame, value)
    node = value.node
    assert node is not None
    if query.values is None:
        wanted = pk_field(frame.ctx, query.model)
        if on.field.relation is not None:
            from segue.translate.load.models import target_field

            other = target_field(frame.ctx, on.field)
            if concrete(frame.ctx, on.field.relation.to).label == query.model:
                wanted = other
        if query.annotations or wanted.attname != pk_field(frame.ctx, query.model).attname:
            node = quote(
                "{0}.with_only_columns({1})",
                node,
                ast.Attribute(root_of(frame, query.model), wanted.attname, ast.Load()),
            )
    elif len(query.columns) != 1:
        raise frame.refuse("subquery-lookup", value.text, "A subquery with several columns.", at)
    return quote("{0}({1})", frame.imported("segue_bridge.db.reads", "keys"), node)


def limited(frame: Frame, value: Val, start: ast.expr | None, stop: ast.expr | None) -> Val:
    """``queryset[start:stop]`` with constant or computed non-negative bounds."""
    from segue.translate.rules.queryset_sets import in_order

    value = in_order(frame, settle(frame, value), None)
    query = query_of(value)
    if query.elided:
        raise frame.refuse(
            "combined-queryset",
            value.text[:80],
            "Of a sliced union Django keeps the parts without rows, and with them that each row is told once.",
            None,
        )
    bounds = None
    if all(part is None or isinstance(part, ast.Constant) for part in (start, stop)):
        low = int(str(start.value)) if isinstance(start, ast.Constant) else 0
        bounds = (low, max(low, int(str(stop.value))) if isinstance(stop, ast.Constant) else None)
    node = value
    if start is not None:
        node = chain(node, "offset", start)
    if stop is not None:
        size: ast.expr
        if start is None:
            size = stop
        elif isinstance(start, ast.Constant) and isinstance(stop, ast.Constant):
            size = literal(max(0, int(str(stop.value)) - int(str(start.value))))
        else:
            size = quote("max({0} - {1}, 0)", stop, start)
        node = chain(node, "limit", size)
    return Val(QuerySet(query.with_(sliced=True, bounds=bounds)), node.node)


def limited_again(frame: Frame, value: Val, low: int, high: int | None, at: ast.AST) -> Val:
    """A slice of a slice with constant bounds (``Query.set_limits``)."""
    query = query_of(value)
    node = value.node
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("offset", "limit")
    ):
        node = node.func.value
    if query.bounds is None or node is value.node or node is None:
        raise frame.refuse(
            "slice", value.text[:60], "A slice of a slice whose bounds are not known here.", at
        )
    start, stop = query.bounds
    low = start + low if stop is None else min(stop, start + low)
    if high is not None:
        stop = start + high if stop is None else min(stop, start + high)
    plain = Val(QuerySet(replace(query, sliced=False, bounds=None)), node)
    return limited(
        frame, plain, literal(low) if low else None, literal(max(low, stop)) if stop is not None else None
    )
