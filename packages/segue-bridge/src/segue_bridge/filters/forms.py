"""A django-filter form: cleaned values one by one, all errors together.

Generated filter functions read::

    form = FilterForm(call.query)
    author = form.integer("author")
    published = form.iso_datetime("published_after")
    form.raise_invalid()
    if author is not None:
        query = query.where(Article.author_id == author)

Every method takes the parameter's name and ``required``; it returns None for "no filter" (blank, absent,
or refused: the error is kept). Sources: ``django_filters.fields`` and ``.rest_framework.backends``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeVar

from segue_bridge.errors import ValidationError
from segue_bridge.filters import cleaning, ranges
from segue_bridge.filters.cleaning import REQUIRED, Cleaner, Invalid
from segue_bridge.filters.ranges import Kind, Range
from segue_bridge.http.query import QueryParams
from segue_bridge.translation import Text
from segue_bridge.translation import gettext as _

T = TypeVar("T")
Bound = Decimal | float | None


class FilterForm:
    """The query parameters of one request, being cleaned."""

    def __init__(self, query: QueryParams) -> None:
        self.query = query
        self.errors: dict[str, list[str]] = {}

    def raise_invalid(self) -> None:
        """Raise the errors of all fields, as ``DjangoFilterBackend`` does (400)."""
        if self.errors:
            raise ValidationError(self.errors)

    # one value

    def text(
        self,
        name: str,
        *,
        required: bool = False,
        strip: bool = True,
        min_length: int | None = None,
        max_length: int | None = None,
    ) -> str | None:
        """``CharFilter``."""
        return self._one(
            name,
            lambda raw: cleaning.text(raw, strip=strip, min_length=min_length, max_length=max_length),
            required,
        )

    def number(
        self, name: str, *, required: bool = False, minimum: Bound = None, maximum: Bound = None
    ) -> Decimal | None:
        """``NumberFilter``."""
        return self._one(name, lambda raw: cleaning.number(raw, minimum=minimum, maximum=maximum), required)

    def integer(
        self, name: str, *, required: bool = False, minimum: Bound = None, maximum: Bound = None
    ) -> int | None:
        """``NumberFilter`` on an integer column: ``1.5`` looks for 1, as ``get_prep_value`` cuts it."""
        found = self.number(name, required=required, minimum=minimum, maximum=maximum)
        return None if found is None else int(found)

    def boolean(
        self, name: str, *, required: bool = False, widget: Literal["rest", "select"] = "rest"
    ) -> bool | None:
        """``BooleanFilter`` of ``django_filters.rest_framework``; ``select`` is that of ``django_filters``.

        Anything it does not know is no filter. ``required`` is never enforced (``NullBooleanField``).
        """
        raw = self.query.get(name)
        return cleaning.rest_boolean(raw) if widget == "rest" else cleaning.select_boolean(raw)

    def choice(self, name: str, choices: Collection[str], *, required: bool = False) -> str | None:
        """``ChoiceFilter``: ``choices`` are the values as text, a null value included where there is one."""
        return self._one(name, lambda raw: cleaning.choice(raw, choices), required)

    def date(
        self, name: str, *, formats: Sequence[str] = cleaning.DATE_FORMATS, required: bool = False
    ) -> dt.date | None:
        """``DateFilter``."""
        return self._one(name, lambda raw: cleaning.date(raw, formats=formats), required)

    def datetime(
        self,
        name: str,
        *,
        formats: Sequence[str] = (*cleaning.DATETIME_FORMATS, *cleaning.DATE_FORMATS),
        required: bool = False,
    ) -> dt.datetime | None:
        """``DateTimeFilter``."""
        return self._one(name, lambda raw: cleaning.datetime(raw, formats=formats), required)

    def iso_datetime(self, name: str, *, required: bool = False) -> dt.datetime | None:
        """``IsoDateTimeFilter``."""
        return self._one(name, cleaning.iso_datetime, required)

    def time(
        self, name: str, *, formats: Sequence[str] = cleaning.TIME_FORMATS, required: bool = False
    ) -> dt.time | None:
        """``TimeFilter``."""
        return self._one(name, lambda raw: cleaning.time(raw, formats=formats), required)

    def duration(self, name: str, *, required: bool = False) -> dt.timedelta | None:
        """``DurationFilter``."""
        return self._one(name, cleaning.duration, required)

    def uuid(self, name: str, *, required: bool = False) -> uuid.UUID | None:
        """``UUIDFilter``."""
        return self._one(name, cleaning.identifier, required)

    # several values

    def multiple_choice(
        self, name: str, choices: Collection[str], *, required: bool = False
    ) -> list[str] | None:
        """``MultipleChoiceFilter``: repeated parameters; a blank one is refused, as Django does."""
        values = self.query.getlist(name)
        if not values:
            if required:
                self.add(name, REQUIRED)
            return None
        for value in values:
            if value not in choices:
                self.add(name, cleaning.not_a_choice(value))
                return None
        return values

    def range(
        self,
        name: str,
        kind: Kind = "number",
        *,
        required: bool = False,
        suffixes: tuple[str, str] | None = None,
    ) -> Range[Any] | None:
        """``RangeFilter`` (``number``; ``integer`` on such a column) and its date and time family.

        Errors stand under ``name``.
        """
        try:
            return ranges.read(self.query, name, kind, suffixes, required=required)
        except Invalid as error:
            self.add(name, *error.texts)
            return None

    def many(self, name: str, clean: Cleaner, *, required: bool = False) -> list[Any] | None:
        """``BaseInFilter``: values parted by commas, each cleaned by ``clean`` (of :mod:`.cleaning`).

        A blank item stays as the cleaner's blank (None, or ``""`` for texts).
        """
        raw = self.query.get(name)
        if not raw:
            if required:
                self.add(name, REQUIRED)
            return None
        try:
            found = []
            for part in raw.split(","):
                value = clean(part)
                if required and (value is None or value == ""):
                    raise Invalid(REQUIRED)
                found.append(value)
        except Invalid as error:
            self.add(name, *error.texts)
            return None
        return found

    def pair(self, name: str, clean: Cleaner, *, required: bool = False) -> Range[Any] | None:
        """``BaseRangeFilter``: two values parted by a comma."""
        found = self.many(name, clean, required=required)
        if found is None:
            return None
        if len(found) != 2:
            self.add(name, _("Range query expects two values."))
            return None
        return Range(found[0], found[1])

    def ordering(
        self, name: str, fields: Mapping[str, str], *, choices: Collection[str] | None = None
    ) -> tuple[str, ...] | None:
        """django-filter's ``OrderingFilter``: field names with signs; an unknown one is an error.

        ``fields`` maps parameter values to field names; ``choices`` are the allowed values with signs
        (all of ``fields`` both ways unless given).
        """
        allowed = choices if choices is not None else {f"{sign}{key}" for key in fields for sign in ("", "-")}
        found = self.many(name, lambda raw: cleaning.choice(raw, allowed))
        if not found:
            return None
        names = []
        for value in found:
            if value:
                bare = value.removeprefix("-")
                names.append(value[: len(value) - len(bare)] + fields.get(bare, bare))
        return tuple(names)

    # plumbing

    def add(self, name: str, *texts: Text) -> None:
        """Keep errors of a field."""
        self.errors.setdefault(name, []).extend(str(text) for text in texts)

    def _one(self, name: str, clean: Callable[[str | None], T], required: bool) -> T | None:
        try:
            value = clean(self.query.get(name))
        except Invalid as error:
            self.add(name, *error.texts)
            return None
        if value is None or value == "":
            if required:
                self.add(name, REQUIRED)
            return None
        return value


def texts(values: Sequence[Any]) -> frozenset[str]:
    """Choices as :meth:`FilterForm.choice` wants them: Django compares by ``str``."""
    return frozenset(str(value) for value in values)
