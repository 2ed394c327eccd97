"""One request to two servers, each on its own clone in the same state."""

from __future__ import annotations

import time
from typing import Any

from segue.verify.http.sides import Side
from segue.verify.joined.compare import answer_of, disagreements, left_to_django, reordered
from segue.verify.joined.noise import Learner


class HttpPair:
    """``django`` and ``fastapi`` are both restored after every case."""

    def __init__(self, django: Side, fastapi: Side, *, agreed: tuple[str, ...] = ()) -> None:
        self.django, self.fastapi = django, fastapi
        self.noise = Learner(None, agreed)

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """As the joined pair's: answers with effects, and what differs."""
        begin = time.monotonic()
        one = self.ask("django", case)
        other = self.ask("fastapi", case)
        errors = [self.django.error, self.fastapi.error]
        unserved = left_to_django(other)
        found = [] if unserved else disagreements(one, other)
        noisy: set[str] = set()
        if found:
            found, noisy = self.noise.explain(
                case, one, other, found,
                legacy=lambda: self.ask("django", case), modern=lambda: self.ask("fastapi", case),
                apart=time.monotonic() - begin,
            )  # fmt: skip
        return {
            "django": one,
            "fastapi": other,
            "differences": found,
            "noisy": noisy,
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
