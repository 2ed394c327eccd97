"""Arguments that the client chose: what Celery's own ``Task.delay`` refuses, ``TaskQueue.send`` refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import pytest
from celery import Celery, chain, group

from segue_bridge.tasks import TaskQueue


def plain(pk: object, text: object = ...) -> None:
    """A task's parameters."""


def rest(pk: object, *, since: object = ..., **options: object) -> None:
    """A task's parameters."""


CASES: list[tuple[Any, list[Any], dict[str, Any]]] = [
    (function, args, kwargs)
    for function in (plain, rest)
    for args in ([], [1], [1, 2], [1, 2, 3])
    for kwargs in (
        {},
        {"pk": 1},
        {"text": "a"},
        {"since": 1},
        {"other": 1},
        {"self": 1},
        {"pk": 1, "text": 2, "x": 3},
    )
]


def bound_plain(self: object, pk: object, text: object = ...) -> None:
    """The same for a task that gets itself first."""


def bound_rest(self: object, pk: object, *, since: object = ..., **options: object) -> None:
    """The same for a task that gets itself first."""


@pytest.mark.parametrize("bound", [False, True])
def test_arguments_that_celery_does_not_send_are_not_sent(bound: bool) -> None:
    app = Celery("told", broker="memory://", set_as_current=False)
    functions = {plain: bound_plain, rest: bound_rest} if bound else {plain: plain, rest: rest}
    tasks = {takes: app.task(bind=bound)(function) for takes, function in functions.items()}
    queue = TaskQueue("memory://")
    for takes, args, kwargs in CASES:
        wanted = _raised(partial(tasks[takes].delay, *args), kwargs)
        assert _raised(partial(anyio.run, _send, queue, takes, args, kwargs), {}) is wanted, (
            takes,
            args,
            kwargs,
        )


def test_a_chain_of_nothing_is_no_error() -> None:
    queue = TaskQueue("memory://")
    assert chain([]).apply_async() is None
    assert anyio.run(queue.apply, chain([])) == ""
    assert anyio.run(queue.apply, group([]))


def _raised(call: Callable[..., object], keywords: dict[str, Any]) -> bool:
    try:
        call(**keywords)
    except TypeError:
        return True
    return False


async def _send(queue: TaskQueue, function: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    await queue.send(function.__name__, args, kwargs, takes=function)
