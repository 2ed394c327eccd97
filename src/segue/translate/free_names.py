"""Columns whose name SQLAlchemy's declarative base keeps for itself get another attribute.

Done once, on the snapshot that translation works with: a field called ``metadata`` has the attribute
``metadata_`` (its column, its name in requests and in legacy code stay as they are), so that no
later step has to know. Source of the names: ``sqlalchemy.orm.DeclarativeBase`` and
:class:`segue_bridge.db.base.Base`.
"""

from __future__ import annotations

from dataclasses import replace

from segue.snapshot.model import Model, ModelField, Snapshot

RESERVED = frozenset({"metadata", "registry", "loaded"})


def with_free_names(snapshot: Snapshot) -> Snapshot:
    """``snapshot`` with the attributes of such columns renamed; itself when there are none."""
    if not any(f.attname in RESERVED for m in snapshot.models.values() for f in m.fields):
        return snapshot
    return replace(snapshot, models={label: _freed(model) for label, model in snapshot.models.items()})


def renamed(model: Model) -> list[ModelField]:
    """The fields whose attribute is not called as the field is."""
    return [f for f in model.fields if f.relation is None and f.attname != f.name]


def _freed(model: Model) -> Model:
    taken = {name for f in model.fields for name in (f.name, f.attname)}
    return replace(model, fields=tuple(_renamed(f, taken) for f in model.fields))


def _renamed(field: ModelField, taken: set[str]) -> ModelField:
    if field.attname not in RESERVED or field.relation is not None:
        return field
    name = f"{field.attname}_"
    while name in taken:
        name += "_"
    return replace(field, attname=name)
