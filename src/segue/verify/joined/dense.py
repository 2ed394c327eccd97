"""Bodies in which every field is tried at once: DRF tells the errors of all fields in one answer.

A body that is wrong in one way each costs a case per field and value; these need a case per value.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from rest_framework import serializers as s

from . import payloads

Labelled = tuple[str, Any]
_COMBINATIONS, _NESTED = 24, 8


def dense(serializer: Any, body: dict[str, Any], words: Sequence[Any]) -> Iterator[Labelled]:
    """(what, body), the most telling first: at the limits and beyond, what the code compares with (``words``), NULL,
    blank, only what is required, every wrong value, every edge of a type."""
    fields = _writable(serializer)
    if not fields:
        return
    for what, values in (
        ("as long and great as may be", {n: _edge(f, 0) for n, f in fields.items()}),
        ("one too long or great", {n: _edge(f, 1) for n, f in fields.items()}),
        ("as short and small as may be", {n: _edge(f, 0, least=True) for n, f in fields.items()}),
        ("one too short or small", {n: _edge(f, -1, least=True) for n, f in fields.items()}),
        ("null where it may be", {n: None for n, f in fields.items() if f.allow_null}),
        ("blank where it may be", {n: "" for n, f in fields.items() if getattr(f, "allow_blank", False)}),
    ):
        given = {n: v for n, v in values.items() if v is not payloads.ABSENT}
        if given:
            yield what, {**body, **given}
    yield "only what is required", {n: v for n, v in body.items() if n in fields and fields[n].required}
    yield "null everywhere", dict.fromkeys(fields)
    yield "blank everywhere", dict.fromkeys(fields, "")
    for word in words:
        kinds = (s.CharField,) if isinstance(word, str) else (s.IntegerField, s.FloatField, s.DecimalField)
        taking = {
            n: word for n, f in fields.items()
            if isinstance(f, kinds) and type(f) not in (s.EmailField, s.URLField, s.UUIDField)
        }  # fmt: skip
        if taking:
            yield f"the code's {word!r}"[:60], {**body, **taking}
    for wrong in payloads.WRONG[2:]:
        yield f"{wrong!r} everywhere"[:60], dict.fromkeys(fields, wrong)
    edges = {n: _edges(f) for n, f in fields.items()}
    for index in range(max(map(len, edges.values()), default=0)):
        yield f"edges {index}", {**body, **{n: v[index] for n, v in edges.items() if index < len(v)}}


def combinations(serializer: Any, body: dict[str, Any], pick: random.Random) -> Iterator[Labelled]:
    """Good bodies with all combinations of choices, of true and false, of NULL and not, as many as there is time for."""
    columns: dict[str, list[Any]] = {}
    for name, field in _writable(serializer).items():
        if isinstance(field, s.ChoiceField) and not isinstance(field, s.MultipleChoiceField):
            columns[name] = list(field.choices)[:4]
        elif isinstance(field, s.BooleanField):
            columns[name] = [True, False]
        if field.allow_null and (name in columns or name in body):
            columns[name] = [*columns.get(name, [body.get(name)]), None]
    if not columns:
        return
    several = [list(c) for c in itertools.islice(itertools.product(*columns.values()), 4096)]
    pick.shuffle(several)
    for values in several[:_COMBINATIONS]:
        given = dict(zip(columns, values, strict=True))
        yield "combined", {**body, **given}


def _writable(serializer: Any) -> dict[str, Any]:
    return {
        n: f for n, f in getattr(serializer, "fields", {}).items()
        if not f.read_only and not isinstance(f, s.HiddenField | s.FileField)
    }  # fmt: skip


def _edge(field: Any, beyond: int, *, least: bool = False) -> Any:
    """The value at a field's own limit, or ``beyond`` it; ABSENT without a limit."""
    length, value = ("min_length", "min_value") if least else ("max_length", "max_value")
    limit = getattr(field, length, None)
    if isinstance(limit, int) and isinstance(field, s.CharField):
        return payloads.of_length(field, limit + beyond) if 0 <= limit + beyond < 5000 else payloads.ABSENT
    limit = getattr(field, value, None)
    if limit is not None:
        try:
            return int(limit) + beyond
        except (TypeError, ValueError):  # durations
            return payloads.ABSENT
    if isinstance(field, s.DecimalField) and not least and field.max_digits:
        places = field.decimal_places or 0
        whole = "9" * max(1, field.max_digits - places + beyond)
        return f"{whole}.{'9' * places}" if places else whole
    return payloads.ABSENT


def _edges(field: Any) -> list[Any]:
    """Values at the edges of the field's type, and some that its column holds; nested bodies, dense ones."""
    many = isinstance(field, s.ListSerializer)
    child = field.child if many else field
    if isinstance(child, s.BaseSerializer):
        if not hasattr(child, "fields"):
            return []
        inner = payloads.valid_of(child, 78)
        found = [v for _, v in itertools.islice(dense(child, inner, ()), _NESTED)]
        return [[inner, v] if many else v for v in found]
    return [*payloads.boundary(field), *payloads.stored(field)[:3]]
