"""Bodies for writes, derived from the serializer that the view itself uses."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers as s

from .readable import readable
from .samples import TELEPHONES, accepted, matching, telephone

WRONG: list[Any] = [
    None,
    "",
    "x",
    1.5,
    -1,
    1,
    True,
    [],
    {},
    [1],
    {"a": 1},
    "é\u2028",
    10**20,
    " 7 ",
    "0",
    "\x00",
    0,
    "1.0",
    ["x", None],
]
ABSENT = object()


def valid(serializer: Any, pick: random.Random, number: int) -> dict[str, Any]:
    """A body that should pass: all writable fields, unique values made from ``number``."""
    out: dict[str, Any] = {}
    for name, field in serializer.fields.items():
        if field.read_only or isinstance(field, s.HiddenField):
            continue
        if not field.required and pick.random() < 0.15:
            continue
        value = value_for(field, name, pick, number)
        if value is not ABSENT:
            out[name] = value
    return out


def valid_of(serializer: Any, number: int) -> dict[str, Any]:
    """:func:`valid`, decided by ``number`` alone."""
    return valid(serializer, random.Random(number), number)


def value_for(field: Any, name: str, pick: random.Random, number: int) -> Any:
    """A good value for a serializer field; :data:`ABSENT` leaves it out."""
    if isinstance(field, s.ManyRelatedField):
        keys = _keys(field.child_relation)
        return pick.sample(keys, min(len(keys), pick.randrange(3))) if keys else []
    if isinstance(field, s.RelatedField):
        keys = _keys(field)
        return pick.choice(keys) if keys else (None if field.allow_null else ABSENT)
    if isinstance(field, s.ListSerializer):
        return [valid(field.child, pick, number + i) for i in range(pick.choice([1, 1, 2]))]
    if isinstance(field, s.BaseSerializer):
        return valid(field, pick, number) if hasattr(field, "fields") else ABSENT
    if isinstance(field, s.MultipleChoiceField):
        return list(field.choices)[:2]
    if isinstance(field, s.ChoiceField):
        return pick.choice(list(field.choices)) if field.choices else ABSENT
    if isinstance(field, s.FileField):
        return ABSENT
    if isinstance(field, s.JSONField):
        return pick.choice([{"k": number}, [1, "two"], {}])
    if isinstance(field, s.DictField):
        return {}
    if isinstance(field, s.ListField):
        return [] if not field.min_length else [value_for(field.child, name, pick, number)]
    for kind, make in _SIMPLE:
        if isinstance(field, kind):
            return make(field, name, pick, number)
    return ABSENT


def _integer(field: Any, name: str, pick: random.Random, number: int) -> int:
    low = int(field.min_value) if field.min_value is not None else 0
    high = int(field.max_value) if field.max_value is not None else low + 50
    return pick.randint(low, min(high, low + 50))


def _decimal(field: Any, name: str, pick: random.Random, number: int) -> str:
    places = field.decimal_places or 0
    return f"{pick.randint(1, 9)}.{'5'.ljust(places, '0')}" if places else str(pick.randint(1, 9))


def _text(field: Any, name: str, pick: random.Random, number: int) -> Any:
    if getattr(field, "allow_blank", False) and pick.random() < 0.1:
        return ""
    if any(getattr(getattr(v, "regex", None), "pattern", "") for v in field.validators):
        held = [v for v in stored(field) if isinstance(v, str) and accepted(field.validators, v)]
        if held:
            changed = _renumbered(pick.choice(held), number)
            if accepted(field.validators, changed):
                return changed
        found = matching(field.validators, number)
        if found is not None:
            return found
    called = telephone([*_conversions(field), *field.validators], number)
    if called is not None:
        return called
    text = f"{name} {number}"
    return text[: field.max_length] if field.max_length else text


def _conversions(field: Any) -> list[Any]:
    """What a text field does to its input beside DRF: as a validator, it may refuse."""
    own = type(field).to_internal_value is not s.CharField.to_internal_value
    return [field.to_internal_value] if own and isinstance(field, s.CharField) else []


def _renumbered(text: str, number: int) -> str:
    """``text`` with its last digits replaced by those of ``number``: the same form, another value."""
    found = list(re.finditer(r"\d+", text))
    if not found:
        return text
    last = found[-1]
    width = len(last[0])
    return f"{text[: last.start()]}{str(number).zfill(width)[-width:]}{text[last.end() :]}"


_SIMPLE: list[tuple[Any, Any]] = [
    (s.BooleanField, lambda field, name, pick, number: pick.random() < 0.5),
    (s.EmailField, lambda field, name, pick, number: f"case{number}@example.org"),
    (s.URLField, lambda field, name, pick, number: f"https://example.org/{number}"),
    (s.SlugField, lambda field, name, pick, number: f"case-{number}"),
    (s.UUIDField, lambda field, name, pick, number: f"00000000-0000-4000-8000-{number:012d}"),
    (s.IPAddressField, lambda field, name, pick, number: "192.0.2.7"),
    (s.IntegerField, _integer),
    (s.FloatField, lambda field, name, pick, number: round(pick.random() * 10, 2)),
    (s.DecimalField, _decimal),
    (
        s.DateTimeField,
        lambda field, name, pick, number: (
            dt.datetime(2024, 5, 1, 12) + dt.timedelta(days=number % 400)
        ).isoformat(),
    ),
    (
        s.DateField,
        lambda field, name, pick, number: (dt.date(2024, 5, 1) + dt.timedelta(days=number % 400)).isoformat(),
    ),
    (s.TimeField, lambda field, name, pick, number: f"{number % 24:02d}:30:00"),
    (s.DurationField, lambda field, name, pick, number: f"{number % 30:02d}:30:00"),
    (s.CharField, _text),
]


def broken(
    serializer: Any, body: dict[str, Any], pick: random.Random, *, partial: bool
) -> list[tuple[str, Any]]:
    """Bodies that are wrong in one way each, and boundary ones, with what is wrong; one field at a time for PATCH."""
    out: list[tuple[str, Any]] = [
        ("empty", {}), ("list", [body]), ("text", "text"), ("null", None), ("number", 1), ("unknown", {**body, "zzz": 1}),
    ]  # fmt: skip
    for name, field in serializer.fields.items():
        if isinstance(field, s.HiddenField):
            continue
        rest = {} if partial else {k: v for k, v in body.items() if k != name}
        out.append((f"{name} missing", {k: v for k, v in body.items() if k != name}))
        held = stored(field)
        if isinstance(field, s.ListSerializer | s.Serializer):
            out += [(f"{name}: {what}", {**rest, name: value}) for what, value in _nested(field, pick)]
        values = [*held[:3], *boundary(field), *WRONG] if not field.read_only else [1, "x"]
        out += [(f"{name}={value!r}"[:60], {**rest, name: value}) for value in values]
    pick.shuffle(out)
    return out


def file_fields(serializer: Any, *, required: bool = False) -> list[str]:
    """Writable fields that take an upload; ``required``: that have to have one."""
    fields = getattr(serializer, "fields", {})
    found = {n: f for n, f in fields.items() if isinstance(f, s.FileField) and not f.read_only}
    return [n for n, f in found.items() if f.required or not required]


def self_relations(serializer: Any) -> dict[str, list[Any]]:
    """Writable relations of a model to itself, with keys there are."""
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    return {
        name: _keys(field)
        for name, field in serializer.fields.items()
        if isinstance(field, s.RelatedField)
        and not field.read_only
        and getattr(_queryset(field), "model", None) is model
    }


def _nested(field: Any, pick: random.Random) -> list[tuple[str, Any]]:
    """A nested value that is wrong in one place."""
    many = isinstance(field, s.ListSerializer)
    child = field.child if many else field
    inner = valid(child, pick, 77)
    found = broken(child, inner, pick, partial=False)[:25]
    return [(what, [inner, value] if many else value) for what, value in found]


def guesses(keys: Sequence[str], pick: random.Random) -> list[tuple[str, Any]]:
    """Bodies for a view without a serializer whose code reads ``keys``."""
    out: list[tuple[str, Any]] = [("empty", {}), ("list", []), ("text", "text"), ("null", None)]
    for _ in range(12 if keys else 0):
        out.append(
            ("guess", {key: pick.choice(["x", "1", 1, "", None, True, "2024-01-01", [1]]) for key in keys})
        )
    out += credentials(keys, pick)
    for key in keys:
        out += [(f"{key}={value!r}"[:60], {key: value}) for value in WRONG]
    pick.shuffle(out)
    return out


PASSWORD = "segue"
"""What the people of a run have for a password, where they need one (``personas``)."""
HOLDERS: list[str] = []
"""Their user names."""
_SECRET = re.compile("pass(word|wd|phrase)?|pwd", re.IGNORECASE)
_PERSON = re.compile("user(_?name)?|login|e?mail", re.IGNORECASE)


def is_secret(key: str) -> bool:
    """Whether a body's key names a password."""
    return _SECRET.search(key) is not None


def credentials(keys: Sequence[str], pick: random.Random) -> list[tuple[str, Any]]:
    """Bodies in which passwords are those of the people of the run, and names those of users that there are."""
    secrets = [key for key in keys if is_secret(key)]
    if not secrets:
        return []
    people = [key for key in keys if key not in secrets and _PERSON.search(key)]
    user: Any = get_user_model()
    others = user._base_manager.order_by("pk").values_list(user.USERNAME_FIELD, flat=True)[:4]
    names = [*HOLDERS, *HOLDERS, *others]
    out: list[tuple[str, Any]] = []
    for _ in range(16):
        body: dict[str, Any] = {key: pick.choice(["x", "1", "words"]) for key in keys}
        body.update({key: pick.choice([PASSWORD, PASSWORD, PASSWORD, "another-Word-77"]) for key in secrets})
        body.update({key: pick.choice(names) for key in people if names})
        out.append(("credentials", body))
    return out


def lists_of_keys(model: Any, pick: random.Random) -> Iterator[list[Any]]:
    """Primary keys of rows that there are: all, one by one, some, some twice, and one that is of none."""
    if model is None:
        return
    found = [str(k) if not isinstance(k, int) else k for k in _first_keys(model)]
    yield found
    yield found[:1]
    for key in found[1:12]:
        yield [key]
    for _ in range(8 if found else 0):
        yield pick.sample(found, pick.randint(1, min(4, len(found))))
    yield [*found[:2], *found[:2]]
    yield [*found[:2], 987654]


def _first_keys(model: Any) -> list[Any]:
    return list(model._base_manager.order_by("pk").values_list("pk", flat=True)[:40])


def boundary(field: Any) -> list[Any]:
    """Values at the edges of a field's own limits."""
    out: list[Any] = []
    if isinstance(field, s.CharField):
        for limit, steps in ((field.max_length, (0, 1)), (field.min_length, (0, -1))):
            out += [
                of_length(field, limit + step)
                for step in steps
                if limit and limit + step >= 0 and limit < 5000
            ]
        if telephone([*_conversions(field), *field.validators], 1) is not None:
            out += TELEPHONES
        out += ["  padded  ", "\u0130", "<b>", 5, 5.0, False]
    for limit in ("min_value", "max_value"):
        edge = getattr(field, limit, None)
        if isinstance(edge, int | float):
            out += [int(edge), int(edge) + 1, int(edge) - 1]
    for kind, values in _EDGES:
        if isinstance(field, kind):
            out += values
    if isinstance(field, s.ChoiceField) and not isinstance(field, s.MultipleChoiceField):
        out += [*list(field.choices)[:8], str(next(iter(field.choices), "")).upper()]
    if isinstance(field, s.RelatedField):
        out += [*_keys(field)[:3], 987654, "987654", "zzz"]
    if isinstance(field, s.ManyRelatedField):
        keys = _keys(field.child_relation)
        out += [keys[:3], [*keys[:1], *keys[:1]], [987654], [*keys[:1], "zzz"], "zzz"]
    return out


def of_length(field: Any, length: int) -> str:
    """A text of ``length`` that is good in every other respect."""
    if isinstance(field, s.EmailField):
        return "@example.org".rjust(length, "y")
    return "https://example.org/".ljust(length, "y") if isinstance(field, s.URLField) else "y" * length


_EDGES: list[tuple[Any, list[Any]]] = [
    (s.DecimalField, ["1.234567", "123456789012", "NaN", "Infinity", "1e2", 3, 2.5, "-0", "0.10", "1,5", "+1"]),
    (s.IntegerField, ["1.0", 1.0, "٣", "1e3", 2**31, 2**63, -(2**63) - 1]),
    (s.FloatField, ["NaN", "inf", "1e400", "0.1"]),
    (s.BooleanField, ["yes", "off", "t", "F", "null", 2]),
    (s.DateField, ["2024-02-30", "2024-2-3", "20240203", "2024-02-03T00:00:00", "0000-01-01", "2024-W05-1"]),
    (s.DateTimeField, [
        "2024-02-03", "2024-02-03T04:05:06.1234567Z", "2024-02-03 04:05", "2024-03-31T02:30:00", "2024-10-27T02:30:00",
        "2024-02-03T04:05:06+05:30", "9999-12-31T23:59:59Z", "2024-02-03T24:00:00",
    ]),
    (s.TimeField, ["24:00", "9:05", "09:05:06.5", "09:05:06+02:00"]),
    (s.DurationField, ["1 02:03:04.5", "P1DT2H", "3600", "-1 day", "99999999999 00:00:00", 90]),
    (s.UUIDField, ["0" * 32, "{00000000-0000-4000-8000-000000000000}", "urn:uuid:00000000-0000-4000-8000-000000000000", 7]),
    (s.EmailField, ["a@b", "a b@example.org", "ü@example.org", "A@EXAMPLE.ORG"]),
    (s.URLField, ["example.org", "ftp://example.org", "http://localhost", "javascript:1"]),
    (s.SlugField, ["a b", "ä", "A_b-1"]),
    (s.IPAddressField, ["1.2.3", "::1", "01.2.3.4"]),
    (s.JSONField, ['{"a": 1}', "null", [None], {"a": {"b": [1.0, 10**20]}}]),
]  # fmt: skip


def stored(field: Any) -> list[Any]:
    """Texts and numbers that the column behind the field already holds: they break unique constraints."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    source = str(getattr(field, "source", "") or "")
    if (
        model is None
        or not source
        or source == "*"
        or isinstance(field, s.RelatedField | s.ManyRelatedField | s.BaseSerializer)
    ):
        return []
    try:
        values = readable(
            model._base_manager.order_by("pk").values_list(source.replace(".", "__"), flat=True), 5
        )
    except Exception:  # noqa: BLE001 - a source that is no column
        return []
    return [v for v in dict.fromkeys(v for v in values if isinstance(v, str | int)) if v != ""]


def _keys(field: Any) -> list[Any]:
    queryset = _queryset(field)
    if queryset is None:
        return []
    out = []
    for item in _rows(queryset):
        try:
            value = field.to_representation(item)
        except Exception:  # noqa: BLE001 - the project's own field, which may look at the request
            value = None
        if value is None or isinstance(value, dict | list):
            value = _named(field, item)
        if value is not None:
            out.append(value if isinstance(value, int | str) else str(value))
    return out


def _queryset(field: Any) -> Any:
    """The rows that a relation may name; its class may say them itself (``get_queryset``)."""
    found = getattr(field, "queryset", None)
    if found is not None or type(field).get_queryset is s.RelatedField.get_queryset:
        return found
    try:
        return field.get_queryset()
    except Exception:  # noqa: BLE001 - it looks at the request
        return None


def _named(field: Any, item: Any) -> Any:
    """What a relation that is shown as more than a name is written as; None where its base does not tell."""
    if isinstance(field, s.SlugRelatedField):
        return getattr(item, field.slug_field, None)
    if not isinstance(field, s.PrimaryKeyRelatedField):
        return None
    return item.pk if field.pk_field is None else field.pk_field.to_representation(item.pk)


def _rows(queryset: Any) -> list[Any]:
    """Objects of a field's queryset. Where the project's own refuses to be asked outside of a request, any of the model."""
    try:
        return list(queryset.all()[:8])
    except Exception:  # noqa: BLE001 - the project's own manager
        model = getattr(queryset, "model", None)
        return [] if model is None else readable(model._base_manager.all(), 8)
