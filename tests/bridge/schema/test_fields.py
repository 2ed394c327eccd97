"""Every field class against DRF itself: table rows and generated values, as JSON and as form."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import create_model

from segue_bridge.schema import fields as f
from segue_bridge.schema import validators as v
from segue_bridge.schema.model import WriteModel
from segue_bridge.schema.unset import UNSET


def model(**fields: Any) -> type[WriteModel]:
    """A write model from ``name=(annotation, default)``."""
    return create_model("Probe", __base__=WriteModel, **fields)


CHOICES = [(1, "One"), ("b", "B"), (True, "Yes"), (None, "None")]

# DRF source of the field → our rules and default (``...`` is required)
CASES: dict[str, tuple[f.Field, Any]] = {
    "serializers.CharField()": (f.Char(), ...),
    "serializers.CharField(max_length=5, min_length=2)": (f.Char(max_length=5, min_length=2), ...),
    "serializers.CharField(allow_blank=True, required=False)": (f.Char(blank=True), UNSET),
    "serializers.CharField(allow_null=True)": (f.Char(null=True), ...),
    "serializers.CharField(allow_null=True, required=False, allow_blank=True)": (
        f.Char(null=True, blank=True),
        UNSET,
    ),
    "serializers.CharField(required=False)": (f.Char(), UNSET),
    "serializers.CharField(default='d', trim_whitespace=False)": (f.Char(trim=False), "d"),
    "serializers.CharField(error_messages={'blank': 'leer', 'max_length': 'max {max_length}'}, max_length=3)": (
        f.Char(max_length=3, messages={"blank": "leer", "max_length": "max {max_length}"}),
        ...,
    ),
    "serializers.EmailField()": (f.Email(), ...),
    "serializers.URLField(max_length=200)": (f.Url(max_length=200), ...),
    "serializers.SlugField()": (f.Slug(), ...),
    "serializers.SlugField(allow_unicode=True)": (f.Slug(unicode=True), ...),
    "serializers.RegexField(r'^a+$')": (f.Regex("^a+$"), ...),
    "serializers.UUIDField()": (f.Uuid(), ...),
    "serializers.IPAddressField()": (f.Ip(), ...),
    "serializers.IPAddressField(protocol='IPv4')": (f.Ip(protocol="IPv4"), ...),
    "serializers.IPAddressField(protocol='ipv6', allow_null=True)": (f.Ip(protocol="ipv6", null=True), ...),
    "serializers.IntegerField()": (f.Integer(), ...),
    "serializers.IntegerField(min_value=1, max_value=10, allow_null=True)": (
        f.Integer(min_value=1, max_value=10, null=True),
        ...,
    ),
    "serializers.BigIntegerField(required=False)": (f.BigInteger(), UNSET),
    "serializers.FloatField(max_value=1.5)": (f.Float(max_value=1.5), ...),
    "serializers.DecimalField(5, 2)": (f.DecimalField(5, 2), ...),
    "serializers.DecimalField(None, None, allow_null=True)": (f.DecimalField(None, None, null=True), ...),
    "serializers.DecimalField(6, 3, rounding=decimal.ROUND_UP, max_value=100)": (
        f.DecimalField(6, 3, rounding="ROUND_UP", max_value=100),
        ...,
    ),
    "serializers.BooleanField()": (f.Boolean(), ...),
    "serializers.BooleanField(required=False)": (f.Boolean(), UNSET),
    "serializers.BooleanField(default=True)": (f.Boolean(), True),
    "serializers.BooleanField(allow_null=True)": (f.Boolean(null=True), ...),
    "serializers.DateTimeField()": (f.DateTime(), ...),
    "serializers.DateTimeField(input_formats=['%d.%m.%Y %H:%M', 'iso-8601'])": (
        f.DateTime(formats=["%d.%m.%Y %H:%M", "iso-8601"]),
        ...,
    ),
    "serializers.DateField(allow_null=True)": (f.Date(null=True), ...),
    "serializers.DateField(input_formats=['%d/%m/%y'])": (f.Date(formats=["%d/%m/%y"]), ...),
    "serializers.TimeField()": (f.Time(), ...),
    "serializers.DurationField()": (f.Duration(), ...),
    "serializers.ChoiceField([(1, 'One'), ('b', 'B'), (True, 'Yes'), (None, 'None')])": (
        f.Choice(CHOICES),
        ...,
    ),
    "serializers.ChoiceField([('a', 'A')], allow_blank=True, required=False)": (
        f.Choice([("a", "A")], blank=True),
        UNSET,
    ),
    "serializers.MultipleChoiceField(choices=[('a', 'A'), (2, 'Two')])": (
        f.MultipleChoice([("a", "A"), (2, "Two")]),
        ...,
    ),
    "serializers.MultipleChoiceField(choices=[('a', 'A')], allow_empty=False, required=False)": (
        f.MultipleChoice([("a", "A")], empty=False),
        UNSET,
    ),
    "serializers.ListField()": (f.List(), ...),
    "serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=2)": (
        f.List(f.Integer(), min_length=1, max_length=2),
        ...,
    ),
    "serializers.ListField(child=serializers.CharField(allow_null=True), allow_empty=False, required=False)": (
        f.List(f.Char(null=True), empty=False),
        UNSET,
    ),
    "serializers.DictField()": (f.Dict(), ...),
    "serializers.DictField(child=serializers.IntegerField(), allow_empty=False)": (
        f.Dict(f.Integer(), empty=False),
        ...,
    ),
    "serializers.HStoreField()": (f.HStore(), ...),
    "serializers.JSONField(allow_null=True)": (f.Json(null=True), ...),
    "serializers.JSONField(binary=True, required=False)": (f.Json(binary=True), UNSET),
    "serializers.FileField(max_length=10)": (f.File(max_length=10), ...),
    "serializers.FileField(allow_empty_file=True, required=False, allow_null=True)": (
        f.File(empty=True, null=True),
        UNSET,
    ),
    "serializers.CharField(validators=[validators.MinLengthValidator(3), validators.RegexValidator('^a')])": (
        f.Char(validators=[v.MinLength(3), v.Matches("^a")]),
        ...,
    ),
    "serializers.CharField(validators=[validators.MaxLengthValidator(1), validators.validate_slug])": (
        f.Char(
            validators=[
                v.MaxLength(1),
                v.Matches(
                    r"^[-a-zA-Z0-9_]+\Z",
                    message="Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
                ),
            ]
        ),
        ...,
    ),
    "serializers.IntegerField(validators=[validators.StepValueValidator(3), validators.StepValueValidator(3, offset=1)])": (
        f.Integer(validators=[v.Step(3), v.Step(3, offset=1)]),
        ...,
    ),
    "serializers.DecimalField(None, None, validators=[validators.DecimalValidator(4, 1), validators.MinValueValidator(2)])": (
        f.DecimalField(None, None, validators=[v.Digits(4, 1), v.MinValue(2)]),
        ...,
    ),
    "serializers.CharField(validators=[validators.validate_email, validators.URLValidator(['ssh'])])": (
        f.Char(validators=[v.ValidEmail(), v.ValidUrl(["ssh"])]),
        ...,
    ),
    "serializers.CharField(validators=[validators.validate_ipv46_address, validators.validate_ipv6_address])": (
        f.Char(validators=[v.ValidIp(), v.ValidIp("ipv6")]),
        ...,
    ),
    "serializers.FileField(validators=[validators.FileExtensionValidator(['TXT', 'md'])])": (
        f.File(validators=[v.Extension(["TXT", "md"])]),
        ...,
    ),
}
MODELS = {source: model(x=(Annotated[Any, rules], default)) for source, (rules, default) in CASES.items()}
ABSENT = object()

# SEMANTICS-DRF §3, and what else a client may send.
VALUES: list[Any] = [
    ABSENT, None, "", " ", "  a ", "a", "aa", "aaaaaa", "a\x00b", "\ud800", "null", "Null", "True", "yes", "OFF", "t",
    True, False, 0, 1, 2, 7, 1.0, 1.5, -3, 10**18, 2**63, 10**400, " 1 ", "1.0", "1.00 ", "1_000", "+1", "١٢", "1e3", "1.5",
    "12345.678", "123.456", "0.001", "100.00", "1234.5", "NaN", "Infinity", "-0", "1" * 1001, "abc@example.com",
    '"a b"@localhost', "a@[127.0.0.1]", "a@[::1]", "a@-x.com", "a@b", "http://a.example/x?y#z", "https://user:pw@a.b.co:80/",
    "ftp://localhost", "http://[::1]/", "http://[::g]/", "http://a", "ssh://a.b.de", "http://é.example", "HTTP://A.EXAMPLE",
    "http://a.example\n", "a-b_c", "a b", "ä-ö", "a\n", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "{6ba7b8109dad11d180b400c04fd430c8}", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "127.0.0.1", "::ffff:1.2.3.4",
    "2001:DB8:0:0:0:0:0:1", "1.2.3.256", "::1%eth0", "2024-1-2", "2024-01-02", "20240102", "2024-W01-1", "2024-13-01",
    "2024-02-30", "01/02/24", "01.02.2024 10:00", "2024-03-10T02:30:00", "2024-11-03T01:30", "2024-01-02T03:04:05Z",
    "2024-01-02T03:04:05z", "2024-01-02 03:04:05.1234567+05:30", "2024-01-02T03:04-08", "iso-8601", "1700000000",
    " 2024-01-02", "9999-12-31T23:59:59-14:00", "10:00", "10:00:00.5", "10:00+02:00", "T10", "25:00", "1 02:03:04",
    "1 day", "2 days, 1:00:00", "P1DT2H", "-P1D", "PT1.5S", "01:02", "90", "-90.5", "999999999999", "b", "One", "None",
    [], [1], ["1", "x"], ["a"], ["a", "a", 2], [None], [1, 2, 3], [[1]], {}, {"a": 1}, {"a": "x", "b": None}, {"1": "2"},
    ["a", "zzz", "yyy"], [True], '{"a": 1}', "[1,", "NaN", {"a": [1, {"b": 2}]}, 4, 3, 6, "ab", "a" * 30,
]  # fmt: skip
FORM_VALUES = [value for value in VALUES if isinstance(value, str)] + [ABSENT]
FORMS: list[list[tuple[str, Any]]] = [
    [("x", "1"), ("x", "2")], [("x", ""), ("x", "a")], [("x[0]", "1"), ("x[2]", "3"), ("x[1]", "b")], [("x[]", "1")],
    [("x.a", "1"), ("x.b", ""), ("x.a", "2")], [("x.", "1")], [("y", "1")], [("x[0]a", "1"), ("x[0]b", "2")],
    [("x", ("notes.txt", b"hello"))], [("x", ("a.md", b""))], [("x", ("averylongname.txt", b"hello"))],
    [("x", ("dir/na.exe", b"1"))], [("x[0]", "1"), ("x", "9")], [("x", '{"a": [1]}')], [("x", "[1")],
]  # fmt: skip
both_partial = pytest.mark.parametrize("partial", [False, True])
every_field = pytest.mark.parametrize("source", CASES)


def same(oracle: Any, ours: Any, source: str, data: Any, **options: Any) -> None:
    theirs = oracle.input(f"x = {source}", data, **options)
    mine = ours(MODELS[source], data, **options)
    assert mine == theirs, (source, data, options)
    assert re.sub(r"\bDecimal\('-?0E?.*'\)", "", repr(mine)) == re.sub(
        r"\bDecimal\('-?0E?.*'\)", "", repr(theirs)
    )


@every_field
@both_partial
def test_json_values_as_drf(oracle: Any, ours: Any, source: str, partial: bool) -> None:
    for value in VALUES:
        same(oracle, ours, source, {} if value is ABSENT else {"x": value}, partial=partial)


@every_field
@both_partial
def test_form_values_as_drf(oracle: Any, ours: Any, source: str, partial: bool) -> None:
    for value in FORM_VALUES:
        same(oracle, ours, source, [] if value is ABSENT else [("x", value)], form="query", partial=partial)
    for pairs in FORMS:
        same(oracle, ours, source, pairs, form="multi", partial=partial)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.from_regex(r"[-+]?[0-9]{1,7}(\.[0-9]{0,5})?", fullmatch=True)
    | st.datetimes().map(str)
    | st.dates().map(str)
    | st.timedeltas().map(str)
    | st.uuids().map(str)
    | st.emails(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@every_field
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=json_values, partial=st.booleans())
def test_any_json_as_drf(oracle: Any, ours: Any, source: str, value: Any, partial: bool) -> None:
    same(oracle, ours, source, {"x": value}, partial=partial)


@every_field
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=st.text(max_size=8) | st.floats().map(str), partial=st.booleans())
def test_any_form_text_as_drf(oracle: Any, ours: Any, source: str, value: str, partial: bool) -> None:
    same(oracle, ours, source, [("x", value)], form="query", partial=partial)


@pytest.mark.parametrize("data", [None, [], "x", 3, True, [{"x": 1}]])
def test_bodies_that_are_no_objects(oracle: Any, ours: Any, data: Any) -> None:
    same(oracle, ours, "serializers.CharField()", data)


def test_values_keep_the_order_and_sources_of_the_serializer(oracle: Any, ours: Any) -> None:
    source = (
        "b = serializers.CharField(source='p.q')\na = serializers.IntegerField(source='z')\n"
        "c = serializers.DictField(source='*', child=serializers.IntegerField())\n"
        "d = serializers.CharField(source='p.r', default='dd')"
    )
    cls = model(
        b=(Annotated[str, f.Char(source="p.q")], ...),
        a=(Annotated[int, f.Integer(source="z")], ...),
        c=(Annotated[Any, f.Dict(f.Integer(), source="*")], ...),
        d=(Annotated[str, f.Char(source="p.r")], "dd"),
    )
    data = {"a": 1, "b": "x", "c": {"k": 5}, "unknown": 1}
    theirs, mine = oracle.input(source, data), ours(cls, data)
    assert mine == theirs
    assert list(mine[1]) == list(theirs[1])
    bad = {"c": [], "a": "x"}
    theirs, mine = oracle.input(source, bad), ours(cls, bad)
    assert mine == theirs
    assert list(mine[1]) == list(theirs[1])


def test_a_default_is_fresh_for_every_request() -> None:
    cls = model(x=(Annotated[Any, f.List()], [1]))
    cls.collect({})["x"].append(2)
    assert cls.collect({})["x"] == [1]


def test_decimals_are_exact() -> None:
    cls = model(x=(Annotated[Decimal, f.DecimalField(5, 2)], ...))
    assert repr(cls.collect({"x": "1.5"})["x"]) == "Decimal('1.50')"
