"""Lists without an order: what counts as moved, and as the same."""

from __future__ import annotations

from typing import Any

from segue.verify.joined.noise.orders import alike, moved


def _never(path: str) -> bool:
    return False


def _rows(*keys: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": k, **more} for k in keys]


def test_a_list_is_named_where_its_own_order_moves() -> None:
    assert moved({"a": _rows(1, 2)}, {"a": _rows(2, 1)}, _never) == {"body.a"}
    inner = [{"id": 1, "tags": [1, 2]}], [{"id": 1, "tags": [2, 1]}]
    assert moved(*inner, _never) == {"body[0].tags"}
    assert moved({"a": _rows(1, 2)}, {"a": _rows(1, 2)}, _never) == set()


def test_a_page_of_rows_without_order_holds_others() -> None:
    assert moved(_rows(1, 2), _rows(9, 8), _never) == {"body"}
    assert moved([1, 2], [9, 8], _never) == set()
    assert moved(_rows(1, 2), _rows(2), _never) == set()


def test_values_that_are_new_each_time_do_not_make_an_order() -> None:
    before, after = _rows(1, 2, key="a"), _rows(1, 2, key="b")
    assert moved(before, after, lambda path: path.endswith(".key")) == set()


def test_what_is_the_same_in_any_order() -> None:
    assert alike([3, 4], [4, 3], "body", _never, _never)
    assert not alike([3, 4], [4, 5], "body", _never, _never)
    assert not alike([3, 3, 4], [3, 4, 4], "body", _never, _never)
    nested = [{"tags": [1, 2]}, "x"], ["x", {"tags": [2, 1]}]
    assert not alike(*nested, "body", _never, _never)
    assert alike(*nested, "body", _never, lambda path: ".tags[" in path)
