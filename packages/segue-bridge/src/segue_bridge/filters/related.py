"""``ModelChoiceFilter`` and ``ModelMultipleChoiceFilter``: values that must be rows.

Sources: ``django.forms.models.ModelChoiceField`` / ``ModelMultipleChoiceField`` and the value
preparation of Django's exact lookup.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.session import Session
from segue_bridge.filters.cleaning import NULL_CHARACTERS, REQUIRED, Invalid, not_a_choice
from segue_bridge.filters.forms import FilterForm
from segue_bridge.translation import gettext as _
from segue_bridge.translation import gettext_lazy

NOT_THERE = gettext_lazy("Select a valid choice. That choice is not one of the available choices.")
_WHOLE_BITS = 63


class _NoRow(Exception):
    """Well formed, but no column can hold it."""


async def find_choice(
    form: FilterForm,
    db: Session,
    name: str,
    candidates: Select[Any],
    key: ColumnElement[Any] | InstrumentedAttribute[Any],
    *,
    required: bool = False,
) -> Any | None:
    """``ModelChoiceFilter``: the first row of ``candidates`` whose ``key`` is the parameter; None is no filter.

    One query when there is a value. The error is kept in ``form``. A null choice is the generated
    code's to look at first.
    """
    raw = form.query.get(name)
    if not raw:
        if required:
            form.add(name, REQUIRED)
        return None
    try:
        return await _find(db, candidates, key, raw)
    except Invalid as error:
        form.add(name, *error.texts)
        return None


async def find_each(
    form: FilterForm,
    db: Session,
    name: str,
    candidates: Select[Any],
    key: ColumnElement[Any] | InstrumentedAttribute[Any],
    *,
    required: bool = False,
) -> list[Any] | None:
    """``BaseInFilter`` with ``ModelChoiceFilter``: keys parted by commas, each of a row of ``candidates``.

    One query per key, as ``ModelChoiceField.to_python`` sends. A blank item stays as None; None as a whole
    is no filter.
    """
    raw = form.query.get(name)
    if not raw:
        if required:
            form.add(name, REQUIRED)
        return None
    found: list[Any] = []
    try:
        for part in raw.split(","):
            if not part and required:
                raise Invalid(REQUIRED)
            found.append((await _find(db, candidates, key, part))[0] if part else None)
    except Invalid as error:
        form.add(name, *error.texts)
        return None
    return found


async def _find(
    db: Session, candidates: Select[Any], key: ColumnElement[Any] | InstrumentedAttribute[Any], raw: str
) -> Any:
    """``ModelChoiceField.to_python``: the row. Raises :class:`Invalid`."""
    if "\x00" in raw:
        raise Invalid(NULL_CHARACTERS)
    try:
        value = _prepared(key, raw)
    except (ValueError, _NoRow):
        raise Invalid(NOT_THERE) from None
    row = await db.first(candidates.where(key == value))
    if row is None:
        raise Invalid(NOT_THERE)
    return row


async def find_choices(
    form: FilterForm,
    db: Session,
    name: str,
    candidates: Select[Any],
    key: ColumnElement[Any] | InstrumentedAttribute[Any],
    *,
    required: bool = False,
    null: str | None = None,
) -> list[Any] | None:
    """``ModelMultipleChoiceFilter``: the keys of the rows named by repeated parameters; None is no filter.

    ``candidates`` must select ``key`` first. ``null`` is the null choice's value, left out here.
    """
    # In the order of a set, as Django walks them: of several wrong values it names whichever comes first there.
    values = frozenset(v for v in form.query.getlist(name) if null is None or v != null)
    if not form.query.getlist(name):
        if required:
            form.add(name, REQUIRED)
        return None
    try:
        prepared = []
        for raw in values:
            if "\x00" in raw:
                raise Invalid(NULL_CHARACTERS)
            try:
                prepared.append(_prepared(key, raw))
            except ValueError:
                raise Invalid(_("“%(pk)s” is not a valid value.") % {"pk": raw}) from None
            except _NoRow:
                # ``__in`` does not guard the range: SQLite refuses such a number (500), others compare it.
                if db.dialect == "sqlite":
                    raise OverflowError(f"{raw} is no number of the database") from None
        rows = await db.all(candidates.where(key.in_(prepared))) if prepared else []
        known = {str(row[0]) for row in rows}
        for raw in values:
            if raw not in known:
                raise Invalid(not_a_choice(raw))
    except Invalid as error:
        form.add(name, *error.texts)
        return None
    return [row[0] for row in rows]


def _prepared(key: ColumnElement[Any] | InstrumentedAttribute[Any], raw: str) -> Any:
    """``get_prep_value`` of the key's field. Raises ``ValueError``, or :class:`Invalid` where Django
    raises its own ValidationError."""
    kind = key.type.python_type
    if kind is int:
        number = int(raw)
        if not -(2**_WHOLE_BITS) <= number < 2**_WHOLE_BITS:
            raise _NoRow
        return number
    if kind is uuid.UUID:
        try:
            return uuid.UUID(hex=raw)
        except ValueError:
            raise Invalid(_("“%(value)s” is not a valid UUID.") % {"value": raw}) from None
    if kind is str:
        return raw
    raise TypeError(f"choices cannot be found by a column of {kind.__name__}")
