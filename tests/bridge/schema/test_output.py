"""``to_representation`` of DRF's fields against our output functions."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue_bridge.schema import output as o

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
UTC = dt.UTC
BY_TEXT = {"1": 1, "b": "b"}


def mine(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return ("ok", function(value))
    except Exception as exc:  # noqa: BLE001 - both sides may raise; the names are compared
        return ("raised", type(exc).__name__)


def same(oracle: Any, field: str, function: Callable[[Any], Any], value: Any) -> None:
    found, expected = mine(function, value), oracle.output(field, value)
    assert found == expected
    assert repr(found) == repr(expected)


ROWS: list[tuple[str, Callable[[Any], Any], list[Any]]] = [
    ("serializers.BooleanField()", o.boolean, [True, 0, 1.0, "yes", "OFF", "", "x", [], [1], {}]),
    ("serializers.BooleanField(allow_null=True)", lambda x: o.boolean(x, null=True), ["null", "", "x", 0]),
    (
        "serializers.DateTimeField()",
        o.datetime_text,
        [
            dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            dt.datetime(2024, 7, 2, 3, 4, 5, 6, tzinfo=UTC),
            dt.datetime(2024, 7, 2, 3, 4),
            "2024",
            "",
        ],
    ),
    (
        "serializers.DateTimeField(default_timezone=datetime.timezone.utc)",
        lambda x: o.datetime_text(x, zone=UTC),
        [dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=ZoneInfo("Asia/Kolkata"))],
    ),
    ("serializers.DateTimeField(format='%d.%m.%y')", lambda x: o.datetime_text(x, "%d.%m.%y"), [dt.datetime(2024, 1, 2)]),
    ("serializers.DateField()", o.date_text, [dt.date(2024, 1, 2), "x", "", dt.datetime(2024, 1, 2)]),
    ("serializers.DateField(format='%Y')", lambda x: o.date_text(x, "%Y"), [dt.date(2024, 1, 2)]),
    ("serializers.TimeField()", o.time_text, [dt.time(1, 2), dt.time(1, 2, 3, 4), dt.time(0), "", "x"]),
    ("serializers.TimeField(format='%H')", lambda x: o.time_text(x, "%H"), [dt.time(1, 2)]),
    ("serializers.UUIDField()", o.uuid_text, [uuid.UUID(int=5), "x"]),
    ("serializers.UUIDField(format='int')", lambda x: o.uuid_text(x, "int"), [uuid.UUID(int=5)]),
    ("serializers.UUIDField(format='urn')", lambda x: o.uuid_text(x, "urn"), [uuid.UUID(int=5)]),
    ("serializers.ChoiceField([(1, 'a'), ('b', 'b')])", lambda x: o.choice(x, BY_TEXT), [1, "1", "b", "z", "", 7]),
    ("serializers.MultipleChoiceField(choices=[(1, 'a'), ('b', 'b')])", lambda x: o.choices(x, BY_TEXT), [["1", 1, "z"]]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_table(oracle: Any, row: tuple[str, Callable[[Any], Any], list[Any]]) -> None:
    field, function, values = row
    for value in values:
        same(oracle, field, function, value)


@relaxed
@given(st.decimals(-999, 999, allow_nan=False, places=4) | st.integers(-999, 999) | st.floats(-99, 99))
def test_decimals(oracle: Any, value: Any) -> None:
    same(oracle, "serializers.DecimalField(6, 2)", lambda x: o.decimal_text(x, 6, 2), value)
    same(
        oracle,
        "serializers.DecimalField(8, 1, rounding=decimal.ROUND_UP, normalize_output=True)",
        lambda x: o.decimal_text(x, 8, 1, rounding="ROUND_UP", normalize=True),
        value,
    )
    same(
        oracle,
        "serializers.DecimalField(6, 2, coerce_to_string=False)",
        lambda x: o.decimal_value(x, 6, 2),
        value,
    )


def test_half_even(oracle: Any) -> None:
    same(oracle, "serializers.DecimalField(5, 1)", lambda x: o.decimal_text(x, 5, 1), Decimal("1.25"))
    same(oracle, "serializers.DecimalField(3, 1)", lambda x: o.decimal_text(x, 3, 1), Decimal("12345.25"))


@relaxed
@given(st.timedeltas())
def test_durations(oracle: Any, value: dt.timedelta) -> None:
    same(oracle, "serializers.DurationField()", o.duration_text, value)
    same(oracle, "serializers.DurationField(format='iso-8601')", o.duration_iso, value)


@relaxed
@given(st.datetimes(dt.datetime(1930, 1, 1), dt.datetime(2100, 1, 1), timezones=st.timezones() | st.none()))
def test_datetimes(oracle: Any, value: dt.datetime) -> None:
    same(oracle, "serializers.DateTimeField()", o.datetime_text, value)
