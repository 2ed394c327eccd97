"""Lists whose order means nothing: which moved, and whether two sides hold the same things in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Masked = Callable[[str], bool]  # whether the value at a concrete path is known to be new each time
Free = Callable[
    [str], bool
]  # whether the order of the list whose first item is at a concrete path means nothing
_VOLATILE = "(new each time)"


def moved(one: Any, other: Any, masked: Masked) -> set[str]:
    """Concrete paths of the lists in two bodies that hold the same things in another order, or, as pages do, as many
    others of the same kind. A list is not named for what moves inside of its items."""
    out: set[str] = set()
    _compare(one, other, "body", masked, out)
    return out


def alike(one: list[Any], other: list[Any], path: str, masked: Masked, free: Free) -> bool:
    """The same items in any order; or as many, all with the same keys (one page of rows without an order)."""
    if len(one) != len(other):
        return False
    left, right = _items(one, path, masked, free), _items(other, path, masked, free)
    return sorted(left) == sorted(right) or _page(one, other)


def _compare(one: Any, other: Any, path: str, masked: Masked, out: set[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() & other.keys():
            _compare(one[key], other[key], f"{path}.{key}", masked, out)
    if not isinstance(one, list) or not isinstance(other, list) or len(one) != len(other):
        return
    left, right = _items(one, path, masked, _any), _items(other, path, masked, _any)
    if left != right and not _answers(one) and (sorted(left) == sorted(right) or _page(one, other)):
        out.add(path)
        return
    for index, (first, second) in enumerate(zip(one, other, strict=True)):
        _compare(first, second, f"{path}[{index}]", masked, out)


def _any(path: str) -> bool:
    return True


def _items(values: list[Any], path: str, masked: Masked, free: Free) -> list[str]:
    return [
        json.dumps(_settled(item, f"{path}[{index}]", masked, free), sort_keys=True)
        for index, item in enumerate(values)
    ]


def _settled(value: Any, path: str, masked: Masked, free: Free) -> Any:
    """Without volatile values, free lists sorted."""
    if isinstance(value, dict):
        return {k: _settled(v, f"{path}.{k}", masked, free) for k, v in value.items()}
    if isinstance(value, list):
        items = _items(value, path, masked, free)
        return sorted(items) if free(f"{path}[0]") else items
    return _VOLATILE if masked(path) else value


def _page(one: list[Any], other: list[Any]) -> bool:
    items = [*one, *other]
    return all(isinstance(v, dict) for v in items) and len({frozenset(v) for v in items}) == 1


def _answers(values: list[Any]) -> bool:
    """Whether it is the list of a sequence's answers, whose order is ours."""
    return any(isinstance(v, dict) and {"status", "headers", "effects"} <= v.keys() for v in values)
