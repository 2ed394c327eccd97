"""What came of a schedule, as a text that is the same where nothing but clocks and random values differ."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable
from typing import Any

from segue.verify.interleave.running import Ran
from segue.verify.joined.compare import differences

_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?|"
    r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
)
_RANDOM = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?<![\w.=:-])[\w.=:-]{30,}(?![\w.=:-])|(?<!\w)[0-9a-f]{20,}(?!\w)"
)
DEADLOCK = "deadlock"
MOST_PATHS = 12


class Masks:
    """Takes clocks and random values out of texts. ``known`` texts (rows, requests) hold what is neither; moments before
    ``since`` are no clock's."""

    def __init__(self, known: Iterable[str], since: dt.datetime) -> None:
        self._known: set[str] = set()
        self._since = since
        for text in known:
            self._known.update(_RANDOM.findall(text))
            self._known.update(_MOMENT.findall(text))

    def masked(self, text: str) -> str:
        """``text`` with ``*`` for each of them."""
        text = _MOMENT.sub(self._moment, text)
        return _RANDOM.sub(lambda m: m[0] if m[0] in self._known or "*" in m[0] else "*", text)

    def _moment(self, found: re.Match[str]) -> str:
        text = found[0]
        if text in self._known:
            return text
        try:
            if text.endswith("GMT"):
                moment = dt.datetime.strptime(text, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=dt.UTC)
            else:
                moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return text
        if moment.tzinfo is None:  # of whatever zone
            return "*" if abs(moment - dt.datetime.now(dt.UTC).replace(tzinfo=None)).days < 1 else text
        return "*" if moment >= self._since - dt.timedelta(seconds=1) else text

    def outcome(self, ran: Ran) -> str:
        """One line of JSON; :data:`DEADLOCK` where there was one (whom PostgreSQL ends is a matter of milliseconds).

        What sequences gave is in the rows; mails, tasks and calls come in no order. Nor do lists in answers: that of a query without
        ORDER BY is where PostgreSQL happens to keep rows that come and go at the same time.
        """
        if ran.deadlock:
            return DEADLOCK
        told = {
            name: sorted(value, key=_line) if name.startswith("(") and isinstance(value, list) else value
            for name, value in ran.effects.items()
            if name != "(sequences)"
        }
        return self.masked(_line({"answers": [_shown(a) for a in ran.answers], "rows": told}))


def _shown(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("status", "headers", "cookies")} | {
        "body": _unordered(answer["body"])
    }


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unordered(item) for name, item in value.items()}
    return sorted(map(_unordered, value), key=_line) if isinstance(value, list) else value


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)


def between(one: str, other: str) -> tuple[tuple[str, Any, Any], ...]:
    """Where two outcomes differ, a few places; () where one of them is a deadlock."""
    if DEADLOCK in (one, other):
        return ()
    return tuple(differences(json.loads(one), json.loads(other))[:MOST_PATHS])


def statuses(outcome: str) -> list[int]:
    """Of the requests, [] for a deadlock."""
    return [] if outcome == DEADLOCK else [int(a["status"]) for a in json.loads(outcome)["answers"]]


def kind_of(outcome: str, serial: Iterable[str]) -> str:
    """``serial`` (one of those), ``deadlock``, ``error`` (somebody got a 5xx), ``refused`` (somebody was told no, and in no order
    of the requests would have been told that), ``lost update`` (both were told that all is well, and the rows say otherwise)."""
    if outcome in set(serial):
        return "serial"
    if outcome == DEADLOCK:
        return DEADLOCK
    codes = statuses(outcome)
    if any(code >= 500 for code in codes):
        return "error"
    if any(code >= 400 for code in codes):
        return "refused"
    rows = json.loads(outcome)["rows"]
    if any(rows == json.loads(one)["rows"] for one in serial if one != DEADLOCK):
        return "stale answer"
    return "lost update"
