"""Where a queryset is evaluated: iteration, ``get``, ``first``, ``count``, ``exists`` …"""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.refusal import Refused
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable
from segue.translate.interp.kept_rows import forget_rows, kept_rows, note_rows
from segue.translate.interp.same_set import places
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Instance,
    ListOf,
    NamedRow,
    QuerySet,
    RelatedManager,
    Scalar,
    User,
)
from segue.translate.load.fetch import describe, fetch_all, fetch_first, fetch_get, limit_one, site_of
from segue.translate.load.models import pk_field
from segue.translate.load.needs import to_many
from segue.translate.query.build import add_where, chain, commit, filtered, query_of, root_of, settle
from segue.translate.query.ir import Query
from segue.translate.query.ordering import order_terms
from segue.translate.rules.forgotten_rows import forget_prefetched
from segue.translate.rules.q_objects import tree_of
from segue.translate.rules.registry import method


def loaded_list(frame: Frame, value: Val, *, only_prefetched: bool = False) -> Val | None:
    """``obj.tags.all()`` of a row: the list that the loader brings with the row; of an object that is written, what was prefetched."""
    query = query_of(value)
    if query.related is None or query.pending:
        return None
    instance, accessor = query.related
    site = instance.site
    if instance.aged and accessor in site.prefetched and not site.shown:
        site.written = True
    if (instance.mode != "row" or site.written) and accessor not in site.held:
        return _kept_list(frame, value, instance, accessor)
    if instance.aged and accessor not in site.prefetched | site.held:
        return None
    if only_prefetched and accessor not in site.prefetched | site.held:
        return None
    owner = related_owner(value)
    if owner is None:
        return None
    try:
        child = to_many(frame.ctx, instance.site, accessor)
    except Refused as refused:
        # Its manager leaves rows out: not for many owners at once, but the query of this one has what it shows.
        if refused.refusal.code != "related-manager":
            raise
        return None
    for path in list(instance.site.prefetched):
        first, _, rest = path.partition("__")
        if first == accessor and rest:
            child.prefetched.add(rest)
    return Val(ListOf(Instance(child.model, child)), ast.Attribute(owner, accessor, ast.Load()))


def _kept_list(frame: Frame, value: Val, instance: Instance, accessor: str) -> Val | None:
    """What Django has prefetched with an object, whatever was saved since, unless it was written through this manager."""
    site = instance.site
    if not site.fetched or accessor not in site.prefetched or accessor in site.unshown:
        return None
    if site.reread or site.refreshed is not None:
        return None
    owner = related_owner(value)
    if not isinstance(owner, ast.Name):
        return None
    child = to_many(frame.ctx, site, accessor)
    child.written = True
    asked = fetch_all(frame, value, child).node
    assert asked is not None
    node = quote(
        "{0} if {1}({2}, {3}) else {4}",
        ast.Attribute(owner, accessor, ast.Load()),
        frame.imported("segue_bridge.schema.related", "in_memory"),
        owner,
        literal(accessor),
        asked,
    )
    return Val(ListOf(Instance(child.model, child)), node)


def related_owner(value: Val) -> ast.expr | None:
    """The instance's expression, out of ``….where(Column == instance.key)``."""
    if value.node is None:
        return None
    for part in ast.walk(value.node):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "where":
            last = part.args[-1]
            if isinstance(last, ast.Compare) and isinstance(last.comparators[0], ast.Attribute):
                return last.comparators[0].value
    return None


def fetched_rows(frame: Frame, value: Val, at: ast.expr) -> Val:
    """All rows: model instances, or what ``values()`` gives."""
    if isinstance(value.kind, RelatedManager):
        raise frame.refuse("iteration", ast.unparse(at), "A manager is not iterable.", at)
    loaded = loaded_list(frame, value)
    if loaded is not None:
        return loaded
    cached = kept_rows(frame, value, at)
    query = query_of(value)
    if cached is not None and not _leads_elsewhere(query, cached):
        return cached
    if not query.streamed:
        note_rows(frame, value)
    if query.values is not None:
        rows = values_rows(frame, value)
    else:
        rows = fetch_all(frame, value, site_of(frame, value, at=at), at)
    keeps = not query.streamed and not query.anew and places(frame, value) == {value.text}
    if keeps and isinstance(value.node, ast.Name) and not frame.no_hoist:
        # Django keeps the result in the queryset: reading it again asks nothing.
        assert rows.node is not None
        text = ""
        if query.values == "flat":  # rows of a database are untyped: say what the column holds
            text, needed = annotation(frame.ctx, rows.kind)
            frame.use(*needed)
        kept = Val(rows.kind, frame.hoist(f"{value.node.id}_rows", rows.node, at, text))
        frame.env["#rows:" + value.text] = kept
        return kept
    return rows


def _leads_elsewhere(query: Query, cached: Val) -> bool:
    """Whether ``select_related`` gives the rows an object of their own, where those that are there lead to the set's own."""
    item = cached.kind.item if isinstance(cached.kind, ListOf) else None
    joined = set(query.selected) if isinstance(item, Instance) else set()
    return isinstance(item, Instance) and bool(query.known) and joined != item.site.selected


def values_rows(frame: Frame, value: Val) -> Val:
    """``values_list``/``values`` as a list of plain values, tuples or dicts."""
    value = settle(frame, value)
    query = query_of(value)
    assert value.node is not None
    fetched = quote(
        "await {0}({1}, {2})", frame.imported("segue_bridge.db.reads", "rows"), frame.db, value.node
    )
    kinds = [c.kind for c in query.columns]
    if query.values == "flat":
        return Val(ListOf(kinds[0]), quote("[row[0] for row in {0}]", fetched))
    if query.values == "named":
        return Val(ListOf(NamedRow(tuple((c.name, c.kind) for c in query.columns))), fetched)
    if query.values == "tuple":
        whole = "[tuple(row[:{1}]) for row in {0}]" if query.surplus else "[tuple(row) for row in {0}]"
        return Val(ListOf(Scalar("Any")), quote(whole, fetched, literal(len(kinds))))
    keys = [c.name for c in query.columns]
    made = ast.Dict([ast.Constant(k) for k in keys], [quote(f"row[{i}]") for i in range(len(keys))])
    return Val(
        ListOf(DictOf(tuple(zip(keys, kinds, strict=True)))), quote("[{1} for row in {0}]", fetched, made)
    )


@method(QuerySet, "get")
def get(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``get(...)``: one row or Django's exceptions."""
    value = filtered(frame, owner, tree_of(frame, call), call.node)
    query = query_of(value)
    if query.values is not None:
        return _get_values(frame, value, call)
    return fetch_get(frame, value, site_of(frame, value, at=call.node), call.node)


def _get_values(frame: Frame, value: Val, call: CallSite) -> Val:
    """``values(...).get(...)``: the one row or Django's exceptions."""
    query = query_of(value)
    if query.sliced or query.grouped or query.distinct:
        raise frame.refuse(
            "values-get", ast.unparse(call.node), "get() of sliced, grouped or distinct values.", call.node
        )
    order = "none" if query.order in ("meta", "terms") else query.order
    rows = values_rows(frame, limit_one(frame, Val(QuerySet(query.with_(order=order)), value.node), 21))
    assert isinstance(rows.kind, ListOf)
    assert rows.node is not None
    only = frame.imported("segue_bridge.db.reads", "only")
    object_name = literal(frame.ctx.model(query.model).cls.rpartition(".")[2])
    return _typed(frame, Val(rows.kind.item, quote("{0}({1}, {2})", only, rows.node, object_name)), call)


def _typed(frame: Frame, value: Val, call: CallSite) -> Val:
    """The one row under a name that says what it is: rows of a database are untyped."""
    assert value.node is not None
    if frame.no_hoist or (isinstance(value.kind, Scalar) and value.kind.type == "Any"):
        return value
    text, needed = annotation(frame.ctx, value.kind)
    frame.use(*needed)
    return Val(value.kind, frame.hoist("found", value.node, call.node, text))


@method(QuerySet, "first", "last")
def first(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``first()``/``last()``: by the primary key where there is no order."""
    call.only(at_most=0)
    query = query_of(owner)
    if query.grouped and query.order != "terms":
        raise frame.refuse(
            "first", ast.unparse(call.node), "first() and last() of groups without an order.", call.node
        )
    known = None
    if call.name == "first":
        known = loaded_list(frame, owner, only_prefetched=True) or kept_rows(frame, owner, call.node)
    if known is not None and known.node is not None and query.order != "none":
        assert isinstance(known.kind, ListOf)
        helper = frame.imported("segue_bridge.db.reads", "or_none")
        return Val(nullable(known.kind.item), quote("{0}({1})", helper, known.node))
    if call.name == "last":
        if query.order == "done":
            raise frame.refuse(
                "last", ast.unparse(call.node), "last() of an explicitly ordered query.", call.node
            )
        owner = commit(frame, owner)
        query = query_of(owner)
        if query.order == "none":
            root = root_of(frame, query.model)
            pk = ast.Attribute(root, pk_field(frame.ctx, query.model).attname, ast.Load())
            owner = chain(owner, "order_by", quote("{0}.desc()", pk), query=query.with_(order="done"))
        else:
            owner = Val(QuerySet(query.with_(flip=not query.flip)), owner.node)
        query = query_of(owner)
    if query.values is not None:
        value = settle(frame, owner)
        if query_of(value).order == "none":
            pk = ast.Attribute(
                root_of(frame, query.model), pk_field(frame.ctx, query.model).attname, ast.Load()
            )
            if query.distinct:
                raise frame.refuse(
                    "first", ast.unparse(call.node), "Distinct values ordered by the key.", call.node
                )
            value = chain(value, "order_by", pk, query=query_of(value).with_(order="done"))
        rows = values_rows(frame, limit_one(frame, value, 1))
        assert isinstance(rows.kind, ListOf)
        assert rows.node is not None
        found = quote("{0}({1})", frame.imported("segue_bridge.db.reads", "or_none"), rows.node)
        return _typed(frame, Val(nullable(rows.kind.item), found), call)
    return fetch_first(frame, owner, site_of(frame, owner, at=call.node), call.node)


@method(QuerySet, "latest", "earliest")
def latest(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``latest("field")``, ``earliest("field")``: the last or first by those fields whatever the order was, or DoesNotExist."""
    call.only(at_most=99)
    query = query_of(owner)
    if query.values is not None:
        raise frame.refuse(
            "values-get", ast.unparse(call.node), "latest() of values() is not translated.", call.node
        )
    terms = list(call.args)
    if not terms:
        terms = [Val(Const(t)) for t in frame.ctx.model(query.model).get_latest_by]
    if not terms:
        raise frame.refuse("latest", ast.unparse(call.node), "There is no get_latest_by.", call.node)
    if query.sliced:
        raise frame.refuse(
            "latest", ast.unparse(call.node), "Django raises TypeError: the query is sliced.", call.node
        )
    owner = commit(frame, owner)
    query = query_of(owner)
    base = chain(owner, "order_by", name("None"), query=query) if query.order == "done" else owner
    ordered = order_terms(
        frame,
        Val(QuerySet(query.with_(order="none", flip=False)), base.node),
        terms,
        call.node,
        flip=call.name == "latest",
    )
    value = limit_one(frame, ordered, 1)
    return fetch_get(frame, value, site_of(frame, value, at=call.node), call.node)


@method(QuerySet, "count")
def count(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``count()``: one COUNT; what is prefetched is counted in memory."""
    call.only(at_most=0)
    _no_surplus(frame, owner, call)
    cached = loaded_list(frame, owner, only_prefetched=True) or kept_rows(frame, owner, call.node)
    if cached is not None and cached.node is not None:
        return Val(Scalar("int"), quote("len({0})", cached.node))
    value = commit(frame, owner)
    helper = frame.imported("segue_bridge.db.reads", "count")
    assert value.node is not None
    return Val(Scalar("int"), quote("await {0}({1}, {2})", helper, frame.db, value.node))


@method(QuerySet, "exists")
def exists(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``exists()``: one row is asked for."""
    call.only(at_most=0)
    _no_surplus(frame, owner, call)
    cached = loaded_list(frame, owner, only_prefetched=True) or kept_rows(frame, owner, call.node)
    if cached is not None and cached.node is not None:
        return Val(Scalar("bool"), quote("bool({0})", cached.node))
    value = commit(frame, owner, distinct=not query_of(owner).sliced)
    helper = frame.imported("segue_bridge.db.reads", "exists")
    assert value.node is not None
    return Val(Scalar("bool"), quote("await {0}({1}, {2})", helper, frame.db, value.node))


def _no_surplus(frame: Frame, owner: Val, call: CallSite) -> None:
    if query_of(owner).surplus:
        raise frame.refuse(
            "distinct-values",
            ast.unparse(call.node),
            "Distinct values in an order have their columns already; Django counts them without the order.",
            call.node,
        )


@method(QuerySet, "contains")
def contains_call(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``contains(obj)``."""
    first_argument = call.argument(0)
    if first_argument is None:
        raise frame.refuse("contains", ast.unparse(call.node), "No object is given.", call.node)
    return _contains(frame, owner, first_argument, True, call.node)


def contains(frame: Frame, container: Val, item: Val, positive: bool, node: ast.Compare) -> Val:
    """``obj in queryset``: Django fetches every row; this asks for the one (never more queries)."""
    if isinstance(container.kind, RelatedManager):
        raise frame.refuse("membership", ast.unparse(node), "A manager is no container.", node)
    cached = loaded_list(frame, container, only_prefetched=True) or kept_rows(frame, container, node)
    query = query_of(container)
    if cached is not None or (query.values == "flat" and not isinstance(item.kind, Instance | User)):
        rows = cached if cached is not None else values_rows(frame, container)
        if query.values is None:
            from segue.translate.rules.membership import membership

            return membership(frame, ast.In() if positive else ast.NotIn(), item, rows, node)
        if item.node is None or rows.node is None:
            raise frame.refuse(
                "membership", ast.unparse(node), "This has no form in the generated code.", node
            )
        op: ast.cmpop = ast.In() if positive else ast.NotIn()
        return Val(Scalar("bool"), ast.Compare(item.node, [op], [rows.node]))
    return _contains(frame, container, item, positive, node)


def _contains(frame: Frame, container: Val, item: Val, positive: bool, node: ast.AST) -> Val:
    from segue.translate.rules.instance import relation_key

    query = query_of(container)
    kind = item.kind
    if query.values is not None or query.sliced or not isinstance(kind, Instance | User):
        raise frame.refuse("membership", "in", "Segue has no rule for this in a queryset.", node)
    if frame.ctx.model(kind.model).label != query.model and kind.model != query.model:
        raise frame.refuse("membership", "in", "An object of another model.", node)
    if isinstance(kind, Instance) and kind.nullable:
        raise frame.refuse("membership", "in", "The object may be None.", node)
    value = commit(frame, container, distinct=True)
    pk = ast.Attribute(root_of(frame, query.model), pk_field(frame.ctx, query.model).attname, ast.Load())
    value = add_where(frame, value, quote("{0} == {1}", pk, relation_key(frame, item)))
    helper = frame.imported("segue_bridge.db.reads", "exists")
    assert value.node is not None
    found = quote("await {0}({1}, {2})", helper, frame.db, value.node)
    return Val(Scalar("bool"), found if positive else ast.UnaryOp(ast.Not(), found))


def _no_first_of(frame: Frame, owner: Val, call: CallSite) -> None:
    if query_of(owner).first_of:
        raise frame.refuse(
            "distinct-on",
            ast.unparse(call.node),
            "Django raises TypeError after distinct(fields).",
            call.node,
        )


@method(QuerySet, "update")
def update(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``update(a=1)``: one UPDATE of the matching rows."""
    from segue.translate.rules.writes import update_rows

    _no_first_of(frame, owner, call)
    made = update_rows(frame, owner, call)
    forget_rows(frame, owner)
    forget_prefetched(frame, owner)
    return made


@method(QuerySet, "delete")
def delete(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``delete()``: with all that depends on the rows."""
    from segue.translate.rules.writes import delete_rows

    _no_first_of(frame, owner, call)
    made = delete_rows(frame, owner, call)
    forget_rows(frame, owner)
    forget_prefetched(frame, owner)
    return made


@method(QuerySet, "create")
def write(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Writes through a manager."""
    from segue.translate.rules.writes import create_through

    return create_through(frame, owner, call)


__all__ = ["Query", "describe", "name", "replace"]
