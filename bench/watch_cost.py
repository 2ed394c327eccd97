"""What the watch over the event loop costs: CPU per request of one process, with and without it, in turns.

``python -m bench.watch_cost [--requests N] [--rounds N]`` prints medians. The requests do nothing but answer, so that the
share is the worst there is; an idle loop for one second is measured beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

from fastapi import FastAPI
from starlette.types import Message

from segue_bridge.watch import watching

_SCOPE = {
    "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/", "raw_path": b"/",
    "query_string": b"", "root_path": "", "scheme": "http", "headers": [], "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
}  # fmt: skip


async def _requests(app: FastAPI, count: int) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        return None

    for _ in range(count):
        await app(dict(_SCOPE), receive, send)
        await asyncio.sleep(0)


async def _cost(app: FastAPI, count: int, stall_after: float | None) -> tuple[float, float]:
    """(µs of CPU a request, ms of CPU for an idle second)."""
    async with watching(stall_after=stall_after):
        begun = time.process_time()
        await _requests(app, count)
        busy = (time.process_time() - begun) / count * 1e6
        begun = time.process_time()
        await asyncio.sleep(1)
        return busy, (time.process_time() - begun) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    app = FastAPI()

    @app.get("/")
    async def nothing() -> int:
        return 1

    found: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    for number in range(given.rounds * 2):
        watched = bool(number % 2)
        found[watched].append(asyncio.run(_cost(app, given.requests, 0.2 if watched else None)))
    for watched, runs in found.items():
        busy, idle = (statistics.median(column) for column in zip(*runs, strict=True))
        name = "with" if watched else "without"
        sys.stdout.write(f"{name} the watch: {busy:.1f} µs a request, {idle:.2f} ms an idle second\n")
    extra = statistics.median(i for _, i in found[True]) - statistics.median(i for _, i in found[False])
    sys.stdout.write(f"the watch takes {extra:.2f} ms of CPU a second: {extra / 1000:.2%} of one core\n")


if __name__ == "__main__":
    main()
