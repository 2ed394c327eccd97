"""SEMANTICS-DRF §6: search, ordering, and the form fields of django-filter, asked of both sides."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TERMS = ["", " ", "red", "RED", "red sky", "red,sky", '"red sky"', "'red sky'", "red 'sky", '"', "''", "a b c", "%", "_1", "blue_1", "100%", "ärger", "Ärger", "Ada", "ada", '"Bo, Jr."', "Bo,", ",,", 'it\'s "x"', '"it\\\'s"', "\\", "x\\", 'a"b c"d', "\x00", "night,day", "II red", "'a b', c", "é", "\u3000sky"]  # fmt: skip


@pytest.mark.parametrize("text", TERMS)
@pytest.mark.parametrize("path", ["/search/", "/search-tags/"])
def test_search(twin: Any, path: str, text: str) -> None:
    twin.same("GET", path, f"search={quote(text)}")


@pytest.mark.parametrize("text", ["red green", "green blue", "r g", "Red", "blue,100", "red II", "gre"])
def test_all_terms_match_in_the_same_related_row(twin: Any, text: str) -> None:
    twin.same("GET", "/search-tags/", f"search={quote(text)}")


@given(
    text=st.text(alphabet="red g,'\"\\%_é1", max_size=12), path=st.sampled_from(["/search/", "/search-tags/"])
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_search(twin: Any, text: str, path: str) -> None:
    twin.same("GET", path, urlencode({"search": text}))


@pytest.mark.parametrize("text", ["", "title", "-title", "pages", "nothing", "nothing,pages", "-pages,title", " title , -pages", "--title", "-", ",", "title&ordering=pages", "author,-title", "TITLE"])  # fmt: skip
def test_ordering(twin: Any, text: str) -> None:
    twin.same("GET", "/search/", f"ordering={text}")


VALUES: dict[str, list[str]] = {
    "char": ["", " ", "a", "ab", " ab ", "123456789", "a\x00", "é" * 8],
    "raw": [" ", " a "],
    "number": ["", "1", "1.5", " 1 ", "0", "21", "abc", "NaN", "Infinity", "1e400", "1_0", "١", "-1", "+2", "1,5", "1e3"],
    "any_number": ["1e49", "1e51", "-1e51", "0.1", ".5", "5."],
    "boolean": ["", "true", "True", "TRUE", "1", "false", "0", "2", "3", "yes", "null"],
    "select": ["", "true", "True", "TRUE", "1", "false", "False", "0", "2", "3", "unknown"],
    "choice": ["", "draft", "z", "DRAFT", " draft", "null"],
    "choices": ["", "draft", "z", "draft&choices=out", "draft&choices=z", "draft&choices="],
    "date": ["", "2024-01-02", "01/02/2024", "1/2/24", "Jan 2 2024", "2 January, 2024", "2024-1-2", " 2024-01-02 ", "20240102", "2024-02-30", "x", "2024-01-02T00:00"],
    "datetime": ["", "2024-01-02", "2024-01-02 03:04", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05 00:00", "01/02/2024 03:04", "01/02/2024", "2024-03-10 02:30", "2024-11-03 01:30", "2024-13-01", "x", "Jan 2 2024", "2024-01-02T03:04:05.1234567"],
    "iso": ["", "2024-01-02", "2024-01-02T03:04", "2024-01-02T03:04:05Z", "01/02/2024", "2024-03-10T02:30", "x", "2024-W01-1"],
    "time": ["", "12:30", "12:30:15", "12:30:15.5", "25:00", "x", "1:2"],
    "duration": ["", "1", "1:00", "1 00:00:00", "P1D", "x", "-1", "99999999999 00:00:00", "1 day"],
    "uuid": ["", "x", "00000000-0000-0000-0000-000000000001", "00000000000000000000000000000001", "{00000000-0000-0000-0000-000000000001}", " 00000000000000000000000000000001 "],
    "numbers_min": ["", "1", "x", "NaN", "1&numbers_max=2", "x&numbers_max=x", "x&numbers_max=NaN", "&numbers_max=3", "1e60"],
    "dates_after": ["", "2024-01-02", "x", "2024-01-02&dates_before=2024-01-03", "x&dates_before=y", "&dates_before=01/05/2024"],
    "datetimes_after": ["", "2024-01-02 03:00", "x&datetimes_before=2024-03-10 02:30", "2024-01-02&datetimes_before=2024-01-03"],
    "isos_after": ["2024-01-02T00:00Z", "01/02/2024", "x&isos_before=x"],
    "times_after": ["10:00", "x", "10:00&times_before=11:00"],
    "many": ["", "1", "1,2", "1,,2", ",", "x", "1,x,y", "1.5, 2", "1e51"],
    "texts": ["a", "a,b", " a , b ", ",", "a,\x00"],
    "pair": ["", "1,2", "1", "1,2,3", ",", "1,", "x,1"],
    "order": ["", "length", "-length", "title,-length", "pages", "-", "length,,title", "length,z,y", "--length"],
    "author": ["", "1", "99", "x", "01", " 1", "1.5", "\x00", "99999999999999999999999"],
    "tag": ["", "1", "1&tag=2", "99", "x", "1&tag=99", "01", "1.0", "1&tag=1", "\x00", "99999999999999999999999"],
    "tag_code": ["", "x", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000009", "1"],
    "unknown": ["x"],
    "numbers": ["1"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in VALUES.items() for value in values]
)
def test_a_field_is_cleaned_as_by_django_filter(twin: Any, name: str, value: str) -> None:
    twin.same("GET", "/filter/", f"{name}={quote(value, safe='&=')}")


def test_all_errors_are_told_together(twin: Any) -> None:
    query = "number=x&date=x&choice=x&author=x&tag=x&many=x&numbers_min=x&char=a&uuid=x&order=x"
    twin.same("GET", "/filter/", query)


@pytest.mark.parametrize(
    "query",
    ["", "a=&b=&c=&d_min=&e=&f=&g=&h=", "a=1&b=1&c=x&d_min=1&e=1&f=x&g=1&h=1", "e=1,,2&d_max=x&b=x&c=y"],
)
def test_required_filters(twin: Any, query: str) -> None:
    twin.same("GET", "/needy/", query)


@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from([*VALUES, "numbers_max", "dates_before", "times_before"]),
            st.sampled_from(["", "1", "x", "-1.5", "true", "2024-01-02", "2024-01-02T10:00:00Z", "12:30", "1,2", "draft", " ", "0"]),
        ),
        max_size=6,
    )
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_parameters(twin: Any, pairs: list[tuple[str, str]]) -> None:
    legacy, modern = twin.both("GET", "/filter/", urlencode(pairs))
    # The order of several bad choices of one field is a set's order in Django.
    assert (modern.status, modern.body) == (legacy.status, legacy.body) or "tag" in dict(pairs)
