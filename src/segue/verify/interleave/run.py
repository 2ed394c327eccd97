"""``verify interleave``: requests that run at the same time, on both sides, under the same schedules."""

from __future__ import annotations

import base64
import datetime as dt
import random
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import Any

import psycopg

from segue.errors import UsageError
from segue.verify.http.client import NotSendable
from segue.verify.http.explore import NotSent, sendable
from segue.verify.http.laboratory import Laboratory, laboratory
from segue.verify.http.postgres import PostgresState
from segue.verify.http.sides import Modern, Side
from segue.verify.interleave.evidence import InterleaveReport, Outcome, Request, Result
from segue.verify.interleave.gate import Gate
from segue.verify.interleave.outcome import Masks, between, kind_of, statuses
from segue.verify.interleave.pairs import Candidate, candidate, mirrored, pairs
from segue.verify.interleave.points import common
from segue.verify.interleave.running import Ran, Runner
from segue.verify.interleave.words import schedules, serial
from segue.verify.joined.compare import left_to_django
from segue.verify.operations import native_operations
from segue.verify.project import ProjectRef

_WRITES = ("POST", "PUT", "PATCH", "DELETE")
DEALT = 150  # cases of an operation that are looked at
TRIED = 20  # of them, such that may well write and are asked
_PLAIN = ("existing", "valid", "combined", "sent before", "held before")  # not what is wrong on purpose
KEPT = 3  # of them
PER_PAIR = 12  # schedules of two requests, where no more are asked for
MOST_EXTRA = 24  # further schedules of Django, to see whether it can show what FastAPI did


def interleave(
    project: ProjectRef,
    modern: Modern,
    *,
    only: Collection[str] = (),
    count: int = 500,
    seconds: float = 300.0,
    per_pair: int = PER_PAIR,
    at_once: int = 2,
    seed: int = 1,
) -> InterleaveReport:
    """Run ``at_once`` (2 or 3) requests to native operations (those in ``only``, or all) at the same time, under at most ``count``
    schedules (``per_pair`` for each group of requests) and about ``seconds``.

    PostgreSQL only. Raises :class:`UsageError` for another database and :class:`segue.errors.EnvironmentProblem` when a server
    does not start, or a request gets nowhere.
    """
    database = next((d for d in project.snapshot.settings.databases if d.alias == "default"), None)
    if database is None or database.vendor != "postgresql":
        raise UsageError(
            "Requests are interleaved on PostgreSQL only: SQLite lets one writer in at a time.",
            hint="Point the project's settings at a PostgreSQL database and run `segue generate` again.",
        )
    known = native_operations(project)
    operations = [o for o in known if (not only or o["key"] in only) and o["method"] in _WRITES]
    with ExitStack() as stack:
        gate = stack.enter_context(Gate())
        lab = stack.enter_context(
            laboratory(project, modern, known, [o["key"] for o in operations], seed=seed, gate=gate.address)
        )
        state = lab.pair.django.state
        assert isinstance(state, PostgresState)
        watching = stack.enter_context(state.watching())
        for side in (lab.pair.django, lab.pair.fastapi):
            assert isinstance(side.state, PostgresState)
            side.state.find_deadlocks_soon()
        run = _Run(lab, gate, watching, at_once, random.Random(seed))
        stack.callback(run.close)
        return run.report(operations, count, seconds, per_pair)


class _Run:
    def __init__(
        self,
        lab: Laboratory,
        gate: Gate,
        watching: psycopg.Connection[Any],
        at_once: int,
        pick: random.Random,
    ) -> None:
        self.lab, self.at_once, self.pick = lab, at_once, pick
        self.django = Runner(lab.pair.django, gate, watching)
        self.fastapi = Runner(lab.pair.fastapi, gate, watching)
        self.skipped: Counter[str] = Counter()
        self.since = dt.datetime.now(dt.UTC)

    def close(self) -> None:
        """Close the connections of clients."""
        self.django.close()
        self.fastapi.close()

    def report(
        self, operations: list[dict[str, Any]], count: int, seconds: float, per_pair: int
    ) -> InterleaveReport:
        """All results, with what to know about them."""
        begun = time.monotonic()
        found: list[Candidate] = []
        for operation in operations:
            if time.monotonic() - begun > seconds / 2:
                self.skipped["the time ended before all operations had been asked by themselves"] += 1
                break
            found += self._candidates(operation)
        masks = self._masks(self.lab.pair.django, found)
        results: list[Result] = []
        left = count
        chosen = pairs(found, self.pick)
        for one, other in chosen:
            if left <= 0 or time.monotonic() - begun > seconds:
                break
            group = [one, other, one][: self.at_once]
            result = self._compared(group, min(per_pair, left), masks)
            if result is not None:
                results.append(result)
                left -= result.words if result.concurrent and not result.noisy else 0
            else:
                self.skipped["groups with a request that cannot be sent"] += 1
        silent = sorted({o["key"] for o in operations} - {c.key for c in found})
        notes = [
            f"{len(found)} requests that write, {len(chosen)} pairs of them with rows or tables in common, {len(results)} run",
            *(f"{what} ({n})" for what, n in sorted(self.skipped.items())),
        ]
        if silent:
            notes.append(f"no request was found that writes: {', '.join(silent)}")
        return InterleaveReport(tuple(results), time.monotonic() - begun, tuple(notes))

    def _candidates(self, operation: dict[str, Any]) -> list[Candidate]:
        """Up to :data:`KEPT` requests of an operation that write different things, and the mirror images of one."""
        out: list[Candidate] = []
        strangers: set[str] = set()
        learnt: dict[str, Any] | None = None
        tried = 0
        for _ in range(DEALT):
            case = self.lab.dealer.ask({"next": operation["key"], "learn": learnt})["case"]
            learnt = None
            if case is None or len(out) >= KEPT or tried >= TRIED:
                break
            if (
                case["method"] not in _WRITES
                or not case["what"].startswith(_PLAIN)
                or case["persona"] in strangers
            ):
                continue
            try:
                case = sendable({**case, "body": base64.b64decode(case["body"])})
                alone = self.django.alone(case)
            except (NotSent, NotSendable):
                continue
            tried += 1
            learnt = {name: alone.answers[0][name] for name in ("status", "headers", "body")}
            if alone.answers[0]["status"] in (401, 403):
                strangers.add(case["persona"])
            found = self._kept(case, alone, out)
            if found is None:
                continue
            out.append(found)
            for other in () if any(c.image_of for c in out) else mirrored(case, operation["path"]):
                image = self._kept(other, self.django.alone(other), out, found)
                out += [image] if image is not None else []
        return out

    def _kept(
        self, case: dict[str, Any], alone: Ran, known: Sequence[Candidate], image_of: Candidate | None = None
    ) -> Candidate | None:
        """It, after FastAPI has been asked by itself, too (``alone``: Django); None for a request that writes nothing, or nothing
        else than those ``known``."""
        if not alone.traces:  # the server answered it before the project saw it
            return None
        found = candidate(case, alone, alone.traces[0])
        if found is None or any(c.does == found.does for c in known):
            return None
        other = self.fastapi.alone(case)
        if not other.traces:
            self.skipped["requests that FastAPI's server answers by itself"] += 1
            return None
        if left_to_django({**other.answers[0], "effects": other.effects}):
            self.skipped["requests that FastAPI leaves to Django"] += 1
            return None
        return candidate(case, alone, common(alone.traces[0], other.traces[0]), image_of)

    def _masks(self, side: Side, found: Sequence[Candidate]) -> Masks:
        assert side.state is not None
        texts = [repr(row) for rows in side.state.baseline.values() for row in rows.values()]
        for one in found:
            texts += [one.case["path"], one.case["query"], one.case["body"].decode("utf-8", "replace")]
        return Masks(texts, self.since)

    def _compared(self, group: list[Candidate], most: int, masks: Masks) -> Result | None:
        cases, points = [c.case for c in group], [c.points for c in group]
        counts = [len(p) for p in points]
        words, whole = schedules(counts, most, self.pick)
        django: dict[str, str] = {}
        fastapi: dict[str, str] = {}
        waits = [0, 0]

        def ask(runner: Runner, word: str) -> str:
            ran: Ran = runner.run(cases, points, word)
            waits[runner is self.fastapi] += bool(ran.waits)
            return masks.outcome(ran)

        try:
            noisy = ask(self.django, words[0]) != ask(self.django, words[0])
            for word in [] if noisy else words:
                django[word] = ask(self.django, word)
                fastapi[word] = ask(self.fastapi, word)
            if not whole and set(fastapi.values()) != set(django.values()):
                self._look_further(ask, counts, django, fastapi)
        except NotSendable:
            return None
        sequential = [django[w] for w in serial(counts) if w in django]
        return Result(
            tuple(_request(c) for c in cases), tuple(points), len(words), whole,
            sum(django[w] == fastapi[w] for w in words if not noisy), (waits[0], waits[1]),
            Counter(kind_of(django[w], sequential) for w in words if not noisy),
            _only(django, fastapi, sequential), _only(fastapi, django, sequential), noisy,
        )  # fmt: skip

    def _look_further(
        self, ask: Any, counts: list[int], django: dict[str, str], fastapi: dict[str, str]
    ) -> None:
        """Schedules that were not drawn may show on one side what the other has shown."""
        more, _ = schedules(counts, len(django) + MOST_EXTRA, self.pick)
        for word in more:
            if set(fastapi.values()) == set(django.values()):
                return
            if word not in django:
                django[word] = ask(self.django, word)
                fastapi[word] = ask(self.fastapi, word)


def _only(one: dict[str, str], other: dict[str, str], sequential: Sequence[str]) -> tuple[Outcome, ...]:
    shown = set(other.values())
    found: dict[str, list[str]] = {}
    for word, outcome in one.items():
        if outcome not in shown:
            found.setdefault(outcome, []).append(word)
    return tuple(
        Outcome(
            kind_of(outcome, sequential),
            tuple(statuses(outcome)),
            tuple(words),
            outcome,
            between(outcome, other[words[0]]),
        )
        for outcome, words in found.items()
    )


def _request(case: dict[str, Any]) -> Request:
    body = case["body"].decode("utf-8", "replace")
    path = case["path"] + (f"?{case['query']}" if case["query"] else "")
    return Request(case["key"], case["persona"], case["method"], path, body)
