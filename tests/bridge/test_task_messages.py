"""What the bridge sends is what Celery sends, byte for byte, and a worker of Celery's own runs it: Redis and RabbitMQ."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kombu
import pytest
import redis
from celery import Celery
from kombu.exceptions import OperationalError
from tests.bridge import task_worker
from tests.brokers import Broker
from tests.services import free_port

from segue_bridge.tasks import BrokerDown, TaskQueue, chain, chord, group

pytestmark = pytest.mark.filterwarnings(
    "ignore::celery.exceptions.CDeprecationWarning"
)  # of Celery's own tasks
SOON = datetime(2030, 1, 1, tzinfo=UTC)
NAMES = ("tell", "slow", "routed", "fail", "after_failure", "total")
ID = "11111111-2222-4333-8444-555555555555"

# What to send: a signature made of the tasks ``t``, and the options of its apply_async.
Case = Callable[[Any], tuple[Any, dict[str, Any]]]
CASES: dict[str, Case] = {
    "plain": lambda t: (t.tell.s("a", more=[1, {"b": None}, "ü"]), {}),
    "options of the task": lambda t: (t.slow.s("a"), {}),
    "other options than the task's": lambda t: (t.slow.s("b"), {"queue": "third", "priority": 1, "expires": 60}),
    "routed": lambda t: (t.routed.s(key=2), {}),
    "a key and a queue": lambda t: (t.tell.s("c"), {"queue": "own", "routing_key": "own"}),
    "headers": lambda t: (t.slow.s("d"), {"headers": {"mark": "m"}}),
    "its own id": lambda t: (t.tell.s("e"), {"task_id": ID}),
    "countdown": lambda t: (t.tell.s("f"), {"countdown": 0.5}),
    "expires": lambda t: (t.tell.s("g"), {"expires": 120.5}),
    "limits": lambda t: (t.tell.s("h"), {"time_limit": 60, "soft_time_limit": 50, "retries": 2, "shadow": "s"}),
    "no result, compressed": lambda t: (t.tell.s("i"), {"ignore_result": True, "compression": "zlib"}),
    "no retries": lambda t: (t.tell.s("j"), {"retry": False}),
    "a policy": lambda t: (t.tell.s("k"), {"retry": True, "retry_policy": {"max_retries": 1}}),
    "link": lambda t: (t.tell.s("l"), {"link": t.tell.s(more="then")}),
    "links": lambda t: (t.tell.s("m"), {"link": [t.slow.si("n"), t.tell.si("o", more=1)]}),
    "link_error": lambda t: (t.fail.s("p"), {"link_error": t.after_failure.s(text="p")}),
    "options of a signature": lambda t: (t.tell.s("q").set(queue="slow", priority=2), {"countdown": 0.1}),
    "on_error": lambda t: (t.fail.s("r").on_error(t.after_failure.s(text="r")), {}),
    "immutable with options": lambda t: (t.tell.signature(("s",), immutable=True, options={"queue": "third"}), {}),
    "chain": lambda t: (t.chain(t.tell.s("t"), t.tell.s(more=1), t.slow.si("u"), t.routed.si(key=3)), {}),
    "chain by |": lambda t: (t.tell.s("v") | t.tell.si("w").set(queue="third"), {"countdown": 0.1}),
    "chain with a failure": lambda t: (
        t.chain(t.tell.s("x"), t.fail.s(), t.tell.s()), {"link_error": t.after_failure.s(text="chain")}
    ),
    "group": lambda t: (t.group(t.tell.s(n, more="group") for n in range(3)), {}),
    "group with options": lambda t: (t.group([t.slow.s("y"), t.tell.s("z")]), {"countdown": 0.1}),
    "group of chains": lambda t: (t.group(t.chain(t.tell.s(1), t.tell.s(more="gc")), t.slow.si(2)), {}),
    "chord": lambda t: (t.chord([t.tell.s(n) for n in (20, 30)], t.total.s()), {}),
    "chord with more": lambda t: (t.chord(t.group(t.tell.s(4), t.tell.s(5)), t.total.s(more=100).set(queue="third")), {}),
    "a group and what follows": lambda t: (t.chain(t.group(t.tell.s(6), t.tell.s(7)), t.total.s(), t.tell.s(more="sum")), {}),
    "a chain that ends in a group": lambda t: (t.chain(t.tell.s("A"), t.group(t.tell.s(more=1), t.tell.si("B"))), {}),
}  # fmt: skip
# What a worker runs later than a test may wait, or not at all: only their messages are compared.
UNSEEN: dict[str, Case] = {
    "eta": lambda t: (t.tell.s("never"), {"eta": SOON}),
    "eta in another zone": lambda t: (t.tell.s("never"), {"eta": SOON.astimezone() + timedelta(days=1)}),
    "expires at": lambda t: (t.tell.s("never"), {"expires": SOON}),
    "another serializer": lambda t: (t.tell.s("never"), {"serializer": "yaml"}),
    "not kept": lambda t: (t.tell.s("never"), {"delivery_mode": 1}),
}
# By name, and by the task's own method.
SENT: list[dict[str, Any]] = [
    {}, {"countdown": 3}, {"eta": SOON}, {"expires": 60, "queue": "slow"}, {"priority": 9, "headers": {"mark": "m"}},
    {"link": {"task": "shop.routed", "args": [], "kwargs": {"key": 1}, "options": {}, "subtask_type": None, "immutable": True}},
]  # fmt: skip


def celerys(app: Celery) -> Any:
    import celery

    tasks = {name: app.tasks[f"shop.{name}"] for name in NAMES}
    return SimpleNamespace(**tasks, chain=celery.chain, group=celery.group, chord=celery.chord)


def bridges(queue: TaskQueue) -> Any:
    """The same tasks, told by their parameters and options only."""

    @queue.task("shop.tell")
    def tell(text: object, more: object = ...) -> None: ...
    @queue.task("shop.slow", queue="slow", ignore_result=True, priority=7, expires=600)
    def slow(text: object) -> None: ...
    @queue.task("shop.routed")
    def routed(*, key: object = ...) -> None: ...
    @queue.task("shop.fail")
    def fail(text: object) -> None: ...
    @queue.task("shop.after_failure")
    def after_failure(*args: object, text: object = ...) -> None: ...
    @queue.task("shop.total")
    def total(numbers: object, more: object = ...) -> None: ...

    named = (tell, slow, routed, fail, after_failure, total)
    return SimpleNamespace(**{task.name.rpartition(".")[2]: task for task in named}, chain=chain, group=group, chord=chord)  # fmt: skip


@contextmanager
def both(broker: Broker, valkey: Broker) -> Iterator[tuple[Any, Any, TaskQueue]]:
    """Celery's tasks, the bridge's, and its queue; results are in another database of the same Redis."""
    results = valkey.url.replace("/0", "/1")
    app = task_worker.make(broker.url, results)
    backend = app.backend  # nobody waits for results here
    backend.on_task_call, backend.remove_pending_result = lambda producer, id: {}, lambda result: result
    queue = TaskQueue(broker.url, **task_worker.CONFIGURATION, result_backend=results)
    yield celerys(app), bridges(queue), queue
    app.close()


def taken(broker: Broker) -> list[str]:
    """All messages that wait, as they came, and taken away."""
    found: list[str] = []
    if broker.url.startswith("redis"):
        client = redis.Redis.from_url(broker.url)
        for key in sorted(client.keys()):
            if client.type(key) == b"list" and key.split(b"\x06")[0].decode() in task_worker.QUEUES:
                for raw in reversed(client.lrange(key, 0, -1)):  # sent by LPUSH
                    body = base64.b64decode(json.loads(raw)["body"])
                    found.append(f"{key!r} {raw.decode().replace(json.loads(raw)['body'], repr(body))}")
                client.delete(key)
        return found
    with kombu.Connection(broker.url) as connection:
        for name in task_worker.QUEUES:
            channel = connection.channel()
            channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-max-priority": 9})
            while (message := channel.basic_get(name, no_ack=True)) is not None:
                found.append(f"{name} {message.body!r} {message.properties} {message.delivery_info}")
    return found


def plainly(messages: list[str]) -> list[str]:
    """Ids by their order: they are random. The number of a group's order is that of the whole."""
    names: dict[str, str] = {}
    known = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    return [known.sub(lambda found: names.setdefault(found[0], f"id {len(names)}"), m) for m in messages]


@pytest.mark.parametrize("name", ["valkey", "rabbitmq"])
def test_messages_are_celerys_own(
    name: str, valkey: Broker, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker: Broker = request.getfixturevalue(name)
    monkeypatch.setattr(Celery, "now", lambda app: SOON - timedelta(days=2))
    with both(broker, valkey) as (theirs, ours, queue):
        taken(broker)
        for case, make in (CASES | UNSEEN).items():
            signature, options = make(theirs)
            signature.apply_async(**options)
            wanted = plainly(taken(broker))
            assert wanted, case
            signature, options = make(ours)
            asyncio.run(queue.apply(signature, **options))
            assert plainly(taken(broker)) == wanted, case
        for options in SENT:
            theirs.tell.apply_async(["a"], {"more": 1}, **options)
            wanted = plainly(taken(broker))
            asyncio.run(queue.send("shop.tell", ["a"], {"more": 1}, **options))
            assert plainly(taken(broker)) == wanted, options
            asyncio.run(ours.tell.apply_async(["a"], {"more": 1}, **options))
            assert plainly(taken(broker)) == wanted, options


@pytest.mark.parametrize("name", ["valkey", "rabbitmq"])
def test_a_worker_runs_them_as_it_runs_celerys(
    name: str, valkey: Broker, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    broker: Broker = request.getfixturevalue(name)
    results = valkey.url.replace("/0", "/1")
    told = redis.Redis.from_url(results)
    told.flushdb()
    with both(broker, valkey) as (theirs, ours, queue), worker(broker, results, tmp_path):
        for make in CASES.values():
            signature, options = make(theirs)
            signature.apply_async(**options)
        wanted = seen(told, len(CASES))

        async def send() -> None:
            for make in CASES.values():
                signature, options = make(ours)
                await queue.apply(signature, **options)

        asyncio.run(send())
        assert seen(told, len(wanted)) == wanted
    names = {json.loads(line)[0] for line in wanted}
    assert names == set(NAMES)


def seen(told: redis.Redis, least: int) -> list[str]:
    """What tasks have noted, in no order: ``least`` of them and what comes within a second after the last."""
    until, last, known = time.monotonic() + 40, time.monotonic(), 0
    while time.monotonic() < until and (known < least or time.monotonic() - last < 1):
        number = int(told.llen("told"))
        if number != known:
            known, last = number, time.monotonic()
        time.sleep(0.05)
    found = sorted(line.decode() for line in told.lrange("told", 0, -1))
    told.delete("told")
    return found


@contextmanager
def worker(broker: Broker, results: str, folder: Path) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "-A", "tests.bridge.task_worker", "worker", "-P", "solo"),
                *("-Q", ",".join(task_worker.QUEUES), "--without-gossip", "--without-mingle", "--without-heartbeat"),
            ],
            env={**os.environ, "BROKER": broker.url, "RESULTS": results}, cwd=Path(__file__).parents[2],
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield
    finally:
        process.kill()  # it would take its time to say goodbye to RabbitMQ
        process.wait(20)


@pytest.mark.parametrize("name", ["valkey", "rabbitmq"])
def test_a_broker_that_does_not_answer_holds_up_nobody(
    name: str, valkey: Broker, request: pytest.FixtureRequest
) -> None:
    broker: Broker = request.getfixturevalue(name)

    async def go() -> None:
        queue = TaskQueue(broker.url, time_limit=0.6, publishers=2, **task_worker.CONFIGURATION)
        with broker.held():
            longest = asyncio.create_task(_longest_turn())
            begun = time.monotonic()
            ended = await asyncio.gather(
                *(queue.send("shop.tell", [n]) for n in range(20)), return_exceptions=True
            )
            took = time.monotonic() - begun
            longest.cancel()
        assert {type(error) for error in ended} == {BrokerDown}, ended
        assert (
            str(ended[0])
            == f"The {broker.url.partition(':')[0]} broker has not taken the message within 0.6 s."
        )
        assert took < 1.2
        assert await longest < 0.3  # the loop went on
        assert threading.active_count() - threads <= 2
        until = time.monotonic() + 10
        while True:  # threads may still wait for sockets
            try:
                await queue.send("shop.tell", ["after"])
                break
            except OperationalError:
                assert time.monotonic() < until
        # Those that had a thread may have come to the broker late; those that waited for one have not.
        sent = [text for text in taken(broker) if '"after"' not in text and "after" not in text]
        assert len(sent) <= 2

    threads = threading.active_count()
    taken(broker)
    asyncio.run(go())


async def _longest_turn() -> float:
    longest, last = 0.0, time.monotonic()
    try:
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_told_at_once(scheme: str) -> None:
    queue = TaskQueue(f"{scheme}://who:secret@127.0.0.1:{free_port()}/", time_limit=5)
    begun = time.monotonic()
    with pytest.raises(OperationalError) as told:
        asyncio.run(queue.send("shop.tell", [1]))
    assert time.monotonic() - begun < 4
    assert "secret" not in str(told.value)
