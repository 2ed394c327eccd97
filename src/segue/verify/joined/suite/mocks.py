"""Calls that mocks record: read, and taken back, so that the test's assertions see one side's calls only."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

_LISTS = ("call_args_list", "mock_calls", "method_calls")
_PLAIN = (str, int, float, bool, bytes, type(None))


def is_mock(value: Any) -> bool:
    """Also what ``create_autospec`` makes of a function."""
    if inspect.isfunction(value):
        return isinstance(getattr(value, "mock", None), mock.NonCallableMock)
    return isinstance(value, mock.NonCallableMock)


def core(value: Any) -> Any:
    """The mock that records: autospecced functions carry it as ``.mock``."""
    return value if isinstance(value, mock.NonCallableMock) else value.mock


def _tree(root: Any) -> Iterator[Any]:
    """A mock, its children, its return value, and those above it, which record its calls too."""
    waiting, known = [root], set()
    while waiting:
        item = waiting.pop()
        if not isinstance(item, mock.NonCallableMock) or id(item) in known:
            continue
        known.add(id(item))
        yield item
        inner = vars(item)
        waiting += list(inner.get("_mock_children", {}).values())
        waiting += [inner.get("_mock_return_value"), inner.get("_mock_new_parent"), inner.get("_mock_parent")]


class Recording:
    """What the mocks among ``values`` have recorded so far, and the containers that plain replacements close over."""

    def __init__(self, values: list[Any]) -> None:
        self._before: list[tuple[Any, dict[str, Any]]] = []
        self._containers: list[tuple[Any, Any]] = []
        self._counts: dict[int, int] = {}
        for value in values:
            if is_mock(value):
                root = core(value)
                self._counts[id(value)] = root.call_count
                for item in _tree(root):
                    self._before.append((item, _recorded(item)))
            for function in (value, vars(core(value)).get("_mock_side_effect") if is_mock(value) else None):
                self._containers += [(c, copy.copy(c)) for c in _closed_over(function)]

    def calls(self, value: Any) -> list[Any]:
        """Calls of one mock since then."""
        return list(core(value).call_args_list[self._counts[id(value)] :]) if is_mock(value) else []

    def restore(self) -> None:
        """Everything as it was."""
        for item, before in self._before:
            for name in _LISTS:
                getattr(item, name)[:] = before[name]
            item.called, item.call_count, item.call_args = (
                before["called"],
                before["call_count"],
                before["call_args"],
            )
            if "effect" in before:
                item.side_effect = before["effect"]
        for container, before in self._containers:
            if isinstance(container, list):
                container[:] = before
            else:
                container.clear()
                container.update(before)


def _recorded(item: Any) -> dict[str, Any]:
    out: dict[str, Any] = {name: list(getattr(item, name)) for name in _LISTS}
    out |= {"called": item.called, "call_count": item.call_count, "call_args": item.call_args}
    effect = vars(item).get("_mock_side_effect")
    if effect is not None and hasattr(effect, "__next__"):
        # The test's answers in their order: the other side must get the same ones.
        out["effect"] = copy.copy(effect)
    return out


def _closed_over(function: Any) -> list[Any]:
    """Lists, dicts and sets that a function of the test writes to: ``side_effect=lambda *a: calls.append(a)``."""
    if not inspect.isfunction(function):
        return []
    found = []
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:
            continue
        if isinstance(held, list | dict | set):
            found.append(held)
    return found


def plain_call(call: Any, signature: Callable[..., inspect.BoundArguments] | None) -> dict[str, Any]:
    """A call's arguments by name as far as they are plain values; others are named by an ellipsis."""
    args, kwargs = call[-2], call[-1]
    try:
        bound = signature(*args, **kwargs) if signature is not None else None
    except TypeError:
        bound = None
    named = (
        dict(bound.arguments) if bound is not None else {**{str(i): a for i, a in enumerate(args)}, **kwargs}
    )
    return {name: value if isinstance(value, _PLAIN) else "…" for name, value in named.items()}
