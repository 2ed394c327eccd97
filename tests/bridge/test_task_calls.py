"""Any call of a task, any chain, group or chord of them: the message is Celery's, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.test_task_messages import SOON, both, plainly, taken
from tests.brokers import Broker

pytestmark = pytest.mark.filterwarnings(
    "ignore::celery.exceptions.CDeprecationWarning"
)  # of Celery's own tasks
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcé", max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
QUEUES = st.sampled_from(["own", "slow", "third"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "countdown": st.integers(0, 600), "expires": st.integers(1, 900), "queue": QUEUES, "priority": st.integers(0, 9),
        "headers": st.dictionaries(st.sampled_from(["mark", "other"]), st.text("ab", max_size=3), min_size=1),
        "shadow": st.text("ab", min_size=1, max_size=4), "time_limit": st.integers(1, 90), "soft_time_limit": st.integers(1, 80),
        "ignore_result": st.booleans(), "retries": st.integers(0, 3), "eta": st.just(SOON),
    },
)  # fmt: skip
OF_SIGNATURES = st.fixed_dictionaries({}, optional={"queue": QUEUES, "priority": st.integers(0, 9)})
TASK = st.one_of(
    st.tuples(st.just("tell"), st.booleans(), st.tuples(JSON), st.fixed_dictionaries({}, optional={"more": JSON}), OF_SIGNATURES),
    st.tuples(st.just("slow"), st.booleans(), st.tuples(JSON), st.just({}), OF_SIGNATURES),
    st.tuples(st.just("routed"), st.booleans(), st.just(()), st.fixed_dictionaries({"key": JSON}), OF_SIGNATURES),
)  # fmt: skip
TASKS = st.lists(TASK, min_size=1, max_size=3)
CALLS = st.one_of(
    st.tuples(st.just("task"), TASK),
    st.tuples(st.just("linked"), TASK, TASKS, TASKS),
    st.tuples(st.just("chain"), TASKS),
    st.tuples(st.just("group"), TASKS),
    st.tuples(st.just("chord"), TASKS, TASK),
    st.tuples(st.just("chain with a group"), TASKS, TASKS),
)


def one(tasks: Any, what: Any) -> Any:
    name, immutable, args, kwargs, options = what
    task = getattr(tasks, name)
    made = task.si(*args, **kwargs) if immutable else task.s(*args, **kwargs)
    return made.set(**options) if options else made


def made(tasks: Any, what: str, *parts: Any) -> tuple[Any, dict[str, Any]]:
    if what == "task":
        return one(tasks, parts[0]), {}
    if what == "linked":
        first, *links = parts
        names = ("link", "link_error")
        return one(tasks, first), {
            name: [one(tasks, p) for p in part] for name, part in zip(names, links, strict=True)
        }
    several = [one(tasks, part) for part in parts[0]]
    if what == "chain":
        return tasks.chain(*several), {}
    if what == "group":
        return tasks.group(several), {}
    if what == "chord":
        return tasks.chord(several, one(tasks, parts[1])), {}
    return tasks.chain(*several, tasks.group([one(tasks, part) for part in parts[1]])), {}


@pytest.fixture(scope="module")
def sides(valkey: Broker) -> Iterator[tuple[Any, Any, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Celery, "now", lambda app: SOON - timedelta(days=2))
        with both(valkey, valkey) as found:
            taken(valkey)
            yield found


@pytest.mark.round_trip("calls of tasks, chains, groups and chords", "both", "byte for byte")
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=CALLS, options=OPTIONS)
def test_any_call_is_celerys(valkey: Broker, sides: Any, call: Any, options: dict[str, Any]) -> None:
    theirs, ours, queue = sides
    signature, more = made(theirs, *call)
    try:
        signature.apply_async(**options, **more)
        wanted: Any = plainly(taken(valkey))
        assert wanted
    except (TypeError, ValueError) as error:
        wanted = type(error)
    signature, more = made(ours, *call)
    try:
        asyncio.run(queue.apply(signature, **options, **more))
        found: Any = plainly(taken(valkey))
    except (TypeError, ValueError) as error:
        found = type(error)
    assert found == wanted
