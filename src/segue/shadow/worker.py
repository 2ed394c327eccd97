"""Asking both sides again, one request after the other, in the background and no faster than allowed."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.gateway.encoded import in_order
from segue.gateway.routes import HIDDEN
from segue.gateway.table import Rule
from segue.shadow.judge import Answer, Kind, SideName, Verdict, judge, readable
from segue.shadow.redacting import example, hidden, redactor
from segue.shadow.tally import Tally
from segue.verify.http.client import Client, NotSendable
from segue.verify.replay.recorded import Recorded

WAITING = 16
"""Reads that may wait. Few, so that they are asked again soon after the user asked."""

BYTES = 8 << 20
"""Bytes that those may have."""

_HIDDEN = re.compile(HIDDEN)  # Django's at the gateway; decoded, it is perhaps another operation's path


class Silent(Exception):
    """A side did not answer, or not in time."""


class Stopped(Exception):
    """The command ends."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``rate`` questions a second to both sides together; each has ``timeout`` seconds to begin and to go on with its answer."""

    rate: float = 5.0
    timeout: float = 10.0


@dataclass(slots=True)
class Worker:
    """``rules`` are the gateway's, in their order; ``wanted`` the keys of operations that may be repeated. ``sides`` are the base URLs.

    ``agreed`` are lines of ``[verify] noise``, ``redact`` names of fields. ``found(key, path)`` is told each difference.
    Only :meth:`run` blocks; the other methods may be called from another thread. ``failed`` is what ended it before :meth:`stop`.
    """

    rules: Sequence[Rule]
    wanted: Collection[str]
    sides: Mapping[SideName, str]
    limits: Limits = Limits()
    agreed: Collection[str] = ()
    redact: Sequence[str] = ()
    found: Callable[[str, str], None] = lambda key, path: None
    tallies: dict[str, Tally] = field(default_factory=dict)
    failed: Exception | None = None
    _patterns: list[tuple[re.Pattern[str], Rule | None]] = field(default_factory=list)
    _queue: deque[tuple[str, SideName, Recorded]] = field(default_factory=deque)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _some: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._patterns = [(re.compile(regex), rule) for regex, rule in in_order(self.rules)]
        self.tallies.update((key, Tally()) for key in self.wanted if key not in self.tallies)

    def room(self) -> int:
        """How many more reads may wait."""
        with self._lock:
            return WAITING - len(self._queue) if self._bytes < BYTES else 0

    def waiting(self) -> int:
        """Reads that wait, the one that is being asked not among them."""
        return len(self._queue)

    def offer(self, read: Recorded) -> None:
        """Take a read that a user was answered; what cannot be repeated is left out, and there is only so much room."""
        key = self._operation(read)
        side = {name.lower(): value for name, value in read.answer_headers}.get("x-segue-route")
        if key is None or side not in ("django", "fastapi") or read.status is None or read.body != b"":
            return
        tally = self.tallies[key]
        if read.answer is None:
            tally.long += 1
            return
        with self._lock:
            if len(self._queue) >= WAITING or self._bytes + len(read.answer) > BYTES:
                tally.crowded += 1
                return
            self._bytes += len(read.answer)
            self._queue.append((key, "django" if side == "django" else "fastapi", read))
        self._some.set()

    def run(self) -> None:
        """Work until :meth:`stop`."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - the thread would end unseen, and nothing be compared from then on
            self.failed = error

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                item = self._queue.popleft() if self._queue else None
                if item is None:
                    self._some.clear()
                else:
                    self._bytes -= len(item[2].answer or b"")
            if item is None:
                self._some.wait(0.5)
                continue
            try:
                self._compare(*item)
            except Stopped:
                return
            except Silent:
                self.tallies[item[0]].silent += 1

    def stop(self) -> None:
        """End :meth:`run` soon: after the question that is under way."""
        self._stop.set()
        self._some.set()

    def _operation(self, read: Recorded) -> str | None:
        """The key of the operation that served a read, None for one that must not be asked again. First pattern, then method, as the gateway
        decides."""
        names = {name.lower() for name, _ in read.headers}
        if read.method not in ("GET", "HEAD") or "upgrade" in names or _HIDDEN.search(read.path):
            return None
        for pattern, rule in self._patterns:
            if pattern.fullmatch(read.path) and (
                rule is None or not rule.methods or read.method in rule.methods
            ):
                if rule is None or rule.key not in self.wanted or (rule.html_to_legacy and _browses(read)):
                    return None
                return rule.key
        return None

    def _compare(self, key: str, side: SideName, read: Recorded) -> None:
        tally = self.tallies[key]
        heard: list[Any] = []

        def ask(name: SideName) -> Answer:
            answer = self._ask(name, read)
            if len(heard) < 2:
                heard.append(answer["body"])
            return answer

        try:
            live = readable(read.status or 0, list(read.answer_headers), read.answer or b"", read.method)
        except ValueError:
            tally.long += 1
            return
        agreed = {line.partition(": ")[2] for line in self.agreed if line.partition(": ")[0] == key}
        verdict = judge(live, side, ask, known=tally.differing.keys(), agreed=agreed)
        by = redactor(read, key.partition(" ")[2], [live["body"], *heard], self.redact)
        shown = hidden(verdict, by)  # names of places are written and told
        if tally.count(shown, live["status"]):
            tally.examples.append(example(read, verdict, by))
        if verdict.kind is Kind.DIFFERENT:
            self.found(key, first_place(shown))

    def _ask(self, side: SideName, read: Recorded) -> Answer:
        """What the side answers now. The request goes straight to it, past the gateway: it is in no figures of the rollout. Raises :class:`Silent`."""
        pause = self._next - time.monotonic()
        if self._stop.wait(max(0.0, pause)):
            raise Stopped
        self._next = time.monotonic() + 1 / self.limits.rate
        client = Client(self.sides[side], host=read.host, timeout=self.limits.timeout)
        case = {
            "method": read.method, "path": read.path, "query": read.query, "headers": read.headers, "body": b"",
        }  # fmt: skip
        try:
            raw = client.ask(case)
            return readable(raw["status"], raw["headers"], raw["body"], read.method)
        except (OSError, ValueError, http.client.HTTPException, NotSendable) as error:
            raise Silent(str(error)) from error
        finally:
            client.close()


def _browses(read: Recorded) -> bool:
    accept = next((value for name, value in read.headers if name.lower() == "accept"), "")
    return "text/html" in accept.lower() or "format=api" in read.query.split("&")


def first_place(verdict: Verdict) -> str:
    """Where the difference shows first; the status before all that follows from it."""
    paths = [path for path, _, _ in verdict.places]
    return "status" if "status" in paths else paths[0]
