"""Objects of django-polymorphic: rows of a parent's table as objects of the classes that they were saved as.

Source: ``polymorphic.query.PolymorphicQuerySet._get_real_instances``, ``PolymorphicModel.get_real_instance_class``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import FromClause, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base, as_loaded, mapper_of
from segue_bridge.db.content_types import content_type
from segue_bridge.db.errors import ObjectDoesNotExist
from segue_bridge.db.following import follow
from segue_bridge.db.writes import parts

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

E = TypeVar("E", bound=Base)
T = TypeVar("T")
# How many keys one statement asks for: as many as django-polymorphic 4; 3 asks for 100.
_AT_ONCE = 2000


async def real_objects(
    db: Session,
    base: type[E],
    found: Sequence[E],
    content_types: type[Base],
    *classes: type[E],
    drop_missing: bool = False,
) -> list[E]:
    """``found`` (entities of ``base``) in their order, those that were saved as one of ``classes`` as objects of it.

    What is loaded of an object stays with it; its class adds its own columns, by one statement for each class. An object
    whose row in the table of its class is missing is one of the next class up that has it, or left out where
    ``drop_missing`` (releases of django-polymorphic before 4). Raises ``LookupError`` for one without a content type,
    ``RuntimeError`` for one with that of another class.
    """
    if not found:
        return []
    real = await _classes(db, base, found, content_types, classes)
    made: list[E | None] = [entity if cls is base else None for entity, cls in zip(found, real, strict=True)]
    waiting: dict[type[E], list[int]] = {}
    for index, cls in enumerate(real):
        if cls is not base:
            waiting.setdefault(cls, []).append(index)
    while waiting:
        cls = max(waiting, key=lambda c: len(parts(c)))  # those further down first
        indices = waiting.pop(cls)
        added = await _columns(db, base, cls, [_key(base, found[index]) for index in indices])
        for index in indices:
            entity = found[index]
            more = added.get(_key(base, entity))
            if more is not None:
                held = {k: v for k, v in instance_dict(entity).items() if not k.startswith("_sa_")}
                made[index] = as_loaded(cls, {**held, **more})
            elif not drop_missing:
                above = mapper_of(cls).inherits
                assert above is not None
                if above.class_ is base:
                    made[index] = entity
                else:
                    waiting.setdefault(above.class_, []).append(index)
    # One object for one row, however often it is found.
    first = {_key(base, entity): made[index] for index, entity in reversed(list(enumerate(found)))}
    shown = (first[_key(base, entity)] for entity in found)
    return [entity for entity in shown if entity is not None]


async def follow_real(
    db: Session,
    entity: object,
    relation: InstrumentedAttribute[T],
    content_types: type[Base],
    *classes: type[Base],
    drop_missing: bool = False,
) -> T:
    """:func:`segue_bridge.db.following.follow` to an object of the class that it was saved as, which ``entity`` keeps.

    ``classes`` are those below the relation's own. Raises what :func:`real_objects` raises, and :class:`ObjectDoesNotExist`
    where that leaves the object out.
    """
    name = relation.key
    held = isinstance(entity, Base) and isinstance(instance_dict(entity).get(name), Base)
    found = await follow(db, entity, relation)
    base: type[Base] = relation.property.mapper.class_
    if not isinstance(found, Base) or type(found) is not base:
        return found
    if held and instance_dict(found).get("polymorphic_ctype_id") is None:
        return found  # code has made it, and not saved it yet
    real = await real_objects(db, base, [found], content_types, *classes, drop_missing=drop_missing)
    if not real:
        raise ObjectDoesNotExist(f"{base.__segue__.name} matching query does not exist.")
    instance_dict(entity)[name] = real[0]
    return cast(T, real[0])


async def _classes(
    db: Session, base: type[E], found: Sequence[E], content_types: type[Base], classes: Sequence[type[E]]
) -> list[type[E]]:
    """The class that each object was saved as."""
    await content_type(db, content_types, *_names(base))
    known = _known(db, base, *classes)
    held = [instance_dict(entity)["polymorphic_ctype_id"] for entity in found]
    if any(key not in known for key in held if key is not None):
        await _ask(db, content_types, classes)
        known = _known(db, base, *classes)
    for entity, key in zip(found, held, strict=True):
        if key is None:
            raise LookupError(f"{base.__name__} #{_key(base, entity)} has no polymorphic_ctype_id.")
        if key not in known:
            raise RuntimeError(
                f"Content type {key} of {base.__name__} #{_key(base, entity)} is of no class below it."
            )
    return [known[key] for key in held]


def _names(cls: type[Base]) -> tuple[str, str]:
    app, _, model = cls.__segue__.label.rpartition(".")
    return app, model.lower()


def _key(base: type[Base], entity: Base) -> Any:
    return instance_dict(entity)[parts(base)[0].key[0]]


def _known(db: Session, *classes: type[E]) -> dict[int, type[E]]:
    """The classes by the keys of their content types, as far as this process has asked for them."""
    held = {_names(cls): cls for cls in classes}
    return {row["id"]: held[names] for names, row in db.content_types.items() if names in held}


async def _ask(db: Session, content_types: type[Base], classes: Sequence[type[Base]]) -> None:
    """Ask for the content types of ``classes``: all at once, as they are kept."""
    columns = content_types.__table__.c
    wanted = {_names(cls) for cls in classes}
    condition = columns.app_label.in_({a for a, _ in wanted}) & columns.model.in_({m for _, m in wanted})
    for entity in await db.entities(select(content_types).where(condition)):
        held = dict(instance_dict(entity))
        names = (held["app_label"], held["model"])
        if names in wanted:
            db.content_types[names] = held


async def _columns(
    db: Session, base: type[E], cls: type[E], keys: Sequence[Any]
) -> dict[Any, dict[str, Any]]:
    """What the tables of ``cls`` add to each of its objects, by key."""
    known = {part.table for part in parts(base)}
    own = [part for part in parts(cls) if part.table not in known]
    last = own[-1].key[1]
    source: FromClause = own[-1].table
    for part in reversed(own[:-1]):
        source = source.join(part.table, part.key[1] == last)
    columns = [item for part in own for item in (*part.columns, *part.generated)]
    names = [name for name, _ in columns]
    asked = select(last, *(column for _, column in columns)).select_from(source)
    added: dict[Any, dict[str, Any]] = {}
    wanted = list(dict.fromkeys(keys))
    for start in range(0, len(wanted), _AT_ONCE):
        for row in await db.all(asked.where(last.in_(wanted[start : start + _AT_ONCE]))):
            added[row[0]] = dict(zip(names, row[1:], strict=True))
    return added
