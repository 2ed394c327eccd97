"""Presenting an entity that was just written: what the presenter touches is loaded first.

Django would load each relation when the serializer asks for it; here the same statements (never
more) stand before the presenter. The entity keeps its own column values, as Django's instance does.
"""

from __future__ import annotations

from collections.abc import Mapping

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, Kind, QuerySet
from segue.translate.load.fetch import fetch_all
from segue.translate.load.models import concrete, field_of, reverse_of, snake, target_field
from segue.translate.load.needs import to_one
from segue.translate.models.classes import use_relation
from segue.translate.needs import Needs
from segue.translate.serializers.by_view import view_key
from segue.translate.serializers.facts import app_label, local_name, serializer_of, stem
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.polymorphic import chooses_by_class
from segue.translate.serializers.read import presenter
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose, evaluate


def saved_presenter(ctx: Context, serializer_name: str, model: str, *, partial: bool = False) -> Presenter:
    """The presenter for an entity of ``model`` that :func:`creator` or :func:`updater` returned."""
    key = (serializer_name, model, partial, view_key(ctx, serializer_name))
    memo = ctx.memo.get(("saved", key))
    if isinstance(memo, Presenter):
        return memo
    # ``written``: an entity with all its columns, whose relations are loaded as a row's would be
    site = Needs(model, written=True)
    # Objects that a PolymorphicSerializer has saved are of their own classes.
    site.fetched = chooses_by_class(ctx, serializer_name)
    shown = presenter(ctx, serializer_name, Instance(model, site), partial=partial)
    if site.one or site.many:
        shown = _with_loads(ctx, serializer_name, model, site, shown)
    ctx.memo[("saved", key)] = shown
    ctx.memo[("saved-needs", key)] = site
    return shown


def fetch_with(ctx: Context, serializer_name: str, fetched: Instance, *, partial: bool = False) -> None:
    """Let the fetch of an object that is written bring what its presenter shows of relations that Django joins.

    Otherwise they would cost a statement after the write that Django does not need.
    """
    key = (serializer_name, fetched.model, partial, view_key(ctx, serializer_name))
    needs = ctx.memo.get(("saved-needs", key))
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
    needs = ctx.memo.get(("saved-needs", (serializer_name, model, partial, view_key(ctx, serializer_name))))
    if not isinstance(needs, Needs):
        return
    for accessor, child in needs.one.items():
        known = given.get(accessor)
        if known is not None and not child.columns <= known.site.columns:
            known.site.written = True


def _with_loads(ctx: Context, serializer_name: str, model: str, site: Needs, shown: Presenter) -> Presenter:
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
            _one(frame, serializer.where, value, accessor, child)
        for accessor, child in sorted(site.many.items()):
            _many(frame, value, accessor, child)
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


def _one(frame: Frame, where: object, owner: Val, accessor: str, child: Needs) -> None:
    """A to-one relation: kept when it is loaded and nothing behind it is needed."""
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
    if not child.one and not child.many:
        conditions.append(f"not is_loaded({owner.text}, {accessor!r})")
    rows = _rows(frame, child, far, f"{owner.text}.{near}")
    frame.use(Import("segue_bridge.schema.related", "loaded"), Import("segue_bridge.db.reads", "or_none"))
    line = f"loaded({owner.text}, {accessor}=or_none({rows}))"
    if conditions:
        frame.emit_block(f"if {' and '.join(conditions)}:", [line])
    else:
        frame.emit(line)


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


def _many(frame: Frame, owner: Val, accessor: str, child: Needs) -> None:
    """A to-many relation: always asked anew, as a write may have changed it."""
    frame.use(Import("segue_bridge.schema.related", "loaded"))
    where = frame.function.where
    queryset = evaluate(frame, f"{owner.text}.{accessor}.all()", where)
    assert isinstance(queryset.kind, QuerySet)
    rows = fetch_all(frame, queryset, child)
    frame.emit(f"loaded({owner.text}, {accessor}={rows.text})")
