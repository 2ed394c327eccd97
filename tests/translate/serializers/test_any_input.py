"""Generated input, any mixture of good and bad values, on both sides."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

relaxed = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
NOISE: list[Any] = [None, "", "x", 0, 1, 2, 99, -1, True, False, [], {}, [1], "1", 1.5]


def some(*good: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*good, *good, *NOISE])


BOOK = {
    "title": some("Notes", "More notes", "Fresh", "<b>"),
    "isbn": some("111", "333", "9999999999999", "12345678901234"),
    "state": some("draft", "out"),
    "price": some("1.50", 3, "1000000", "0.001"),
    "pages": some(7, 5000, 5001, "12"),
    "rating": some(4.5, "3"),
    "published": some("2024-03-01", "2024-03-02", "2024-02-30"),
    "sold_out": some("on"),
    "reading_time": some("01:00:00", "P1D"),
    "extra": some({"a": [1]}, "text"),
    "author": some(1, 2, 3),
    "editor": some(1, 2, None),
    "tags": some([1, 2], [3], [1, 9], ["x"], [2, 2]),
}
ENTRY = {
    "slug": some("one", "new-one", "a b"),
    "day": some("2024-05-20", "2025-01-01"),
    "at": some("10:00", "25:00"),
    "address": some("::1", "1.2.3.4"),
    "link": some("http://a.example/"),
    "big": some(2**62, 2**63),
    "when": some("2024-05-06T07:08:09Z", "2024-03-10T02:30"),
    "text": some("  padded "),
    "level": some(1, 2, "2"),
}
WRITTEN = {
    **{key: BOOK[key] for key in ("title", "author", "editor", "price")},
    "pages": some(13, 5),
    "tags": some(["art"], ["art", "no"]),
}


def bodies(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


@relaxed
@given(data=bodies(BOOK))
def test_any_book(both: Any, data: dict[str, Any]) -> None:
    both.run("EverythingSerializer", "create", data=data)


@relaxed
@given(data=bodies(BOOK), partial=st.booleans(), pk=st.sampled_from([1, 2, 3]))
def test_any_change_of_a_book(both: Any, data: dict[str, Any], partial: bool, pk: int) -> None:
    both.run("EverythingSerializer", "update", pk=pk, data=data, partial=partial)


@relaxed
@given(data=bodies(ENTRY))
def test_any_entry(both: Any, data: dict[str, Any]) -> None:
    both.run("EntrySerializer", "create", data=data)


@relaxed
@given(data=bodies(WRITTEN), partial=st.booleans(), pk=st.sampled_from([1, 2, 3]))
def test_any_change_with_hooks(both: Any, data: dict[str, Any], partial: bool, pk: int) -> None:
    both.run("WrittenBookSerializer", "update", pk=pk, data=data, partial=partial)
