"""Reads that Segue sends itself where users send too few: both sides are asked the same, and what differs is a difference.

Only operations that may be repeated (:mod:`segue.shadow.reads`) are asked. Their paths come from recorded traffic, or from Django's own answers: what a
list shows, its detail is asked for. The questions go straight to the sides, past the gateway, so they are in no log of it and no figures of users; to the
sides they say what they are (:data:`MARK`). An answer of Django's that is not 2xx proves nothing and does not count.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

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


class _Stopped(Exception):
    pass


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
    _turn: int = 0

    def results(self) -> list[Asked]:
        """What was asked since the last call."""
        return [self._asked.popleft() for _ in range(len(self._asked))]

    def run(self) -> None:
        """Ask until :meth:`stop`."""
        try:
            while not self._stop.is_set():
                wanted = [key for key in self.wanted if key in self.routes]
                if not wanted:
                    self._stop.wait(0.2)
                for key in wanted:
                    self._one(key)
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

    def _one(self, key: str) -> None:
        weight = self.wanted.get(key)
        target = self._target(key)
        if weight is None or target is None:
            self._stop.wait(0.2)
            return
        self._turn += 1
        order: tuple[SideName, SideName] = ("django", "fastapi")
        heard: dict[SideName, Answer | None] = {}
        took: dict[SideName, float] = {}
        self._pace()
        for side in order if self._turn % 2 else order[::-1]:  # what the first one warms, the second one has
            begin = time.monotonic()
            heard[side] = self._ask(side, *target)
            took[side] = (time.monotonic() - begin) * 1e6
        live, answer = heard["django"], heard["fastapi"]
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
            different = self._different(key, target, live, answer)
        self._asked.append(Asked(key, weight, took["django"], took["fastapi"], status, different))

    def _different(self, key: str, target: tuple[str, str], live: Answer, answer: Answer) -> str:
        waiting = [answer]
        bodies = [live["body"], answer["body"]]

        def ask(side: SideName) -> Answer:
            if side == "fastapi" and waiting:
                return waiting.pop()
            self._pace()
            again = self._ask(side, *target)
            if again is None:
                raise TimeoutError
            return again

        agreed = {line.partition(": ")[2] for line in self.agreed if line.partition(": ")[0] == key}
        try:
            verdict = judge(live, "django", ask, agreed=agreed)
        except TimeoutError:
            return ""
        if verdict.kind is not Kind.DIFFERENT:
            return ""
        read = Recorded("GET", *target, headers=tuple(self.headers.items()))
        shown = hidden(verdict, redactor(read, self.routes[key], bodies, self.redact))
        return first_place(shown)

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
            taken = [(r.path, r.query) for r in self.recorded if r.method == "GET" and self._is(key, r.path)]
            taken = taken or [(path, "") for path in self._paths(self.routes[key]) if self._is(key, path)]
            targets = deque(dict.fromkeys(taken))
            self._targets[key] = (time.monotonic(), targets)
            self.found[key] = len(targets)
        targets.rotate(-1)
        return targets[-1] if targets else None

    def _is(self, key: str, path: str) -> bool:
        """Whether the gateway would take a GET of ``path`` for that operation."""
        for rule in self.rules:
            if re.fullmatch(rule.regex, path) and (not rule.methods or "GET" in rule.methods):
                return rule.key == key
        return False

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
