"""Ranges of django-filter: two parameters with suffixes, one value with two ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from segue_bridge import zone
from segue_bridge.filters import cleaning
from segue_bridge.filters.cleaning import REQUIRED, Cleaner, Invalid
from segue_bridge.http.query import QueryParams

T = TypeVar("T")
Kind = Literal["number", "integer", "date", "datetime", "iso_datetime", "time"]


@dataclass(frozen=True, slots=True)
class Range(Generic[T]):
    """From ``start`` to ``stop``, both included; at least one is not None."""

    start: T | None
    stop: T | None


_ENDS: dict[str, tuple[Cleaner, tuple[str, str]]] = {
    "number": (cleaning.decimal, ("min", "max")),
    "integer": (lambda raw: None if (found := cleaning.decimal(raw)) is None else int(found), ("min", "max")),
    "date": (cleaning.date, ("after", "before")),
    "datetime": (cleaning.datetime, ("after", "before")),
    "iso_datetime": (cleaning.iso_datetime, ("after", "before")),
    "time": (cleaning.time, ("after", "before")),
}


def read(
    query: QueryParams, name: str, kind: Kind, suffixes: tuple[str, str] | None, *, required: bool
) -> Range[Any] | None:
    """``RangeField`` and its family: the range, or None when both ends are blank.

    Raises :class:`Invalid`; a required range needs both ends.
    """
    cleaner, usual = _ENDS[kind]
    raw = [query.get(f"{name}_{suffix}") for suffix in suffixes or usual]
    if required and not all(raw):
        raise Invalid(REQUIRED)
    if not any(raw):
        return None
    ends: list[Any] = []
    errors: list[tuple[str, object]] = []
    for part in raw:
        try:
            ends.append(cleaner(part))
        except Invalid as error:
            found = [(text, error.about) for text in error.texts]
            errors.extend(item for item in found if item not in errors)
    if errors:
        raise Invalid(*(text for text, _ in errors))
    if kind == "date":
        ends = [_edge(ends[0], dt.time.min), _edge(ends[1], dt.time.max)]
    return Range(*ends)


def _edge(day: dt.date | None, time: dt.time) -> dt.datetime | None:
    """``DateFromToRangeFilter`` compares moments: the first and the last of the days."""
    if day is None:
        return None
    moment = dt.datetime.combine(day, time)
    current = zone.current()
    return moment if current is None else moment.replace(tzinfo=current)
