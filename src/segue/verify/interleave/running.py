"""One schedule on one side: requests that run at the same time, let on letter by letter."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from segue.errors import EnvironmentProblem
from segue.verify.http.client import Client
from segue.verify.http.sides import Side
from segue.verify.interleave.gate import Gate, Walker
from segue.verify.interleave.points import BEGIN
from segue.verify.interleave.words import NAMES
from segue.verify.joined.compare import answer_of

PATIENCE = 30.0  # seconds until a request must have come to its next point
TICK = 0.004  # seconds without news until locks are looked at; twice as long each time, as looking takes the time of who is waited for
LONGEST_TICK = 0.032
DEADLOCK = "40P01"


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it: an answer per request, what was written in all, the points of each, and what happened between them."""

    answers: tuple[dict[str, Any], ...]
    effects: dict[str, Any]
    traces: tuple[tuple[str, ...], ...]
    failed: tuple[str, ...]
    waits: int

    @property
    def deadlock(self) -> bool:
        """PostgreSQL ended one of them because they waited for each other."""
        return DEADLOCK in self.failed


class Runner:
    """Runs requests on ``side``; ``watching`` is a connection to its server, in autocommit."""

    def __init__(self, side: Side, gate: Gate, watching: psycopg.Connection[Any]) -> None:
        self._side, self._gate, self._watching = side, gate, watching
        self._clients = {name: Client(side.url, host="testserver", timeout=2 * PATIENCE) for name in NAMES}

    def alone(self, case: dict[str, Any]) -> Ran:
        """One request by itself."""
        return self.run([case], [[BEGIN]], "A")

    def run(self, cases: Sequence[dict[str, Any]], points: Sequence[Sequence[str]], word: str) -> Ran:
        """``points`` are those where each stops, the first of them :data:`BEGIN`. Everything is put back afterwards.

        A letter whose request has ended, or waits for a lock, says nothing. After the last letter the first one that waits
        for its turn goes on until all have ended. Raises :class:`EnvironmentProblem` for a request that gets nowhere.
        """
        side = self._side
        side.begin()
        asked = [
            _Asked(self._clients[name], {**case, "headers": [*case["headers"], ("X-Segue-Turn", name)]})
            for name, case in zip(NAMES, cases, strict=False)
        ]
        walkers: list[Walker] = []
        try:
            for one, wanted in zip(asked, points, strict=True):
                walkers += self._arrived(one, wanted)
            for letter in word:
                self._let(walkers, [w for w in walkers if w.name == letter])
            while any(w.stand != "done" for w in walkers):
                self._let(walkers, walkers)
            for one in asked:
                one.thread.join(PATIENCE)
        finally:
            for walker in walkers:
                walker.close()
        raws = [one.taken() for one in asked]
        try:
            effects = side.effects(failed=any(raw["status"] >= 500 for raw in raws))
        finally:
            side.restore()
        return Ran(
            tuple(answer_of(raw, {}, case["method"]) for raw, case in zip(raws, cases, strict=True)),
            effects,
            tuple((BEGIN, *w.trace) for w in walkers),
            tuple(code for w in walkers for code in w.failed),
            sum(w.waited for w in walkers),
        )

    def close(self) -> None:
        """Close the connections of clients."""
        for client in self._clients.values():
            client.close()

    def _arrived(self, asked: _Asked, points: Sequence[str]) -> list[Walker]:
        """Its walker, stopped; nothing for a request that the server answered by itself."""
        asked.thread.start()
        until = time.monotonic() + PATIENCE
        while asked.thread.is_alive() and time.monotonic() < until:
            walker = self._gate.next(0.05)
            if walker is not None:
                walker.wanted = list(points[1:])
                return [walker]
        return []

    def _let(self, walkers: list[Walker], some: list[Walker]) -> None:
        stopped = next((w for w in some if w.stand == "stopped"), None)
        if stopped is not None:
            stopped.go()
        self._settle(walkers)

    def _settle(self, walkers: list[Walker]) -> None:
        """Until each has stopped, ended, or waits for a lock of one that has stopped."""
        until, tick = time.monotonic() + PATIENCE, TICK
        while True:
            moving = [w for w in walkers if w.stand in ("running", "blocked")]
            if not moving:
                return
            ready, _, _ = select.select([w.connection for w in moving], [], [], tick)
            for walker in moving:
                if walker.connection in ready:
                    walker.hear()
            if ready:
                tick = TICK
                continue
            tick = min(2 * tick, LONGEST_TICK)
            waiting = self._waiting([w.pid for w in moving])
            for walker in moving:
                if walker.pid in waiting:
                    walker.stand, walker.waited = "blocked", True
                elif walker.stand == "blocked":
                    walker.stand = "running"
            others = {w.stand for w in walkers}
            if "running" not in others and "stopped" in others:
                return
            if time.monotonic() > until:
                raise EnvironmentProblem(
                    f"A request got nowhere for {PATIENCE:.0f} s between two of its statements.",
                    hint="It may wait for another service, or for the same request to end; leave its route out with --route.",
                )

    def _waiting(self, pids: Sequence[int]) -> set[int]:
        """Which of these connections wait for a lock."""
        rows = self._watching.execute(
            "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid = ANY(%s)", (list(pids),)
        ).fetchall()
        return {row[0] for row in rows}


class _Asked:
    """A request in a thread of its own."""

    def __init__(self, client: Client, case: dict[str, Any]) -> None:
        self._client, self._case = client, case
        self._raw: dict[str, Any] | None = None
        self._error: Exception | None = None
        self.thread = threading.Thread(target=self._ask, daemon=True)

    def taken(self) -> dict[str, Any]:
        """Its answer. Raises what asking raised."""
        if self._error is not None:
            raise self._error
        if self._raw is None:
            raise EnvironmentProblem(
                "A request was not answered.", hint="Run it again; --route leaves others out."
            )
        return self._raw

    def _ask(self) -> None:
        try:
            self._raw = self._client.ask(self._case)
        except Exception as error:  # noqa: BLE001 - raised again by taken()
            self._error = error
