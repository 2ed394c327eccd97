"""``ContentType.objects.get_for_model``: the row that stands for a model, asked for once in a process.

Source: ``django.contrib.contenttypes.models.ContentTypeManager``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import Base, as_loaded

if TYPE_CHECKING:
    from segue_bridge.db.session import Session

E = TypeVar("E", bound=Base)


async def content_type(db: Session, entity: type[E], app_label: str, model: str) -> E:
    """The content type of ``app_label`` and ``model`` (in lower case), made where there is none yet."""
    key = (app_label, model)
    known = db.content_types.get(key)
    if known is None:
        columns = entity.__table__.c
        wanted = select(entity).where(columns.app_label == app_label, columns.model == model).limit(21)
        found = await db.entities(wanted)
        if not found:
            made, _ = await db.get_or_create(entity, {"app_label": app_label, "model": model})
            return made
        known = db.content_types[key] = dict(instance_dict(found[0]))
    return as_loaded(entity, {name: value for name, value in known.items() if not name.startswith("_")})


def key_of(entity: type[Base], app_label: str, model: str) -> ScalarSelect[Any]:
    """The key of that content type, inside of another statement."""
    columns = entity.__table__.c
    wanted = select(columns.id).where(columns.app_label == app_label, columns.model == model)
    return wanted.scalar_subquery()
