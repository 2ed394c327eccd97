"""Database side of relation fields: find what the client named, with DRF's texts.

Sources: ``PrimaryKeyRelatedField.to_internal_value``, ``SlugRelatedField.to_internal_value``
(DRF 3.18) and the value preparation of Django's exact lookup (Django 5.2).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.attributes import instance_dict

from segue_bridge.db.base import REREAD
from segue_bridge.db.session import Session
from segue_bridge.db.types.numbers import check_bound
from segue_bridge.errors import ValidationError
from segue_bridge.schema.relations import Reference
from segue_bridge.translation import gettext as _

_CHUNK = 500  # SQLite refuses very long IN lists


class _NoRow(Exception):
    """The value is well formed but cannot be in the column."""


async def find(
    db: Session, statement: Select[Any], column: InstrumentedAttribute[Any], reference: Any
) -> Any:
    """The one object of ``statement`` whose ``column`` is the referenced value.

    ``None`` and defaults (anything but a :class:`Reference`) are returned as they are.
    Raises ``ValidationError`` with the field's texts.
    """
    if not isinstance(reference, Reference):
        return reference
    try:
        value = _prepared(column, reference)
    except _NoRow:
        raise _missing(reference) from None
    found = await db.entities(statement.where(column.is_(None) if value is None else column == value))
    if not found:
        raise _missing(reference)
    if len(found) > 1:
        raise LookupError(
            f"get() returned more than one {type(found[0]).__name__} -- it returned {len(found)}!"
        )
    return found[0]


async def find_all(
    db: Session, statement: Select[Any], column: InstrumentedAttribute[Any], references: Any
) -> Any:
    """The objects named by a list, in its order and with its repeats; the first bad item raises.

    Django asks once per item; here one statement asks for all of them.
    """
    if not (isinstance(references, list) and references and isinstance(references[0], Reference)):
        return references
    wanted: list[tuple[Reference, Any]] = []
    bad: Exception | None = None
    for reference in references:
        try:
            wanted.append((reference, _prepared(column, reference)))
        except _NoRow:
            bad = _missing(reference)
            break
        except (ValidationError, OverflowError) as exc:
            bad = exc
            break
    by_value = await _load(db, statement, column, [value for _, value in wanted])
    result = []
    for reference, value in wanted:
        found = by_value.get(value, [])
        if not found:
            raise _missing(reference)
        if len(found) > 1:
            raise LookupError(
                f"get() returned more than one {type(found[0]).__name__} -- it returned {len(found)}!"
            )
        result.append(found[0])
    if bad is not None:
        raise bad
    return result


async def _load(
    db: Session, statement: Select[Any], column: InstrumentedAttribute[Any], values: Sequence[Any]
) -> dict[Any, list[Any]]:
    distinct = list(dict.fromkeys(values))
    found: dict[Any, list[Any]] = {}
    for start in range(0, len(distinct), _CHUNK):
        part = distinct[start : start + _CHUNK]
        nulls = [value for value in part if value is None]
        condition: ColumnElement[bool] = column.in_([value for value in part if value is not None])
        if nulls:
            condition = condition | column.is_(None)
        for entity in await db.entities(statement.where(condition)):
            found.setdefault(getattr(entity, column.key), []).append(entity)
    return found


def _missing(reference: Reference) -> ValidationError:
    text = reference.texts["does_not_exist"]
    if reference.slug:
        text = text.format(slug_name=reference.slug, value=reference.value)
    else:
        text = text.format(pk_value=reference.value)
    return ValidationError([text], code="does_not_exist")


def _wrong_type(reference: Reference) -> ValidationError:
    if reference.slug:
        return ValidationError([reference.texts["invalid"]], code="invalid")
    text = reference.texts["incorrect_type"].format(data_type=type(reference.value).__name__)
    return ValidationError([text], code="incorrect_type")


def _prepared(column: InstrumentedAttribute[Any], reference: Reference) -> Any:
    """The value as Django's exact lookup would send it to the column."""
    raw = reference.value
    if isinstance(raw, bool) and not reference.slug:
        raise _wrong_type(reference)
    if raw is None:
        if reference.slug:
            return None
        raise _NoRow
    # a TypeDecorator does not tell the Python type of what it decorates
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if kind is int:
        try:
            number = int(raw)
        except (TypeError, ValueError):
            raise _wrong_type(reference) from None
        if not check_bound(number):
            raise _NoRow
        return number
    if kind is uuid.UUID:
        return _uuid(raw)
    if kind is str:
        return raw if isinstance(raw, str) else str(raw)
    raise TypeError(f"related objects cannot be found by a column of {kind.__name__}")


def _uuid(raw: Any) -> uuid.UUID:
    try:
        return uuid.UUID(int=raw) if isinstance(raw, int) else uuid.UUID(hex=raw)
    except (AttributeError, ValueError):
        raise ValidationError(
            [_("“%(value)s” is not a valid UUID.") % {"value": raw}], code="invalid"
        ) from None


def assign(entity: Any, values: Mapping[str, Any]) -> None:
    """``ModelSerializer.update``: set each value; a relation sets its column too."""
    for name, value in values.items():
        setattr(entity, name, value)


def is_loaded(entity: Any, relation: str) -> bool:
    """Has ``relation`` been set or loaded?"""
    return relation in instance_dict(entity)


def in_memory(entity: Any, relation: str) -> bool:
    """Are the rows of the to-many ``relation`` there as they were read, and not written through its manager since?"""
    held = instance_dict(entity)
    return relation in held and relation not in held.get(REREAD, ())


def loaded(entity: Any, **relations: Any) -> None:
    """Give ``entity`` relations that were read for it; this changes no column."""
    held = instance_dict(entity)
    held.update(relations)
    if REREAD in held:
        held[REREAD] -= relations.keys()
