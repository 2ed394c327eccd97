"""Rows that both sides make in one order are compared in one, whatever their keys are."""

from __future__ import annotations

import datetime
from typing import Any

from segue.verify.joined.effects import _order


def _made(second: float, name: str) -> dict[str, Any]:
    """A row as PostgreSQL's drivers give it: objects, whose ``repr`` has microseconds without zeros, or an address."""
    moment = datetime.datetime(2026, 12, 1, 4, 22, tzinfo=datetime.UTC) + datetime.timedelta(seconds=second)
    return {"created": moment, "facts": memoryview(b"x"), "name": name}


def test_the_clock_says_nothing_where_the_rest_differs() -> None:
    one_side = [_made(57.066491, "b"), _made(57.19333, "a")]
    other_side = [_made(11.5, "b"), _made(11.066491, "a")]
    assert [[r["name"] for r in sorted(rows, key=_order)] for rows in (one_side, other_side)] == [
        ["a", "b"]
    ] * 2


def test_of_rows_that_are_alike_the_older_is_first() -> None:
    first, second = _made(57.066491, "a"), _made(57.19333, "a")
    assert sorted([second, first], key=_order) == [first, second]
