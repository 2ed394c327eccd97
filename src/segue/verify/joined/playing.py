"""A sequence of requests on one side, as if it were one request: its answer is the list of all answers."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from .compare import answer_of, shape
from .hooks import told

_NAMED = re.compile(r"\{step (\d+): (\w+)\}")
_KEYS = ("id", "pk", "uuid", "slug", "key", "username", "name")
_RANDOM = ("<uuid>", "<hex>", "<token>")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_ROUNDED = dt.timedelta(seconds=1)  # where it is cut to seconds
NOWHERE = "987654"  # a key that no row has: the step that should have made it failed


class Player:
    """``side`` (anything with ``ask``, ``statements``, ``hooks``), which can be asked sequences as well."""

    def __init__(self, side: Any) -> None:
        self._side = side
        self.statements: list[str] = []
        self.hooks = 0
        self.error = ""
        self.unserved = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._side, name)

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        """Status, headers, body. A sequence answers 200 with a JSON list of its steps' answers.

        Random keys (UUIDs, tokens) that a step's answer made up are told as ``<id of step 0>`` from then on, and
        moments of the sequence itself (rows that a step wrote, read by another) as such, by their form.
        """
        self.unserved = False
        steps = case.get("steps")
        if steps is None:
            answer: dict[str, Any] = self._side.ask(case)
            self.statements, self.hooks = self._side.statements, self._side.hooks
            self.error = self._side.error
            return answer
        statements: list[str] = []
        answers: list[dict[str, Any]] = []
        names: dict[str, str] = {}
        begin = dt.datetime.now(dt.UTC)
        self.hooks, self.error = 0, ""
        for index, step in enumerate(steps):
            raw = self._side.ask(resolved(step, [a["body"] for a in answers]))
            statements += self._side.statements
            self.hooks += self._side.hooks
            self.error = self.error or self._side.error
            self.unserved |= any(name.lower() == "x-segue-unserved" for name, _ in raw["headers"])
            answers.append(answer_of(raw, told(self._side.hooks), step["method"]))
            for name, value in _leaves(answers[-1]["body"]):
                if name in _KEYS and shape(value) in _RANDOM and value not in names:
                    names[value] = f"<{name} of step {index}>"
        self.statements = statements
        end = dt.datetime.now(dt.UTC)
        for answer in answers:
            answer["body"] = _without_now(answer["body"], begin, end)
        text = json.dumps(answers)
        for value, name in names.items():
            text = text.replace(value, name)
        return {"status": 200, "headers": [("content-type", "application/json")], "body": text.encode()}


def resolved(step: dict[str, Any], bodies: list[Any]) -> dict[str, Any]:
    """``step`` with the keys that it takes from earlier answers' ``bodies``."""

    def found(match: re.Match[str]) -> str:
        number, name = int(match[1]), match[2]
        leaves = dict(reversed(list(_leaves(bodies[number])))) if number < len(bodies) else {}
        value = leaves.get(name)
        if value is None and name == "pk":
            value = leaves.get("id")
        return quote(str(value), safe="@:+") if isinstance(value, str | int) else NOWHERE

    path = _NAMED.sub(found, step["path"])
    return {**step, "path": path}


def _without_now(value: Any, begin: dt.datetime, end: dt.datetime) -> Any:
    """``value`` with moments between ``begin`` and ``end`` told as ``now`` in their form."""
    if isinstance(value, dict):
        return {name: _without_now(inner, begin, end) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_now(inner, begin, end) for inner in value]
    if isinstance(value, str) and _MOMENT.match(value):
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            return value
        # Without a zone it is UTC's or the machine's.
        meant = [moment] if moment.tzinfo else [moment.replace(tzinfo=dt.UTC), moment.astimezone()]
        if any(begin - _ROUNDED <= m <= end for m in meant):
            return f"now: {shape(value)}"
    return value


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """(key, value) of an answer's texts and numbers, outermost first."""
    deeper = []
    for name, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, dict):
            deeper.append(inner)
        elif isinstance(inner, str | int) and not isinstance(inner, bool):
            yield str(name), inner
    for inner in deeper:
        yield from _leaves(inner)
