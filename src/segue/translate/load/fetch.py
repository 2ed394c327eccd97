"""Fetch sites: places where a queryset is evaluated into instances."""

from __future__ import annotations

import ast
from collections.abc import Hashable
from dataclasses import dataclass, field

from segue.refusal import refuse
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.symbols import symbols
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import Instance, ListOf, QuerySet
from segue.translate.load.models import concrete, pk_field
from segue.translate.load.needs import with_key
from segue.translate.load.own_loading import check_made
from segue.translate.load.unordered import as_the_table, in_no_order
from segue.translate.models import names
from segue.translate.needs import Needs
from segue.translate.query.ir import Query


@dataclass(slots=True, eq=False)
class Site:
    """A fetch site and the tokens that stand for its row class, loader and key."""

    needs: Needs
    row: str = ""
    rows: str = ""


@dataclass(slots=True)
class Sites:
    """All sites of a run, by identity of their needs, and by the key of their place."""

    by_needs: dict[int, Site] = field(default_factory=dict)
    by_key: dict[Hashable, Needs] = field(default_factory=dict)


def sites(ctx: Context) -> Sites:
    """The run's table of sites."""
    found = ctx.memo.setdefault(("kernel", "sites"), Sites())
    assert isinstance(found, Sites)
    return found


def entity_type(ctx: Context, label: str) -> tuple[str, Import]:
    """Name of the mapped class and its import. Raises :class:`segue.refusal.Refused` when there is none."""
    item = names.class_import(ctx, label)
    return item.name, item


def _site(ctx: Context, needs: Needs) -> Site:
    table = sites(ctx).by_needs
    if needs.serial not in table:
        from segue.translate.load.plan import loader_name, row_name

        site = Site(needs)
        site.row = symbols(ctx).new("row", lambda: row_name(ctx, needs))
        site.rows = symbols(ctx).new("rows", lambda: loader_name(ctx, needs))
        table[needs.serial] = site
    return table[needs.serial]


def row_type(ctx: Context, needs: Needs) -> tuple[str, Import]:
    """Token of the class of the site's objects, and the import that defines it."""
    site = _site(ctx, needs)
    app = concrete(ctx, needs.model).app
    return site.row, Import(ctx.import_path(app, "rows"), site.row)


def loader(ctx: Context, needs: Needs) -> tuple[str, Import]:
    """Token of ``async (db, statement, parameters=None) -> list[Row]``, and its import."""
    site = _site(ctx, needs)
    app = concrete(ctx, needs.model).app
    return site.rows, Import(ctx.import_path(app, "queries"), site.rows)


def site_of(frame: Frame, value: Val, hint: str = "", at: ast.AST | None = None) -> Needs:
    """The site of fetching ``value`` at ``at``: the same place in the same translation is one site."""
    assert isinstance(value.kind, QuerySet)
    query = value.kind.query
    check_made(frame.ctx, query.model)
    table = sites(frame.ctx)
    key: Hashable = None
    if at is not None:
        key = (
            frame.function.name,
            frame.shape,
            getattr(at, "lineno", 0),
            getattr(at, "col_offset", 0),
            query.model,
            tuple(item.name for item in query.annotations),
            tuple(item for item in query.prefetch if item.own),
        )
    needs = table.by_key.get(key) if key is not None else None
    if needs is None:
        needs = with_key(frame.ctx, Needs(query.model, hint=hint or frame.hint, fetched=True))
        if key is not None:
            table.by_key[key] = needs
    describe(frame.ctx, needs, query)
    return needs


def describe(ctx: Context, needs: Needs, query: Query) -> None:
    """Note what the statement itself brings: annotations in SELECT order, prefetched relations."""
    for item in query.annotations:
        needs.computed.setdefault(item.name, item.kind)
    needs.selected.update(query.selected)
    given = dict(query.known)
    if needs.known is not None and needs.known != given and any(n.startswith("known ") for n in needs.asked):
        why = "Django gives its rows the object that the set begins with, and other rows one of their own."
        raise refuse("related-manager", query.model, why, concrete(ctx, query.model).where)
    needs.known = given if needs.known in (None, given) else {}
    for prefetch in query.prefetch:
        if prefetch.own:
            if needs.written:
                needs.unshown[prefetch.name] = prefetch
            else:
                needs.shown[prefetch.name] = prefetch
                needs.prefetched.add(prefetch.name)
            continue
        first, _, rest = prefetch.path.partition("__")
        needs.prefetched.add(prefetch.path)
        if rest:
            needs.prefetched.add(first)


def _ready(frame: Frame, value: Val, at: ast.AST | None) -> Val:
    from segue.translate.query.build import settle

    value = settle(frame, value)
    assert isinstance(value.kind, QuerySet)
    if value.kind.query.values is not None:
        raise frame.refuse("values", value.text, "A values() query has no instances.", at)
    check_order(frame, value, at)
    from segue.translate.rules.queryset_sets import in_order

    return in_order(frame, value, at)


def check_order(frame: Frame, value: Val, at: ast.AST | None = None) -> None:
    """Refuse a list of grouped rows without an order: Django leaves Meta.ordering out there (since
    3.1) and the database returns groups in an order of its own, which another statement does not keep."""
    query = _query(value)
    if query.order == "none" and not query.sliced and any(a.aggregate for a in query.annotations):
        raise frame.refuse(
            "unordered-groups",
            value.text[:80],
            "Aggregates without order_by(): the order of the rows is left to the database.",
            at,
        )


def fetch_all(frame: Frame, value: Val, needs: Needs, at: ast.AST | None = None) -> Val:
    """``list(queryset)``: every row."""
    query = _query(value)
    if query.held and not query.sliced:
        why = "Django keeps its rows for all requests, or has DRF refuse to: it wants a copy (.all())."
        raise frame.refuse("class-queryset", value.text, why, at)
    value = as_the_table(frame, _ready(frame, value, at))
    query = _query(value)
    needs.unordered = needs.unordered or in_no_order(query)
    needs.firsts = needs.firsts or (query.open_order and bool(query.first_of))
    token, item = loader(frame.ctx, needs)
    frame.use(item)
    assert value.node is not None
    node = quote("await {0}({1}, {2})", name(token), frame.db, value.node)
    return Val(ListOf(Instance(needs.model, needs)), node)


def fetch_first(frame: Frame, value: Val, needs: Needs, at: ast.AST | None = None) -> Val:
    """``queryset.first()``: ordered by the primary key when it has no order."""
    from segue.translate.query.build import chain, root_of

    query = _query(value)
    if query.order == "none" and not query.sliced:
        root = root_of(frame, query.model)
        value = chain(
            value,
            "order_by",
            ast.Attribute(root, pk_field(frame.ctx, query.model).attname, ast.Load()),
            query=query.with_(order="done"),
        )
    rows = fetch_all(frame, limit_one(frame, value, 1), needs, at)
    assert rows.node is not None
    node = quote("{0}({1})", frame.imported("segue_bridge.db.reads", "or_none"), rows.node)
    return Val(Instance(needs.model, needs, nullable=True), node)


def limit_one(frame: Frame, value: Val, size: int) -> Val:
    """``queryset[:size]`` written as a limit (an already sliced query: as a tighter one is refused)."""
    from segue.translate.query.build import chain, settle

    value = settle(frame, value)
    query = _query(value)
    if query.sliced:
        raise frame.refuse("slice", value.text, "Taking one of a sliced query is not translated.")
    return chain(value, "limit", literal(size), query=query.with_(sliced=True))


def fetch_get(frame: Frame, value: Val, needs: Needs, at: ast.AST | None = None) -> Val:
    """``queryset.get()``: exactly one row, or Django's errors."""
    query = _query(value)
    if not query.sliced:
        from dataclasses import replace

        value = Val(
            QuerySet(replace(query, order="none" if query.order in ("meta", "terms") else query.order)),
            value.node,
        )
        value = limit_one(frame, value, 21)
    rows = fetch_all(frame, value, needs, at)
    assert rows.node is not None
    node = quote(
        "{0}({1}, {2})",
        frame.imported("segue_bridge.db.reads", "only"),
        rows.node,
        literal(frame.ctx.model(needs.model).cls.rpartition(".")[2]),
    )
    return Val(Instance(needs.model, needs), node)


def fetch_entity(frame: Frame, value: Val, at: ast.AST | None = None, hint: str = "") -> Val:
    """The one object of ``value`` with all its columns, to be written."""
    needs = site_of(frame, value, hint, at)
    needs.written = True
    return fetch_get(frame, value, needs, at)


def _query(value: Val) -> Query:
    assert isinstance(value.kind, QuerySet)
    return value.kind.query
