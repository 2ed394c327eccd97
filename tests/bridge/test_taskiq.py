"""A task that is ported runs on taskiq, beside Celery's on the same Redis: docs/bridge/tasks.md."""

from __future__ import annotations

import asyncio

import redis
from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend
from tests.brokers import Broker

from segue_bridge.tasks import TaskQueue


def test_ported_tasks_run_on_taskiq_beside_celerys(valkey: Broker) -> None:
    url = valkey.url.replace("/0", "/3")  # one database for both

    async def run() -> tuple[object, int]:
        broker = ListQueueBroker(url).with_result_backend(RedisAsyncResultBackend(url, result_ex_time=60))

        @broker.task("shop.tasks.total")
        async def total(numbers: list[int], more: int = 0) -> int:
            return sum(numbers) + more

        celery = TaskQueue(url)
        await broker.startup()
        receiver = asyncio.create_task(run_receiver_task(broker))
        try:
            await celery.send("shop.tasks.tell", [1])  # not ported yet
            asked = await total.kiq([1, 2], more=3)
            result = await asked.wait_result(timeout=10)
            return result.return_value, redis.Redis.from_url(url).llen("celery")
        finally:
            receiver.cancel()
            await asyncio.gather(receiver, return_exceptions=True)
            await broker.shutdown()

    assert asyncio.run(run()) == (6, 1)
