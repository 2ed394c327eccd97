"""What would cross between two databases when some tables move: relations of models in both directions, and what to do about each.

Pure: from the snapshot alone. :mod:`segue.split.joins` adds the places in the code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from segue.snapshot.model import Model, ModelField, Snapshot
from segue.split.tables import Name, named

Relation = tuple[str, str]
"""Label of the model that has the field, and the field's name."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where the code goes across. ``sure`` is False where only a name says so that other relations have as well."""

    where: str
    what: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Crossing:
    """A relation of which one end moves. ``moves``: ``from`` when the table with the column moves, ``to`` when the one that it refers to does.

    ``kind``: ``foreign key``, ``one to one``, ``many to many``, ``parent``, ``generic``. ``constrained``: the database checks it. ``verdict``: ``replicate``,
    ``drop``, ``call``, ``together``, ``copy``; ``advice`` is that in a sentence.
    """

    relation: Relation
    kind: str
    moves: str
    table: str
    column: str
    refers: str
    on_delete: str = ""
    constrained: bool = True
    places: tuple[Place, ...] = ()
    verdict: str = ""
    advice: str = ""


def crossings(
    snapshot: Snapshot, moved: Collection[Name], places: Mapping[Relation, Iterable[Place]]
) -> list[Crossing]:
    """Every relation of which one end is in ``moved``, in the order of models and fields. ``places`` are those of the code by relation."""
    found = []
    for model in snapshot.models.values():
        if model.proxy or model.abstract or model.swapped or not model.table:
            continue
        inside = named(model.table) in moved
        for field in model.fields:
            if field.relation is None or field.inherited_from in snapshot.models:
                continue
            one = _crossing(snapshot, model, field, inside, moved)
            if one is not None:
                found.append(
                    _advised(
                        one, tuple(sorted(set(places.get(one.relation, ())), key=lambda p: (not p.sure, p)))
                    )
                )
    return found


def crossing_relations(snapshot: Snapshot, moved: Collection[Name]) -> set[Relation]:
    """Those of :func:`crossings` that a query can join over."""
    return {c.relation for c in crossings(snapshot, moved, {}) if c.kind != "generic"}


def _crossing(
    snapshot: Snapshot, model: Model, field: ModelField, inside: bool, moved: Collection[Name]
) -> Crossing | None:
    relation = field.relation
    assert relation is not None
    here = (model.label, field.name)
    if relation.kind == "generic_fk":
        # Any model may be at the other end, and the table of content types stays with django.contrib.contenttypes.
        types = snapshot.models.get("contenttypes.ContentType")
        apart = inside and (types is None or named(types.table) not in moved)
        return (
            Crossing(here, "generic", "from", model.table, field.name, "any table", constrained=False)
            if apart
            else None
        )
    if relation.kind not in ("fk", "o2o", "generic_relation"):
        return None  # many to many: the keys of its through table
    other = snapshot.models.get(relation.to)
    if other is None or not other.table or (named(other.table) in moved) == inside:
        return None
    if relation.kind == "generic_relation":
        return Crossing(
            here,
            "generic",
            "from" if inside else "to",
            model.table,
            field.name,
            other.table,
            constrained=False,
        )
    kind = (
        "parent"
        if relation.parent_link
        else "many to many"
        if model.auto_created
        else {"fk": "foreign key", "o2o": "one to one"}[relation.kind]
    )
    return Crossing(
        here,
        kind,
        "from" if inside else "to",
        model.table,
        field.column,
        other.table,
        relation.on_delete,
        relation.db_constraint,
    )


def _advised(one: Crossing, places: tuple[Place, ...]) -> Crossing:
    verdict, advice = _advice(one, places)
    return Crossing(
        one.relation,
        one.kind,
        one.moves,
        one.table,
        one.column,
        one.refers,
        one.on_delete,
        one.constrained,
        places,
        verdict,
        advice,
    )


def _advice(one: Crossing, places: tuple[Place, ...]) -> tuple[str, str]:
    if one.kind == "parent":
        return (
            "together",
            f"A row of {one.table} is one object with its row of {one.refers}: move both or neither.",
        )
    if one.kind == "generic":
        return (
            "call",
            "Ids of content types differ between databases, and the other end may be anywhere: store the model's name and ask the other service.",
        )
    drop = (
        f"drop the constraint (db_constraint=False), keep {one.column}"
        if one.constrained
        else f"keep {one.column}"
    )
    if one.moves == "to":
        cascade = (
            f"; what on_delete says ({one.on_delete}) no longer happens across: handle that"
            if one.on_delete in ("CASCADE", "SET_NULL", "SET_DEFAULT", "RESTRICT", "PROTECT")
            else ""
        )
        if places:
            return (
                "copy",
                f"{_capital(drop)}; queries across read the copy of {one.refers} that the way back keeps at the source{cascade}.",
            )
        return "drop", f"{_capital(drop)}{cascade}."
    if places:
        return (
            "replicate",
            f"{_capital(drop)}; queries across need a read-only copy of {one.refers} in the new database, or two requests.",
        )
    return "drop", f"{_capital(drop)}; nothing in the code joins across."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
