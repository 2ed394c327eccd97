"""One request to two servers, each on its own clone in the same state."""

from __future__ import annotations

from typing import Any

from segue.verify.http.sides import Side
from segue.verify.joined.compare import answer_of, disagreements, left_to_django, reordered
from segue.verify.joined.noise import Noise


class HttpPair:
    """``django`` and ``fastapi`` are both restored after every case."""

    def __init__(self, django: Side, fastapi: Side) -> None:
        self.django, self.fastapi = django, fastapi
        self.noise = Noise()

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """As the joined pair's: answers with effects, and what differs."""
        one = self.ask("django", case)
        other = self.ask("fastapi", case)
        errors = [self.django.error, self.fastapi.error]
        unserved = left_to_django(other)
        found = [] if unserved else disagreements(one, other)
        if found:
            found = self.noise.without(case["key"], (one, other), found, lambda side: self.ask(side, case))
        return {
            "django": one,
            "fastapi": other,
            "differences": found,
            "queries": [0, 0],
            "unserved": unserved,
            "errors": errors,
            "receivers": {},
            "reordered": not found and not unserved and reordered(one["body"], other["body"]),
        }

    def ask(self, name: str, case: dict[str, Any]) -> dict[str, Any]:
        """The comparable answer of ``"django"`` or ``"fastapi"``; its effects are undone."""
        side = self.django if name == "django" else self.fastapi
        try:
            raw, effects = side.ask(case)
        finally:
            side.restore()
        return answer_of(raw, effects, case["method"])

    def close(self) -> None:
        """Stop both."""
        for side in (self.django, self.fastapi):
            side.close()
