"""A Celery app as a Django project has one: the oracle of what is sent, and what a worker of the tests runs."""

from __future__ import annotations

import json
import os
from typing import Any

import redis
from celery import Celery

CONFIGURATION: dict[str, Any] = {
    "task_default_queue": "own",
    "task_routes": {"shop.routed": {"queue": "elsewhere"}},
    "task_queue_max_priority": 9,
    "task_default_priority": 4,
}
QUEUES = ("own", "slow", "elsewhere", "third")

TASKS: list[tuple[Any, dict[str, Any]]] = []


def task(**options: Any) -> Any:
    def noted(function: Any) -> Any:
        TASKS.append((function, options))
        return function

    return noted


def note(name: str, **told: Any) -> None:
    redis.Redis.from_url(os.environ["RESULTS"]).rpush("told", json.dumps([name, told], sort_keys=True))


@task(name="shop.tell")
def tell(text: object, more: object = None) -> object:
    note("tell", text=text, more=more)
    return text


@task(name="shop.slow", bind=True, queue="slow", ignore_result=True, priority=7, expires=600)
def slow(self: Any, text: object) -> None:
    headers = self.request.headers or {}
    note(
        "slow", text=text, queue=self.request.delivery_info["routing_key"],
        priority=self.request.delivery_info["priority"], mark=headers.get("mark") or self.request.get("mark"),
    )  # fmt: skip


@task(name="shop.routed")
def routed(*, key: object = 1) -> object:
    note("routed", key=key)
    return key


@task(name="shop.fail")
def fail(text: object) -> None:
    note("fail", text=text)
    raise ValueError(text)


@task(name="shop.after_failure")
def after_failure(*args: object, text: object = "") -> None:
    note("after_failure", text=text)


@task(name="shop.total")
def total(numbers: list[int], more: int = 0) -> int:
    note("total", total=sum(numbers) + more)
    return sum(numbers) + more


def make(broker: str, results: str) -> Celery:
    made = Celery("shop", broker=broker)
    made.conf.update(CONFIGURATION, result_backend=results)
    for function, options in TASKS:
        made.task(function, shared=False, **options)
    return made


if "BROKER" in os.environ:
    app = make(os.environ["BROKER"], os.environ["RESULTS"])
