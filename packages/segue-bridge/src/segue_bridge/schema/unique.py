"""Uniqueness that is checked before writing, as DRF's validators do it.

Sources: ``rest_framework.validators`` (DRF 3.18): UniqueValidator, UniqueTogetherValidator,
UniqueForDateValidator and its month and year forms.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, extract, inspect, literal, not_, select
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.session import Session
from segue_bridge.errors import ValidationError
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _

Condition = Callable[[Any], ColumnElement[bool]]

REQUIRED = _("This field is required.")


async def unique(
    db: Session,
    column: InstrumentedAttribute[Any],
    value: Any,
    *,
    instance: Any = None,
    message: Text = _("This field must be unique."),
    where: ColumnElement[bool] | None = None,
) -> None:
    """Raise when another row has ``value`` in ``column``; ``None`` matches NULL, as in Django.

    It is asked even where another validator refused the value. PostgreSQL takes no text with a NUL character, which DRF
    counts as no row (``rest_framework.validators.qs_exists``).
    """
    if db.dialect == "postgresql" and isinstance(value, str) and "\x00" in value:
        return
    entity = _entity(column)
    conditions = [_equals(column, _plain(value))]
    if where is not None:
        conditions.append(where)
    if await _exists(db, entity, conditions, instance):
        raise ValidationError([message], code="unique")


async def unique_together(
    db: Session,
    entity: type[Any],
    values: Mapping[str, Any],
    fields: Mapping[str, str],
    *,
    instance: Any = None,
    message: Text = _("The fields {field_names} must make a unique set."),
    code: str = "unique",
    condition: Condition | None = None,
    condition_fields: Mapping[str, str] | None = None,
    nulls_distinct: bool | None = None,
    missing_message: Text = REQUIRED,
    changed_only: bool = False,
) -> None:
    """Raise when another row has the same set of values.

    ``fields`` and ``condition_fields`` map the serializer's field names to sources;
    ``condition`` builds the constraint's condition on anything with the columns as attributes.
    On create every field must be there; on update absent ones are the instance's, and nothing
    is asked when none changed. ``changed_only``: of an update only what changed is looked at for None (DRF before 3.18);
    what was None and stays so is compared with the other rows' NULL.
    """
    others = condition_fields or {}
    if instance is None:
        missing = {
            name: missing_message for name, source in {**fields, **others}.items() if source not in values
        }
        if missing:
            raise ValidationError(missing, code="required")
    current = {
        source: _column_value(entity, values, instance, source)
        for source in [*fields.values(), *others.values()]
    }
    looked_at = list(fields.values())
    if instance is not None:
        changed = [
            source
            for source in current
            if source in values and current[source] != _column_value(entity, {}, instance, source)
        ]
        if not changed:
            return
        if changed_only:
            looked_at = [source for source in looked_at if source in changed]
    if nulls_distinct is not False and any(current[source] is None for source in looked_at):
        return
    conditions = [_equals(_column(entity, source), current[source]) for source in fields.values()]
    if condition is not None:
        against = SimpleNamespace(
            **{
                _column(entity, source).key: literal(current[source], _column(entity, source).type)
                for source in others.values()
            }
        )
        taken = _query(entity, [*conditions, condition(entity)], instance)
        found = await db.scalar(select(literal(1)).where(condition(against), taken))
    else:
        found = await _exists(db, entity, conditions, instance)
    if found:
        raise ValidationError([message.format(field_names=", ".join(fields))], code=code)


async def unique_for_date(
    db: Session,
    values: Mapping[str, Any],
    column: InstrumentedAttribute[Any],
    date_column: InstrumentedAttribute[Any],
    *,
    field: str,
    date_field: str,
    parts: tuple[str, ...] = ("day", "month", "year"),
    instance: Any = None,
    message: Text = _('This field must be unique for the "{date_field}" date.'),
) -> None:
    """Raise when another row has the value of ``field`` on the same date (or month, or year).

    ``parts`` is ``("day", "month", "year")``, ``("month",)`` or ``("year",)``; the date column
    must be a plain date (datetimes are compared in the current zone and are refused earlier).
    """
    missing = {name: REQUIRED for name in (field, date_field) if name not in values}
    if missing:
        raise ValidationError(missing, code="required")
    date: dt.date = values[date_field]
    conditions = [_equals(column, _plain(values[field]))]
    conditions += [extract(part, date_column) == getattr(date, part) for part in parts]
    if await _exists(db, _entity(column), conditions, instance):
        raise ValidationError({field: message.format(date_field=date_field)}, code="unique")


def _query(entity: type[Any], conditions: list[ColumnElement[bool]], instance: Any) -> ColumnElement[bool]:
    if instance is not None:
        (key,) = inspect(entity).primary_key
        column = inspect(entity).get_property_by_column(key).class_attribute
        conditions = [*conditions, not_(column == getattr(instance, column.key))]
    return exists(select(literal(1)).select_from(entity).where(and_(*conditions)))


async def _exists(
    db: Session, entity: type[Any], conditions: list[ColumnElement[bool]], instance: Any
) -> bool:
    return bool(await db.scalar(select(_query(entity, conditions, instance))))


def _equals(column: Any, value: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return found


def _entity(column: Any) -> type[Any]:
    found: type[Any] = column.class_
    return found


def _plain(value: Any) -> Any:
    """The key of an entity; any other value as it is."""
    state = inspect(value, raiseerr=False)
    if state is None or not hasattr(state, "mapper"):
        return value
    (key,) = state.mapper.primary_key_from_instance(value)
    return key


def _column(entity: type[Any], source: str) -> Any:
    """The mapped column behind a field or to-one relation name."""
    mapper = inspect(entity)
    if source in mapper.relationships:
        (local,) = mapper.relationships[source].local_columns
        return mapper.get_property_by_column(local).class_attribute
    return getattr(entity, source)


def _column_value(entity: type[Any], values: Mapping[str, Any], instance: Any, source: str) -> Any:
    column = _column(entity, source)
    if source not in values:
        return getattr(instance, column.key)
    mapper = inspect(entity)
    value = values[source]
    if value is None or source not in mapper.relationships:
        return value
    ((_, remote),) = mapper.relationships[source].local_remote_pairs
    return getattr(value, inspect(type(value)).get_property_by_column(remote).key)


__all__ = ["unique", "unique_for_date", "unique_together"]
