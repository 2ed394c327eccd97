"""Objects of django-polymorphic: rows of a parent's table as objects of the classes that they were saved as.

Source: ``polymorphic.query.PolymorphicQuerySet._get_real_instances``, ``PolymorphicModel.get_real_instance_class``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import FromClause, select
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base
from segue_bridge.db.content_types import content_type
from segue_bridge.db.writes import parts

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

E = TypeVar("E", bound=Base)
# How many keys one statement asks for: more bound values than that are too many for older SQLite.
_AT_ONCE = 500


async def real_objects(
    db: Session, base: type[E], found: Sequence[E], content_types: type[Base], *classes: type[E]
) -> list[E]:
    """``found`` (entities of ``base``) in their order, those that were saved as one of ``classes`` as objects of it.

    What is loaded of an object stays with it; its class adds its own columns, by one statement for each class. Left out
    are objects whose row in the table of their class is missing. Raises ``LookupError`` for one without a content type,
    ``RuntimeError`` for one with that of another class.
    """
    await content_type(db, content_types, *_names(base))
    known = _known(db, base, *classes)
    held_keys = [instance_dict(entity)["polymorphic_ctype_id"] for entity in found]
    if any(key not in known for key in held_keys if key is not None):
        await _ask(db, content_types, classes)
        known = _known(db, base, *classes)
    real: list[type[E]] = []
    for entity, key in zip(found, held_keys, strict=True):
        if key is None:
            raise LookupError(f"{base.__name__} #{_key(base, entity)} has no polymorphic_ctype_id.")
        if key not in known:
            raise RuntimeError(
                f"Content type {key} of {base.__name__} #{_key(base, entity)} is of no class below it."
            )
        real.append(known[key])
    added = {
        cls: await _columns(db, base, cls, found, real) for cls in dict.fromkeys(real) if cls is not base
    }
    made: list[E] = []
    for entity, cls in zip(found, real, strict=True):
        if cls is base:
            made.append(entity)
            continue
        more = added[cls].get(_key(base, entity))
        if more is not None:
            held = {
                name: value for name, value in instance_dict(entity).items() if not name.startswith("_sa_")
            }
            made.append(cls.loaded({**held, **more}))
    return made


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
    db: Session, base: type[E], cls: type[E], found: Sequence[E], real: Sequence[type[E]]
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
    keys = list(dict.fromkeys(_key(base, e) for e, c in zip(found, real, strict=True) if c is cls))
    added: dict[Any, dict[str, Any]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        asked = select(last, *(column for _, column in columns)).select_from(source)
        for row in await db.all(asked.where(last.in_(keys[start : start + _AT_ONCE]))):
            added[row[0]] = dict(zip(names, row[1:], strict=True))
    return added
