"""Reads that Segue sends itself where users send too few: both sides are asked the same, and what differs is a difference.

Only operations that may be repeated (:mod:`segue.shadow.reads`) are asked. Their paths come from recorded traffic, or from Django's own answers: what a
list shows, its detail is asked for. The questions go straight to the sides, past the gateway, so they are in no log of it and no figures of users; to the
sides they say what they are (:data:`MARK`). An answer of Django's that is not 2xx proves nothing and does not count; but where it lets nobody in,
FastAPI must not either.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from segue.gateway.encoded import in_order
from segue.gateway.routes import HIDDEN
from segue.gateway.table import Rule
from segue.shadow.judge import Answer, Kind, SideName, judge, readable
from segue.shadow.redacting import hidden, redactor
from segue.shadow.worker import Limits, first_place
from segue.verify.http.client import Client, NotSendable
from segue.verify.joined.compare import left_to_django
from segue.verify.replay.recorded import Recorded

MARK = "x-segue-synthetic"
"""Header of every question, so that the sides' own logs can leave them out."""

_ITEMS, _PARENTS = 5, 3
"""How many of what a list shows are asked for, and of how many lists, where lists stand below others."""

_AGAIN = 30.0
"""Seconds after which paths of an operation are looked for again, for what is there changes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One read asked of both sides, at ``weight``. Microseconds of each answer; ``status`` is FastAPI's, 0 for none. ``different`` is the place where FastAPI answers something else, '' for none."""

    key: str
    weight: int
    django: float
    fastapi: float
    status: int
    different: str = ""


_HIDDEN = re.compile(HIDDEN)


class _Stopped(Exception):
    pass


class _Silent(Exception):
    """A side did not answer when it was asked again."""


@dataclass(slots=True)
class Synthetic:
    """``routes`` are the templates of the operations that may be repeated, by key; ``rules`` the gateway's, in their order. ``limits.rate`` reads a
    second are asked of both sides. ``headers`` are sent with each. ``recorded`` are requests whose paths may be asked.

    ``wanted`` says which operations want reads, and at which weight they are; whoever gives it may change it at any time.
    Only :meth:`run` blocks. ``failed`` is what ended it before :meth:`stop`; ``found`` how much of an operation
    can be asked.
    """

    rules: Sequence[Rule]
    routes: Mapping[str, str]
    sides: Mapping[SideName, str]
    limits: Limits
    headers: Mapping[str, str] = field(default_factory=dict)
    recorded: Sequence[Recorded] = ()
    agreed: Sequence[str] = ()
    redact: Sequence[str] = ()
    wanted: Mapping[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    failed: Exception | None = None
    _asked: deque[Asked] = field(default_factory=deque)
    _targets: dict[str, tuple[float, deque[tuple[str, str]]]] = field(default_factory=dict)
    _clients: dict[str, Client] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _next: float = 0.0
    _dice: random.Random = field(default_factory=random.Random)
    _patterns: list[tuple[re.Pattern[str], Rule | None]] = field(default_factory=list)
    _taken: dict[str, list[tuple[str, str]]] | None = None  # of recorded reads, by operation

    def results(self) -> list[Asked]:
        """What was asked since the last call."""
        return [self._asked.popleft() for _ in range(len(self._asked))]

    def run(self) -> None:
        """Ask until :meth:`stop`."""
        try:
            while not self._stop.is_set():
                wanted = [key for key in self.wanted if key in self.routes]
                # All are tried: where nothing is known of many, the others get the questions.
                if not sum(self._one(key) for key in wanted):
                    self._stop.wait(0.2)
        except _Stopped:
            return
        except Exception as error:  # noqa: BLE001 - the thread would end unseen
            self.failed = error
        finally:
            for client in self._clients.values():
                client.close()

    def stop(self) -> None:
        """End :meth:`run` soon: after the question that is under way."""
        self._stop.set()

    def _one(self, key: str) -> bool:
        """Whether there was something to ask."""
        weight = self.wanted.get(key)
        target = self._target(key) if weight is not None else None
        if weight is None or target is None:
            return False
        self._pair(key, weight, target)
        return True

    def _pair(self, key: str, weight: int, target: tuple[str, str]) -> None:
        order: tuple[SideName, SideName] = ("django", "fastapi")
        heard: dict[SideName, Answer | None] = {}
        took: dict[SideName, float] = {}
        self._pace()
        # What the first one warms, the second one has. Not in turns: of two operations, each would have the same one first always.
        for side in self._dice.sample(order, 2):
            begin = time.monotonic()
            heard[side] = self._ask(side, *target)
            took[side] = (time.monotonic() - begin) * 1e6
        live, answer = heard["django"], heard["fastapi"]
        if answer is not None and _lets_in(live, answer) and _lets_in(*self._both_again(target)):
            self._asked.append(
                Asked(key, weight, took["django"], took["fastapi"], answer["status"], "who may read")
            )
            return
        if live is None or not 200 <= live["status"] < 300:
            targets = self._targets[key][1]
            targets.remove(target)
            self.found[key] = len(targets)
            return
        status = answer["status"] if answer else 0
        if answer is not None and left_to_django(answer):
            return  # of what FastAPI does nothing is seen
        different = ""
        if answer is not None and status < 500:
            told = self._different(key, target, live, answer)
            if told is None:
                return
            status, different = told
        self._asked.append(Asked(key, weight, took["django"], took["fastapi"], status, different))

    def _both_again(self, target: tuple[str, str]) -> tuple[Answer | None, Answer | None]:
        """A token may have ended between the two questions."""
        self._pace()
        answer = self._ask("fastapi", *target)
        return self._ask("django", *target), answer

    def _different(
        self, key: str, target: tuple[str, str], live: Answer, answer: Answer
    ) -> tuple[int, str] | None:
        """FastAPI's status (0: asked again, it did not answer) and the place; None where nothing is known."""
        waiting = [answer]
        bodies = [live["body"], answer["body"]]

        def ask(side: SideName) -> Answer:
            if side == "fastapi" and waiting:
                return waiting.pop()
            self._pace()
            again = self._ask(side, *target)
            if again is None:
                raise _Silent(side)
            return again

        agreed = {line.partition(": ")[2] for line in self.agreed if line.partition(": ")[0] == key}
        try:
            verdict = judge(live, "django", ask, agreed=agreed)
        except _Silent as error:
            return (0, "") if error.args == ("fastapi",) else None
        status: int = answer["status"]
        if verdict.kind is not Kind.DIFFERENT:
            # Left to Django, or data that moved: an answer that is none of an object then proves nothing.
            return (status, "") if verdict.kind is not Kind.LEFT and status < 300 else None
        read = Recorded("GET", *target, headers=tuple(self.headers.items()))
        shown = hidden(verdict, redactor(read, self.routes[key], bodies, self.redact))
        return status, first_place(shown)

    def _pace(self) -> None:
        if self._stop.wait(max(0.0, self._next - time.monotonic())):
            raise _Stopped
        self._next = time.monotonic() + 1 / self.limits.rate

    def _ask(self, side: SideName, path: str, query: str) -> Answer | None:
        """What the side answers; None if it does not, or nothing that can be read."""
        headers = {"Accept": "application/json", **self.headers, MARK: "1"}
        # The same for both: addresses in answers begin with it.
        host = next((value for name, value in self.headers.items() if name.lower() == "host"), "")
        host = host or urlsplit(self.sides["django"]).netloc
        url = self.sides[side]
        if url not in self._clients:
            self._clients[url] = Client(url, host=host, timeout=self.limits.timeout)
        case = {"method": "GET", "path": path, "query": query, "headers": list(headers.items()), "body": b""}
        try:
            raw = self._clients[url].ask(case)
            return readable(raw["status"], raw["headers"], raw["body"], "GET")
        except (OSError, ValueError, http.client.HTTPException, NotSendable):
            self._clients.pop(url).close()
            return None

    def _target(self, key: str) -> tuple[str, str] | None:
        """The next path and query of an operation, None where nothing is known of it now."""
        at, targets = self._targets.get(key, (float("-inf"), deque()))
        if time.monotonic() - at > _AGAIN:
            taken = self._recorded().get(key, [])
            taken = taken or [
                (path, "") for path in self._paths(self.routes[key]) if self._operation(path) == key
            ]
            targets = deque(dict.fromkeys(taken))
            self._targets[key] = (time.monotonic(), targets)
            self.found[key] = len(targets)
        targets.rotate(-1)
        return targets[-1] if targets else None

    def _recorded(self) -> dict[str, list[tuple[str, str]]]:
        """Once: thousands of reads, each by hundreds of patterns, are seconds in which the rollout's guards wait as well."""
        if self._taken is None:
            self._taken = {}
            for path, query in dict.fromkeys((r.path, r.query) for r in self.recorded if r.method == "GET"):
                self._taken.setdefault(self._operation(path), []).append((path, query))
        return self._taken

    def _operation(self, path: str) -> str:
        """The operation for which the gateway would take a GET of ``path``; '' for none."""
        if _HIDDEN.search(path):  # another route's, once the sides have decoded it
            return ""
        if not self._patterns:
            self._patterns = [(re.compile(regex), rule) for regex, rule in in_order(self.rules)]
        for pattern, rule in self._patterns:
            if pattern.fullmatch(path) and (rule is None or not rule.methods or "GET" in rule.methods):
                return rule.key if rule else ""
        return ""

    def _paths(self, template: str) -> list[str]:
        """Paths of a route, from the lists above it."""
        head, mark, rest = template.rpartition("{")
        name, _, tail = rest.partition("}")
        if re.search(r"[(\[\\*+?^$|<]", template):
            return []
        if not mark:
            return [template]
        if f"GET {head}" not in self.routes:
            return []
        out = []
        for parent in self._paths(head)[:_PARENTS]:
            self._pace()
            answer = self._ask("django", parent, "")
            if answer is not None and answer["status"] == 200:
                out += [f"{parent}{quote(value, safe='')}{tail}" for value in _shown(answer["body"], name)]
        return out


def _lets_in(live: Answer | None, answer: Answer | None) -> bool:
    """Whether FastAPI shows what Django shows nobody who asks like this."""
    return (
        live is not None
        and live["status"] in (401, 403)
        and answer is not None
        and 200 <= answer["status"] < 300
    )


def _shown(body: Any, name: str) -> list[str]:
    """Values of ``name`` in what a list shows."""
    items = body.get("results") if isinstance(body, dict) else body
    found = []
    for item in items[:_ITEMS] if isinstance(items, list) else []:
        names = (name, "id", "pk") if name in ("pk", "id") else (name, name.removesuffix("_id"))
        value = next((item[n] for n in names if n in item), None) if isinstance(item, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value):
            found.append(str(value))
    return found


def headers_of(text: str) -> dict[str, str]:
    """Headers from an environment variable: a JSON object. Raises ``ValueError``."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise ValueError("no object of texts")
    return found
