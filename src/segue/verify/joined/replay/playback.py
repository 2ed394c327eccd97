"""The recording, one request after the other.

Each request to a native operation is compared from the same state, as ``explore`` does it; then Django's answer is
played once more and kept, so that the next request finds what this one wrote. Requests that are not native are only
played on Django, if they write: they may log somebody in, or create what others read.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import unquote

from ..effects import written_tables
from ..outcome import Outcome
from ..pair import Pair
from ..redact import Redactor, redacted
from ..sides import DjangoSide, FastApiSide
from ..world import World
from .identity import Identity, set_cookies
from .renaming import Renaming

_READS = ("GET", "HEAD", "OPTIONS", "TRACE")


def play(spec: dict[str, Any], legacy: Any) -> dict[str, Any]:
    """Requests come line by line from standard input, after one line with the users (see ``verify/replay/run.py``)."""
    from django.test.utils import setup_test_environment

    setup_test_environment()
    lines = iter(sys.stdin.buffer)
    redactor = Redactor(spec["redacted"])
    users = json.loads(next(lines, b"{}"))
    playback = Playback(spec, legacy, Identity(users, redactor), redactor)
    try:
        for line in lines:
            if not playback.left():
                break
            playback.request(json.loads(line))
        return playback.report()
    finally:
        playback.close()


class Playback:
    """One run."""

    def __init__(self, spec: dict[str, Any], legacy: Any, identity: Identity, redactor: Redactor) -> None:
        self.spec, self.legacy, self.identity, self.redactor = spec, legacy, identity, redactor
        self.renaming = Renaming()
        self.django = DjangoSide(legacy.connection, legacy.errors)
        self.other = FastApiSide(spec, legacy.connection, legacy.errors)
        self.world = World(legacy.connection, legacy.media)
        self.world.open()
        legacy.fence.closed = True
        self.pair = Pair(self.other, self.django, self.world, agreed=tuple(spec.get("noise", ())))
        self.outcomes = {o["key"]: Outcome(o) for o in spec["operations"]}
        self.patterns = [(o, re.compile(o["regex"])) for o in spec["operations"]]
        self.counts: Counter[str] = Counter()
        self.elsewhere: Counter[str] = Counter()
        self.begin = time.monotonic()

    def close(self) -> None:
        """Undo everything."""
        self.legacy.fence.closed = False
        self.world.close()

    def left(self) -> bool:
        """Whether there is time for another request."""
        return bool(time.monotonic() - self.begin < self.spec["seconds"])

    def request(self, item: dict[str, Any]) -> None:
        """Send one recorded request."""
        self.counts["requests"] += 1
        path = self.renaming.path(item["path"])
        operation = self._operation(item["method"], path)
        headers, who = self.identity.headers(item["headers"], self.renaming, operation, path)
        kind = next((v for k, v in headers if k.lower() == "content-type"), "")
        body = base64.b64decode(item["body"] or "")
        self._learn_private(body)
        case = {
            "key": operation["key"] if operation else "", "what": item["place"], "persona": who,
            "method": item["method"], "path": path, "query": self.renaming.query(item["query"]),
            "headers": headers, "body": self.renaming.body(body, kind), "busy": False, "own": 0,
        }  # fmt: skip
        if operation is None:
            self.elsewhere[f"{item['method']} {_template(path)}"] += 1
            if item["method"] not in _READS:
                self._keep(case, item)
            return
        result = self.pair.run(case)
        outcome = self.outcomes[operation["key"]]
        kind = outcome.add(case, result)
        if kind:
            outcome.keep(kind, case, result, {})
        self._third_opinion(item, result["django"])
        if result["django"]["effects"] or item["method"] not in _READS:
            self._keep(case, item)

    def _keep(self, case: dict[str, Any], item: dict[str, Any]) -> None:
        """Let Django do it for good, and learn from its answer what things are called now."""
        raw = self.world.keep(lambda: self.django.ask(case), lambda: written_tables(self.django.statements))
        self.counts["kept"] += 1
        answer = _json(raw["body"])
        self.redactor.learn(answer)
        today = set_cookies(raw["headers"])
        for name, value in set_cookies(item["answer_headers"]).items():
            self.redactor.secret(value)
            if name in today:
                self.redactor.secret(today[name])
                self.renaming.text(value, today[name])
        recorded = _json(base64.b64decode(item["answer"])) if item["answer"] else None
        if recorded is not None and answer is not None and raw["status"] < 400:
            self.redactor.learn(recorded)
            self.renaming.learn(item["path"], recorded, answer)

    def _third_opinion(self, item: dict[str, Any], answer: dict[str, Any]) -> None:
        """Whether Django says today what was recorded: told, not asserted, as rows and clocks have moved on."""
        if item["status"] is None:
            self.counts["without a recorded answer"] += 1
            return
        if item["status"] != answer["status"]:
            self.counts["status not as recorded"] += 1
            if answer["status"] in (401, 403) and item["status"] < 400:
                self.counts["refused"] += 1
        else:
            self.counts["status as recorded"] += 1

    def _learn_private(self, body: bytes) -> None:
        value = _json(body)
        if value is not None:
            self.redactor.learn(value)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        plain = unquote(path)
        for operation, pattern in self.patterns:
            wanted = operation["method"]
            if (method == wanted or (method == "HEAD" and wanted == "GET")) and pattern.match(plain):
                found: dict[str, Any] = operation
                return found
        return None

    def report(self) -> dict[str, Any]:
        """As ``explore`` reports, everything redacted."""
        operations = {}
        for key, outcome in self.outcomes.items():
            told = outcome.report()
            told["differences"] = [redacted(d, self.redactor) for d in told["differences"]]
            told["left"] = {self.redactor.text(k): n for k, n in told["left"].items()}
            operations[key] = told
        return {
            "noise": sorted(map(str, self.pair.noise.rules.values())),
            "notes": [*self._notes(), *self.legacy.copy.notes, *self.pair.noise.wishes],
            "operations": operations,
        }

    def _notes(self) -> list[str]:
        counts = self.counts
        compared = sum(o.cases for o in self.outcomes.values())
        notes = [f"{counts['requests']} requests were sent, {compared} compared"]
        for name in ("status as recorded", "status not as recorded", "without a recorded answer"):
            if counts[name]:
                notes.append(f"Django today, {name}: {counts[name]}")
        if counts["refused"]:
            notes.append(
                f"{counts['refused']} requests that were let in when they were recorded are refused today: "
                "say who they are of with --as TOKEN=USER"
            )
        for place, number in self.elsewhere.most_common(20):
            notes.append(f"not native, {number} requests: {self.redactor.text(place)}")
        if len(self.elsewhere) > 20:
            notes.append(f"not native: {len(self.elsewhere) - 20} more paths")
        return notes


def _template(path: str) -> str:
    """A path with its numbers and long words left open, for counting."""
    return re.sub(r"/(?:\d+|[0-9a-fA-F-]{16,})(?=/|$)", "/…", path)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return None
