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
from segue.translate.serializers.only_for import where_shown
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
    needs = _needs(ctx, serializer_name, model, partial)
    _join(ctx, fetched.site, needs, _with_beginnings(fetched.site.selected))
    brought = _brought(ctx, needs, fetched.site)
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


def looks_further(ctx: Context, serializer_name: str, model: str) -> bool:
    """Whether a serializer shows anything behind an object's relations."""
    _shown_saved(ctx, serializer_name, model, False, frozenset())
    needs = _needs(ctx, serializer_name, model, False)
    return bool(needs.one or needs.many)


def half_prefetched(ctx: Context, serializer_name: str, fetched: Instance) -> tuple[str, set[str]] | None:
    """A set that the query of ``fetched`` prefetches without all that the serializer shows of its objects, with the models
    (their classes' names) that are behind it: Django shows the rows of then with what leads on from them now."""
    site = fetched.site
    if not site.fetched or site.refreshed is not None or site.reread:
        return None
    _shown_saved(ctx, serializer_name, fetched.model, False, frozenset())
    needs = _needs(ctx, serializer_name, fetched.model, False)
    paths = _with_beginnings(site.selected | site.prefetched)
    for accessor, child in sorted(needs.many.items()):
        if accessor not in paths or accessor in site.shown or accessor in site.unshown:
            continue
        if tags_of(ctx, site.model, accessor) is None and not _covered(child, accessor, paths):
            models = {concrete(ctx, child.model).cls.rpartition(".")[2]}
            return accessor, models
    return None


def _with_beginnings(paths: set[str]) -> set[str]:
    """``paths`` (``publisher__country``) and those that they begin with (``publisher``)."""
    return paths | {path[: at.start()] for path in paths for at in re.finditer("__", path)}


def _join(ctx: Context, site: Needs, needs: Needs, paths: set[str]) -> None:
    """Let the query of ``site`` bring what is shown of the relations that Django joins (``paths``): it has them in memory
    since then."""
    if site.fetched and site.refreshed is None:
        _join_below(ctx, site, needs, paths, "")


def _join_below(ctx: Context, site: Needs, needs: Needs, paths: set[str], before: str) -> None:
    for accessor, child in needs.one.items():
        path = f"{before}{accessor}"
        if path in paths:
            joined = to_one(ctx, site, accessor)
            joined.columns.update(child.columns)
            _join_below(ctx, joined, child, paths, f"{path}__")


def _brought(ctx: Context, needs: Needs, site: Needs) -> frozenset[str]:
    """The relations whose sets the query of ``site`` brings in Django, with all that is shown behind them."""
    if not site.fetched or site.refreshed is not None:
        return frozenset()
    paths = _with_beginnings(site.selected | site.prefetched)
    found = set()
    for accessor in {path.partition("__")[0] for path in paths} - site.unshown.keys() - site.shown.keys():
        if tags_of(ctx, site.model, accessor) is not None:
            continue  # taggit forgets them as soon as it writes any
        one, many = needs.one.get(accessor), needs.many.get(accessor)
        if one is not None:
            brought = bool(one.one or one.many) and accessor not in site.assigned
        else:
            # Only the object's own sets are forgotten, not those of objects that it leads to.
            brought = not site.reread and (many is not None or accessor in site.prefetched)
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
        if known is not None and (child.one or child.many or not child.columns <= known.site.columns):
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
        for load, relations in ((_one, site.one), (_many, site.many)):
            for accessor, child in sorted(relations.items()):
                with where_shown(frame, site, accessor):
                    load(frame, value, accessor, child, accessor in brought)
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
    return Presenter(lifted, shown.shape, shown.shape_imports, shown.fields)


def _one(frame: Frame, owner: Val, accessor: str, child: Needs, brought: bool) -> None:
    """A to-one relation: kept when it is in memory, where Django asks only for what is shown behind it."""
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
    conditions.append(f"not is_loaded({owner.text}, {accessor!r})")
    rows = _rows(frame, child, far, f"{owner.text}.{near}")
    frame.use(Import("segue_bridge.schema.related", "loaded"), Import("segue_bridge.db.reads", "or_none"))
    line = f"loaded({owner.text}, {accessor}=or_none({rows}))"
    with frame.capture() as behind:
        _behind(frame, Val(Instance(child.model, child), name(f"{owner.text}.{accessor}")), brought)
    frame.emit_block(f"if {' and '.join(conditions)}:", [line])
    if not behind:
        return
    there = [] if item is not None and not item.null else [f"{owner.text}.{accessor} is not None"]
    if behind[0].startswith("if ") and all(line.startswith(" ") for line in behind[1:]):
        there.append(behind[0].removeprefix("if ").removesuffix(":"))
        behind = [line.removeprefix("    ") for line in behind[1:]]
    frame.emit_block(f"elif {' and '.join(there)}:" if there else "else:", behind)


def _behind(frame: Frame, owner: Val, brought: bool) -> None:
    """What is shown behind an object that was in memory before."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    for accessor in [*kind.site.one, *kind.site.many]:
        use_relation(frame.ctx, kind.model, accessor)
    for accessor, child in sorted(kind.site.one.items()):
        _one(frame, owner, accessor, child, brought)
    for accessor, child in sorted(kind.site.many.items()):
        _many(frame, owner, accessor, child, brought)


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
