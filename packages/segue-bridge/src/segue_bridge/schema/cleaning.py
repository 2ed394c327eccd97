"""``Model.full_clean()``: what a model says of the values of one of its objects.

Source: ``django.db.models.base.Model`` (5.2): ``full_clean``, ``clean_fields``, ``validate_unique`` and
``validate_constraints``; ``django.db.models.fields.Field.validate`` and ``run_validators``. Errors are raised as
:class:`segue_bridge.errors.ValidationError`, in the form that DRF gives Django's in ``as_serializer_error``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, inspect, literal, not_, select
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.base import Base, primary_key
from segue_bridge.db.session import Session
from segue_bridge.errors import ErrorDetail, Invalid, ValidationError, detail_of, details_of
from segue_bridge.translation import Text
from segue_bridge.translation import gettext as _

NON_FIELD_ERRORS = "__all__"
_EMPTY: tuple[Any, ...] = (None, "", [], (), {})

Errors = dict[str, list[Any]]
Own = Callable[[], Awaitable[None] | None]
"""A method of the model, bound to the object; it raises ``ValidationError``."""
OwnUnique = Callable[[set[str]], Awaitable[None] | None]
"""``validate_unique`` of the model, bound to the object, of the fields that are left out."""


class _Hole:
    def __repr__(self) -> str:
        return "{}"


VALUE = _Hole()
"""Stands for the value in a :attr:`Row.missing` that was filled in by name."""


@dataclass(frozen=True, slots=True)
class Row:
    """The row that a foreign key leads to: its ``key`` has the value, ``limit`` is ``limit_choices_to``. ``missing`` is
    Django's text for the ``repr`` of a value that has none (``{}``)."""

    key: InstrumentedAttribute[Any]
    missing: Text
    limit: ColumnElement[bool] | None = None

    async def check(self, db: Session, value: Any) -> None:
        """``ForeignKey.validate``. Raises ``ValidationError``."""
        found = select(literal(1)).where(self.key == value).limit(1)
        if self.limit is not None:
            found = found.where(self.limit)
        if await db.first(found) is None:
            raise ValidationError([ErrorDetail(str(self.missing.format(repr(value))), "invalid")])


@dataclass(frozen=True, slots=True)
class FieldRules:
    """A field with a column. ``column`` is the attribute of the entity where that is not the field's name, ``label`` what
    messages call it; ``choices`` are the values that it may have, empty where it may have any. ``convert`` is a ``to_python`` of
    the field's own, ``validate`` a method that stands for Django's :func:`validate_value`; ``row`` is of foreign keys. ``messages``: its own in the
    place of Django's for ``null``, ``blank``, ``invalid_choice`` and ``unique``."""

    name: str
    label: Text
    column: str = ""
    blank: bool = False
    null: bool = False
    editable: bool = True
    choices: tuple[Any, ...] = ()
    validators: tuple[Callable[[Any], None], ...] = ()
    convert: Callable[[Any], Any] | None = None
    validate: Callable[[Any], None] | None = None
    row: Row | None = None
    messages: Mapping[str, Text] = field(default_factory=dict)

    @property
    def attribute(self) -> str:
        """Of the entity."""
        return self.column or self.name


@dataclass(frozen=True, slots=True)
class Check:
    """A ``CheckConstraint``: ``holds`` for an object, NULL counting as true; it looks at ``fields``, and not at all where one
    of them is left out."""

    message: Text
    fields: tuple[str, ...]
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class ModelRules:
    """``label`` is what messages call the model. ``unique`` are the sets of fields that no two rows share, in the order in which
    Django looks (``unique_together`` before single fields), ``constraints`` those of ``UniqueConstraint`` and the checks."""

    label: Text
    fields: tuple[FieldRules, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    constraints: tuple[tuple[str, ...] | Check, ...] = ()


async def clean_entity(
    db: Session,
    entity: Base,
    rules: ModelRules,
    exclude: Collection[str] | None = None,
    clean: Own | None = None,
    validate_unique: OwnUnique | None = None,
    *,
    unique: bool = True,
    constraints: bool = True,
    rows: bool = False,
) -> None:
    """Raise ``ValidationError`` with all that is wrong, by field; ``__all__`` for the object as a whole.

    ``exclude``: names of fields that are not looked at. ``clean`` is the model's own method, called whatever the fields say;
    ``validate_unique`` its own, in the place of :func:`check_unique`. ``rows``: ask for those behind all foreign keys, not only
    under a condition; a serializer has asked for them.
    """
    left_out = set(exclude or ())
    errors: Errors = {}
    await _clean_fields(db, entity, rules, left_out, errors, rows)
    await _ask(clean, errors)
    if unique:
        left_out.update(name for name in errors if name != NON_FIELD_ERRORS)
        own = validate_unique or partial(check_unique, db, entity, rules)
        await _ask(partial(own, left_out), errors)
    if constraints:
        left_out.update(name for name in errors if name != NON_FIELD_ERRORS)
        with db.primary():  # Model.validate_constraints asks where it will be written
            await _ask(partial(_check_sets, db, entity, rules, rules.constraints, left_out), errors)
    if errors:
        raise ValidationError(errors)


async def check_unique(db: Session, entity: Base, rules: ModelRules, exclude: set[str]) -> None:
    """``Model.validate_unique``. Raises ``ValidationError`` with what other rows have already, by field."""
    await _check_sets(db, entity, rules, rules.unique, exclude)


async def _check_sets(
    db: Session, entity: Base, rules: ModelRules, sets: Sequence[tuple[str, ...] | Check], exclude: set[str]
) -> None:
    found: Errors = {}
    for names in sets:
        if isinstance(names, Check):
            if not exclude.intersection(names.fields) and not names.holds(entity):
                found.setdefault(NON_FIELD_ERRORS, []).append(ErrorDetail(str(names.message)))
            continue
        if not exclude.intersection(names) and await _taken(db, entity, rules, names):
            key = names[0] if len(names) == 1 else NON_FIELD_ERRORS
            found.setdefault(key, []).append(ErrorDetail(_unique_text(rules, names), _code(names)))
    if found:
        raise ValidationError(found)


async def full_clean(
    db: Session,
    entity: Base,
    rules: ModelRules,
    exclude: Collection[str] | None = None,
    clean: Own | None = None,
    validate_unique: OwnUnique | None = None,
    *,
    unique: bool = True,
    constraints: bool = True,
) -> None:
    """:func:`clean_entity` where no serializer is validating: raises ``Invalid``, Django's own error."""
    try:
        await clean_entity(
            db, entity, rules, exclude, clean, validate_unique,
            unique=unique, constraints=constraints, rows=True,
        )  # fmt: skip
    except ValidationError as exc:
        raise Invalid({name: [_again(one) for one in found] for name, found in exc.detail.items()}) from exc


def _again(detail: ErrorDetail) -> Invalid:
    return Invalid(str(detail), detail.code)


async def _ask(own: Own | None, errors: Errors) -> None:
    if own is None:
        return
    try:
        pending = own()
        if pending is not None:
            await pending
    except ValidationError as exc:
        _add(errors, exc)
    except Invalid as exc:
        _add(errors, ValidationError(details_of(exc)))


async def _clean_fields(
    db: Session, entity: Base, rules: ModelRules, exclude: Collection[str], errors: Errors, rows: bool
) -> None:
    for one in rules.fields:
        if one.name in exclude:
            continue
        value = getattr(entity, one.attribute)
        if one.blank and _is_empty(value):
            continue
        try:
            cleaned = await _clean(db, one, value, rows)
        except (ValidationError, Invalid) as exc:
            errors[one.name] = list(detail_of(exc))
        else:
            if one.convert is not None:
                setattr(entity, one.attribute, cleaned)


def validate_value(
    value: Any,
    *,
    choices: Sequence[Any] = (),
    null: bool = False,
    blank: bool = False,
    editable: bool = True,
    messages: Mapping[str, Text] | None = None,
) -> None:
    """``Field.validate``. Raises ``ValidationError``."""
    if not editable:
        return
    messages = messages or {}
    if choices and not _is_empty(value):
        if value not in choices:
            text = messages.get("invalid_choice", _("Value %(value)r is not a valid choice."))
            raise ValidationError([ErrorDetail(str(text) % {"value": value}, "invalid_choice")])
    elif value is None and not null:
        raise ValidationError(
            [ErrorDetail(str(messages.get("null", _("This field cannot be null."))), "null")]
        )
    elif not blank and _is_empty(value):
        raise ValidationError(
            [ErrorDetail(str(messages.get("blank", _("This field cannot be blank."))), "blank")]
        )


async def _clean(db: Session, rule: FieldRules, value: Any, rows: bool) -> Any:
    """``Field.clean``."""
    if rule.convert is not None:
        value = rule.convert(value)
    if rule.validate is not None:
        rule.validate(value)
    else:
        validate_value(
            value,
            choices=rule.choices,
            null=rule.null,
            blank=rule.blank,
            editable=rule.editable,
            messages=rule.messages,
        )
    if rule.row is not None and value is not None and (rows or rule.row.limit is not None):
        await rule.row.check(db, value)
    if _is_empty(value):
        return value
    found: list[Any] = []
    for validate in rule.validators:
        try:
            validate(value)
        except (ValidationError, Invalid) as exc:
            found.extend(detail_of(exc))
    if found:
        raise ValidationError(found)
    return value


def _is_empty(value: Any) -> bool:
    return value in _EMPTY


def _add(errors: Errors, exc: ValidationError) -> None:
    """``ValidationError.update_error_dict``."""
    if not isinstance(exc.detail, dict):
        errors.setdefault(NON_FIELD_ERRORS, []).extend(exc.detail)
        return
    for key, value in exc.detail.items():
        errors.setdefault(key, []).extend(value if isinstance(value, list) else [value])


async def _taken(db: Session, entity: Base, rules: ModelRules, names: tuple[str, ...]) -> bool:
    """Has another row these values? NULL is like no other, and the key of a stored row is not asked for (Django's
    ``_perform_unique_checks`` leaves it out)."""
    cls = type(entity)
    columns = {one.name: one.attribute for one in rules.fields}
    values = {columns[name]: getattr(entity, columns[name]) for name in names}
    if any(value is None for value in values.values()):
        return False
    conditions: list[ColumnElement[bool]] = [getattr(cls, key) == value for key, value in values.items()]
    (key,) = primary_key(entity)
    if entity._stored and key is not None:
        (column,) = inspect(cls).primary_key
        own = inspect(cls).get_property_by_column(column)
        if own.key in values:
            return False
        conditions.append(not_(own.class_attribute == key))
    return bool(await db.scalar(select(exists(select(literal(1)).select_from(cls).where(and_(*conditions))))))


def _unique_text(rules: ModelRules, names: tuple[str, ...]) -> str:
    labels = {one.name: one.label for one in rules.fields}
    texts = [_capitalised(str(labels[name])) for name in names]
    if len(names) == 1:
        own = {one.name: one.messages.get("unique") for one in rules.fields}[names[0]]
        text = own if own is not None else _("%(model_name)s with this %(field_label)s already exists.")
        return str(text) % {
            "model_name": _capitalised(str(rules.label)),
            "field_label": texts[0],
        }
    # django.utils.text.get_text_list
    listed = f"{_(', ').join(texts[:-1])} {_('and')} {texts[-1]}"
    return _("%(model_name)s with this %(field_labels)s already exists.") % {
        "model_name": _capitalised(str(rules.label)),
        "field_labels": listed,
    }


def _code(names: tuple[str, ...]) -> str:
    return "unique" if len(names) == 1 else "unique_together"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = [
    "Check",
    "FieldRules",
    "ModelRules",
    "check_unique",
    "clean_entity",
    "full_clean",
    "validate_value",
]
