"""Presenting an entity that was just written: what the presenter touches is loaded first.

Django would load each relation when the serializer asks for it; here the same statements (never
more) stand before the presenter. The entity keeps its own column values, as Django's instance does, and what the legacy
query has joined or prefetched: that is shown as it was before the write.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Hashable, Mapping

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, Kind, QuerySet, RelatedManager
from segue.translate.load.fetch import fetch_all
from segue.translate.load.models import concrete, field_of, reverse_of, snake, target_field
from segue.translate.load.needs import to_many, to_one
from segue.translate.models.classes import use_relation
from segue.translate.needs import Needs
from segue.translate.rules.managers import related_queryset
from segue.translate.rules.tags import tags_of
from segue.translate.serializers.absent import shows_bare
from segue.translate.serializers.by_view import view_key
from segue.translate.serializers.facts import app_label, local_name, serializer_of, stem
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.polymorphic import chooses_by_class
from segue.translate.serializers.read import presenter
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose, evaluate


def saved_presenter(
    ctx: Context,
    serializer_name: str,
    model: str,
    *,
    partial: bool = False,
    fetched: Instance | None = None,
) -> Presenter:
    """The presenter for an entity of ``model`` that :func:`creator` or :func:`updater` returned. ``fetched``: what it was before,
    as a query gave it; the query then brings what Django has in memory with it."""
    shown = _shown_saved(ctx, serializer_name, model, partial, frozenset())
    if fetched is None or concrete(ctx, fetched.model).label != concrete(ctx, model).label:
        return shown
    brought = _brought(ctx, _needs(ctx, serializer_name, model, partial), fetched.site)
    if not brought:
        return shown
    other = _shown_saved(ctx, serializer_name, model, partial, brought)
    needs = _needs(ctx, serializer_name, model, partial, brought)
    used = [name for name in sorted(brought) if name in needs.one or name in needs.many]
    for accessor in used:
        if accessor in needs.one:
            _bring(ctx, to_one(ctx, fetched.site, accessor), needs.one[accessor])
        else:
            _bring(ctx, to_many(ctx, fetched.site, accessor), needs.many[accessor])
    return other if used else shown


def _brought(ctx: Context, needs: Needs, site: Needs) -> frozenset[str]:
    """The relations that the query of ``site`` brings in Django, with all that is shown behind them."""
    if not site.fetched or site.reread or site.refreshed is not None:
        return frozenset()
    paths = site.selected | site.prefetched
    paths |= {path[: at.start()] for path in paths for at in re.finditer("__", path)}
    found = set()
    for accessor in {path.partition("__")[0] for path in paths} - site.unshown.keys() - site.shown.keys():
        if tags_of(ctx, site.model, accessor) is not None:
            continue  # taggit forgets them as soon as it writes any
        one, many = needs.one.get(accessor), needs.many.get(accessor)
        if one is not None:
            brought = bool(one.one or one.many) and accessor not in site.assigned
        else:
            brought = many is not None or accessor in site.prefetched  # which is counted only
        if brought and all(_covered(needs, accessor, paths) for needs in (one, many) if needs is not None):
            found.add(accessor)
    return frozenset(found)


def _covered(needs: Needs, path: str, paths: set[str]) -> bool:
    """Whether the query brings the objects at ``path`` with all that is shown of them."""
    return path in paths and all(
        _covered(child, f"{path}__{name}", paths) for name, child in (*needs.one.items(), *needs.many.items())
    )


def _bring(ctx: Context, site: Needs, needs: Needs) -> None:
    """Let what is fetched at ``site`` have all that is shown of it."""
    site.columns.update(needs.columns)
    for accessor, child in needs.one.items():
        _bring(ctx, to_one(ctx, site, accessor), child)
    for accessor, child in needs.many.items():
        _bring(ctx, to_many(ctx, site, accessor), child)


def _key(
    ctx: Context, serializer_name: str, model: str, partial: bool, brought: frozenset[str] = frozenset()
) -> Hashable:
    return serializer_name, model, partial, view_key(ctx, serializer_name), brought, shows_bare(ctx)


def _needs(
    ctx: Context, serializer_name: str, model: str, partial: bool, brought: frozenset[str] = frozenset()
) -> Needs:
    """What the presenter with this key looks at."""
    needs = ctx.memo[("saved-needs", _key(ctx, serializer_name, model, partial, brought))]
    assert isinstance(needs, Needs)
    return needs


def _shown_saved(
    ctx: Context, serializer_name: str, model: str, partial: bool, brought: frozenset[str]
) -> Presenter:
    key = _key(ctx, serializer_name, model, partial, brought)
    memo = ctx.memo.get(("saved", key))
    if isinstance(memo, Presenter):
        return memo
    # ``written``: an entity with all its columns, whose relations are loaded as a row's would be
    site = Needs(model, written=True, held=brought, bare=shows_bare(ctx))
    # Objects that a PolymorphicSerializer has saved are of their own classes.
    site.fetched = chooses_by_class(ctx, serializer_name)
    shown = presenter(ctx, serializer_name, Instance(model, site), partial=partial)
    if site.one or site.many:
        shown = _with_loads(ctx, serializer_name, model, site, shown, brought)
    ctx.memo[("saved", key)] = shown
    ctx.memo[("saved-needs", key)] = site
    return shown


def fetch_with(ctx: Context, serializer_name: str, fetched: Instance, *, partial: bool = False) -> None:
    """Let the fetch of an object that is written bring what its presenter shows of relations that Django joins.

    Otherwise they would cost a statement after the write that Django does not need.
    """
    needs = ctx.memo.get(("saved-needs", _key(ctx, serializer_name, fetched.model, partial)))
    if not isinstance(needs, Needs):
        return
    for accessor, child in needs.one.items():
        if accessor in fetched.site.selected and not child.one and not child.many:
            to_one(ctx, fetched.site, accessor).columns.update(child.columns)


def show_given(
    ctx: Context, serializer_name: str, model: str, given: Mapping[str, Instance], *, partial: bool = False
) -> None:
    """Let objects that ``save(owner=…)`` was given have the columns that the presenter shows of them: it finds them in
    memory, as Django does, and does not ask for them again."""
    needs = ctx.memo.get(("saved-needs", _key(ctx, serializer_name, model, partial)))
    if not isinstance(needs, Needs):
        return
    for accessor, child in needs.one.items():
        known = given.get(accessor)
        if known is not None and not child.columns <= known.site.columns:
            known.site.written = True


def _with_loads(
    ctx: Context, serializer_name: str, model: str, site: Needs, shown: Presenter, brought: frozenset[str]
) -> Presenter:
    serializer = serializer_of(ctx, serializer_name)

    def build(frame: Frame) -> tuple[Kind, list[Parameter]]:
        kind = Instance(model, site)
        local = local_name(model, STATE)
        frame.locals_seen.add(local)
        value = Val(kind, name(local))
        frame.env[local] = value
        text, imports = annotation(ctx, kind)
        frame.use(*imports)
        for accessor in [*site.one, *site.many]:
            use_relation(ctx, model, accessor)  # reverse relations are declared where they are used
        for accessor, child in sorted(site.one.items()):
            _one(frame, value, accessor, child, accessor in brought)
        for accessor, child in sorted(site.many.items()):
            _many(frame, value, accessor, child, accessor in brought)
        frame.emit(f"return {call_lifted(frame, shown.lifted, local)}")
        return shown.kind, [Parameter(local, lambda: text)]

    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer_name,
            where=serializer.where,
            app=app_label(ctx, serializer),
            module_kind="presenters",
            name=f"present_saved_{snake(stem(ctx, serializer))}",
            doc="What is shown of an object that was just written; its relations are loaded first.",
            build=build,
        ),
    )
    return Presenter(lifted, shown.shape, shown.shape_imports)


def _one(frame: Frame, owner: Val, accessor: str, child: Needs, brought: bool) -> None:
    """A to-one relation: kept when it is loaded with all that is needed behind it."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    model = concrete(frame.ctx, kind.model)
    item = field_of(model, accessor)
    frame.use(Import("segue_bridge.schema.related", "is_loaded"))
    conditions: list[str] = []
    if item is not None and item.relation is not None:
        target = target_field(frame.ctx, item)
        near, far = item.attname, target.attname
        if item.null:
            conditions.append(f"{owner.text}.{near} is not None")
    else:
        reverse = reverse_of(model, accessor)
        assert reverse is not None
        back = field_of(frame.ctx.model(reverse.model), reverse.field)
        assert back is not None
        near, far = target_field(frame.ctx, back).attname, back.attname
    if brought and (child.one or child.many):
        conditions.append(f"not ({_is_there(frame, owner.text, accessor, child)})")
    elif not child.one and not child.many:
        conditions.append(f"not is_loaded({owner.text}, {accessor!r})")
    rows = _rows(frame, child, far, f"{owner.text}.{near}")
    frame.use(Import("segue_bridge.schema.related", "loaded"), Import("segue_bridge.db.reads", "or_none"))
    line = f"loaded({owner.text}, {accessor}=or_none({rows}))"
    if conditions:
        frame.emit_block(f"if {' and '.join(conditions)}:", [line])
    else:
        frame.emit(line)


def _is_there(frame: Frame, owner: str, accessor: str, needs: Needs) -> str:
    """Whether the relation is loaded with what is behind it: code may have put another object in its place."""
    frame.use(Import("segue_bridge.schema.related", "is_loaded"))
    near = f"{owner}.{accessor}"
    behind = [_is_there(frame, near, name, child) for name, child in sorted(needs.one.items())]
    if needs.many:
        frame.use(Import("segue_bridge.schema.related", "in_memory"))
        behind += [f"in_memory({near}, {name!r})" for name in sorted(needs.many)]
    loaded = f"is_loaded({owner}, {accessor!r})"
    return f"{loaded} and ({near} is None or {' and '.join(behind)})" if behind else loaded


def _rows(frame: Frame, child: Needs, column: str, value: str) -> str:
    """``await rows(db, <model's base manager>.where(column == value))``: no order, no manager filter."""
    from segue.translate.load.fetch import entity_type, loader
    from segue.translate.load.models import pk_field

    cls, imported = entity_type(frame.ctx, child.model)
    token, item = loader(frame.ctx, child)
    frame.use(imported, item, Import("sqlalchemy", "select"))
    _ = frame.db
    pk = pk_field(frame.ctx, child.model).attname
    return f"await {token}(db, select({cls}.{pk}).where({cls}.{column} == {value}))"


def _many(frame: Frame, owner: Val, accessor: str, child: Needs, brought: bool) -> None:
    """A to-many relation: asked anew, unless the legacy query has prefetched it and nothing was written through its manager."""
    frame.use(Import("segue_bridge.schema.related", "loaded"))
    where = frame.function.where
    assert isinstance(owner.kind, Instance)
    if tags_of(frame.ctx, owner.kind.model, accessor) is not None:
        queryset = related_queryset(
            frame, Val(RelatedManager(owner.kind, accessor, child.model), owner.node), ast.Pass()
        )
    else:
        queryset = evaluate(frame, f"{owner.text}.{accessor}.all()", where)
    assert isinstance(queryset.kind, QuerySet)
    rows = fetch_all(frame, queryset, child)
    line = f"loaded({owner.text}, {accessor}={rows.text})"
    if not brought:
        frame.emit(line)
        return
    frame.use(Import("segue_bridge.schema.related", "in_memory"))
    frame.emit_block(f"if not in_memory({owner.text}, {accessor!r}):", [line])
