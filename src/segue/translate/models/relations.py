"""Relations as ``relationship()``: for joins and for objects that were loaded explicitly."""

from __future__ import annotations

from segue.snapshot.model import Model, ModelField, ReverseRelation
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models.columns import Text
from segue.translate.models.kinds import FOREIGN, base_name
from segue.translate.models.names import attribute, class_name, concrete
from segue.translate.models.problems import unusable

OPTIONS = 'viewonly=True, lazy="raise"'


def _path(ctx: Context, label: str) -> str:
    """Dotted path of the mapped class, which SQLAlchemy resolves once all modules are imported."""
    model = concrete(ctx, label)
    return f"{ctx.import_path(model.app, 'models')}.{class_name(ctx, label)}"


def _name(ctx: Context, model: Model, label: str, out: Text) -> str:
    """The annotation's class name, imported for type checkers only."""
    target = concrete(ctx, label)
    name = class_name(ctx, label)
    if target.app != model.app:
        item = Import(ctx.import_path(target.app, "models"), name, type_only=True)
        clash = any(other.name == name or other.alias == name for other in out.imports if other != item)
        own = any(
            concrete(ctx, other).app == model.app and class_name(ctx, other) == name
            for other in ctx.snapshot.models
        )
        if clash or own:
            alias = f"{target.app.title().replace('_', '')}{name}"
            item = Import(item.module, name, alias, type_only=True)
            name = alias
        out.imports.add(item)
    return name


def _usable(ctx: Context, label: str) -> bool:
    return label in ctx.snapshot.models and unusable(ctx.snapshot, concrete(ctx, label)) is None


def forward(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    """``author: Mapped["User"] = relationship(...)``; '' for a relation that cannot be declared."""
    relation = item.relation
    if item.tags is not None:
        return tags(ctx, model, item, out)
    if relation is None or not _usable(ctx, relation.to) or item.name == attribute(item):
        return many(ctx, model, item, out) if relation is not None and relation.kind == "m2m" else ""
    if base_name(item) not in FOREIGN:
        return many(ctx, model, item, out) if relation.kind == "m2m" else ""
    if relation.parent_link:
        return ""
    target = concrete(ctx, relation.to)
    remote = next(f for f in target.fields if (relation.to_field or target.pk) in (f.name, f.attname))
    path = _path(ctx, relation.to)
    own = f"{_path(ctx, model.label)}.{attribute(item)}"
    out.use("sqlalchemy.orm", "Mapped", "relationship")
    name = _name(ctx, model, relation.to, out)
    optional = " | None" if item.null else ""
    join = f"foreign({own}) == remote({path}.{attribute(remote)})"
    return (
        f'{item.name}: Mapped["{name}{optional}"] = relationship({path!r}, primaryjoin={join!r}, {OPTIONS})'
    )


def many(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    """``tags: Mapped[list["Tag"]] = relationship(secondary=...)``."""
    relation = item.relation
    if relation is None or not relation.through or not _usable(ctx, relation.to):
        return ""
    if not _usable(ctx, relation.through):
        return ""
    through = concrete(ctx, relation.through)
    target = concrete(ctx, relation.to)
    source = next((f for f in through.fields if f.name == relation.through_source), None)
    other = next((f for f in through.fields if f.name == relation.through_target), None)
    if source is None or other is None:
        return ""
    out.use("sqlalchemy.orm", "Mapped", "relationship")
    name = _name(ctx, model, relation.to, out)
    extra = ', info={"symmetrical": True}' if relation.symmetrical and model.label == target.label else ""
    own, far = _path(ctx, model.label), _path(ctx, relation.to)
    mine = _through_target(model, source)
    theirs = _through_target(target, other)
    table = through.table
    one = f"{own}.{mine} == {_column(table, source.column)}"
    two = f"{far}.{theirs} == {_column(table, other.column)}"
    return (
        f'{item.name}: Mapped[list["{name}"]] = relationship({far!r}, secondary={table!r}, '
        f"primaryjoin={one!r}, secondaryjoin={two!r}, {OPTIONS}{extra})"
    )


def tags(ctx: Context, model: Model, item: ModelField, out: Text) -> str:
    """``tags: Mapped[list["Tag"]] = relationship(…)`` of django-taggit, whose rows between may belong to other models as well."""
    relation = item.tags
    if relation is None or not _usable(ctx, relation.to) or not _usable(ctx, relation.through):
        return ""
    through, target = concrete(ctx, relation.through), concrete(ctx, relation.to)
    columns = {f.attname: _column(through.table, f.column) for f in through.fields}
    own, far = _path(ctx, model.label), _path(ctx, relation.to)
    one = f"{own}.{model.pk} == foreign({columns[relation.source]})"
    if relation.content_type:
        if not _usable(ctx, "contenttypes.ContentType"):
            return ""
        types = _path(ctx, "contenttypes.ContentType")
        app, _, short = model.label.partition(".")
        asked = f"select({types}.id).where({types}.app_label == {app!r}, {types}.model == {short.lower()!r})"
        one = f"and_({one}, {columns[relation.content_type]} == {asked}.scalar_subquery())"
    two = f"{far}.{target.pk} == foreign({columns[relation.target]})"
    out.use("sqlalchemy.orm", "Mapped", "relationship")
    name = _name(ctx, model, relation.to, out)
    return (
        f'{item.name}: Mapped[list["{name}"]] = relationship({far!r}, secondary={through.table!r}, '
        f"primaryjoin={one!r}, secondaryjoin={two!r}, {OPTIONS})"
    )


def _column(table: str, column: str) -> str:
    """A table's column inside SQLAlchemy's string expressions, where table names resolve too."""
    if table.isidentifier() and column.isidentifier():
        return f"{table}.c.{column}"
    return f"metadata.tables[{table!r}].c[{column!r}]"


def _through_target(model: Model, link: ModelField) -> str:
    assert link.relation is not None
    wanted = link.relation.to_field or model.pk
    return next((attribute(f) for f in model.fields if wanted in (f.name, f.attname)), model.pk)


def reverse(ctx: Context, model: Model, item: ReverseRelation, out: Text) -> str:
    """The accessor of a relation that points here, e.g. ``comment_set``."""
    if not _usable(ctx, item.model):
        return ""
    other = concrete(ctx, item.model)
    link = next((f for f in other.fields if f.name == item.field), None)
    if link is None or link.relation is None:
        return ""
    out.use("sqlalchemy.orm", "Mapped", "relationship")
    name = _name(ctx, model, item.model, out)
    path = _path(ctx, item.model)
    own = _path(ctx, model.label)
    if link.relation.kind == "m2m":
        return _reverse_many(ctx, model, item, link, name, out)
    mine = _through_target(model, link)
    join = f"foreign({path}.{attribute(link)}) == remote({own}.{mine})"
    join = f"{own}.{mine} == foreign({path}.{attribute(link)})"
    if item.kind == "o2o":
        return (
            f'{item.accessor}: Mapped["{name} | None"] = relationship({path!r}, primaryjoin={join!r}, '
            f"uselist=False, {OPTIONS})"
        )
    return (
        f'{item.accessor}: Mapped[list["{name}"]] = relationship({path!r}, primaryjoin={join!r}, {OPTIONS})'
    )


def _reverse_many(
    ctx: Context, model: Model, item: ReverseRelation, link: ModelField, name: str, out: Text
) -> str:
    relation = link.relation
    assert relation is not None
    if not _usable(ctx, relation.through):
        return ""
    through = concrete(ctx, relation.through)
    other = concrete(ctx, item.model)
    source = next((f for f in through.fields if f.name == relation.through_target), None)
    target = next((f for f in through.fields if f.name == relation.through_source), None)
    if source is None or target is None:
        return ""
    own, far = _path(ctx, model.label), _path(ctx, item.model)
    one = f"{own}.{_through_target(model, source)} == {_column(through.table, source.column)}"
    two = f"{far}.{_through_target(other, target)} == {_column(through.table, target.column)}"
    return (
        f'{item.accessor}: Mapped[list["{name}"]] = relationship({far!r}, secondary={through.table!r}, '
        f"primaryjoin={one!r}, secondaryjoin={two!r}, {OPTIONS})"
    )
