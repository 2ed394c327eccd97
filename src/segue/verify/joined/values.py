"""Hypothesis strategies for the values of serializer fields: right ones, and every way of being nearly right."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from rest_framework import serializers as s

from . import payloads

Strategy = st.SearchStrategy[Any]
# By category: which characters UTF-8 can write Hypothesis would find out in a second and a half of every process.
CHARACTERS = st.characters(exclude_categories=["Cs"])
_TEXT = st.text(CHARACTERS, max_size=24)
_SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), _TEXT)
JSON = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_FORMED: list[tuple[Any, Strategy]] = [
    (s.BooleanField, st.booleans() | st.sampled_from(["true", "False", "1", "0", "on", "", "n"])),
    (s.IntegerField, st.integers(-(2**31), 2**31) | st.integers().map(str)),
    (s.FloatField, st.floats(allow_nan=False, allow_infinity=False) | st.floats(width=32).map(str)),
    (s.DecimalField, st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000).map(str)
     | st.decimals().map(str)),
    (s.DateTimeField, st.datetimes(timezones=st.none() | st.timezones()).map(lambda d: d.isoformat())),
    (s.DateField, st.dates().map(lambda d: d.isoformat())),
    (s.TimeField, st.times().map(lambda t: t.isoformat())),
    (s.DurationField, st.timedeltas().map(str)),
    (s.UUIDField, st.uuids().map(str) | st.uuids().map(lambda u: u.hex)),
    (s.EmailField, st.emails()),
    (s.SlugField, st.from_regex(r"[-a-zA-Z0-9_]{1,12}", fullmatch=True)),
    (s.JSONField, JSON),
]  # fmt: skip


def values_of(field: Any) -> Strategy:
    """Values to put into ``field``: simple ones first, so that a difference shrinks towards them."""
    edges = [v for v in [*payloads.stored(field)[:3], *payloads.boundary(field)] if _plain(v)]
    parts: list[Strategy] = [st.sampled_from(edges)] if edges else []
    if isinstance(field, s.ListSerializer):
        parts.append(st.lists(bodies_of(field.child), max_size=2))
    elif isinstance(field, s.BaseSerializer):
        parts.append(bodies_of(field))
    elif isinstance(field, s.ListField):
        parts.append(st.lists(values_of(field.child), max_size=3))
    elif isinstance(field, s.DictField):
        parts.append(st.dictionaries(_TEXT, JSON, max_size=2))
    for kind, strategy in _FORMED:
        if isinstance(field, kind):
            parts.append(strategy)
            break
    else:
        if isinstance(field, s.CharField):
            parts.append(
                st.text(
                    CHARACTERS,
                    max_size=(field.max_length or 24) + 1 if (field.max_length or 24) < 300 else 24,
                )
            )
    return st.one_of(*parts, st.sampled_from(payloads.WRONG), JSON)


def bodies_of(serializer: Any) -> Strategy:
    """Bodies for a (nested) serializer: valid, with a few values exchanged or left out."""
    if not hasattr(serializer, "fields"):
        return JSON
    return changed(serializer, st.integers(0, 999).map(lambda n: payloads.valid_of(serializer, 6000 + n)))


@st.composite
def changed(draw: Any, serializer: Any, bodies: Strategy) -> Any:
    """A body with up to three keys exchanged, and perhaps one left out or one too many."""
    body = dict(draw(bodies))
    names = [n for n, f in serializer.fields.items() if not isinstance(f, s.HiddenField)]
    if not names:
        return body
    for name in draw(st.lists(st.sampled_from(names), max_size=3, unique=True)):
        body[name] = draw(values_of(serializer.fields[name]))
    if body:
        for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=1)):
            del body[name]
    if draw(st.integers(0, 15)) == 15:
        body[draw(_TEXT)] = draw(JSON)
    return body


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)
