"""One request, both sides, the same state of the world."""

from __future__ import annotations

import time
from typing import Any

from .compare import answer_of, disagreements, left_to_django, reordered
from .effects import count
from .hooks import told
from .limits import used_up
from .noise.learner import Learner
from .noise.shaking import LATER, drawing, later, turned
from .world import World

FIRST, AGAIN = (
    1,
    2,
)  # both sides draw the same at first; what moves because it is drawn shows when they draw again


class Pair:
    """Runs cases on ``legacy`` and ``modern`` (anything with ``ask``, ``statements`` and ``hooks``) and compares.

    ``noise`` knows what Django itself answers differently each time; ``agreed`` are the lines of ``segue.toml`` about
    that. With ``shaken`` both are Django, and the second is asked at a later time with unordered rows turned round.
    """

    def __init__(
        self, modern: Any, legacy: Any, world: World, *, agreed: tuple[str, ...] = (), shaken: bool = False
    ) -> None:
        self.modern, self.legacy, self.world, self.shaken = modern, legacy, world, shaken
        self.noise = Learner(world.connection, agreed, only_learning=shaken)

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """``{"django", "fastapi", "differences", "noisy", "queries", "unserved", "errors", "receivers", "reordered"}``.

        ``noisy`` are the paths of those differences that a line in ``segue.toml`` could allow.
        """
        begin = time.monotonic()
        one, django_queries = self.ask(self.legacy, case)
        django_error = self.legacy.error
        receivers = dict(self.world.receivers.count)
        other, fastapi_queries = self._other(case, one)
        unserved = left_to_django(other)
        found = [] if unserved else disagreements(one, other)
        error = self.modern.error
        noisy: set[str] = set()
        if found:
            found, noisy = self.noise.explain(
                case, one, other, found,
                legacy=lambda: self.ask(self.legacy, case, draw=AGAIN)[0], modern=lambda: self.ask(self.modern, case, draw=AGAIN)[0],
                apart=time.monotonic() - begin + (LATER if self.shaken else 0),
            )  # fmt: skip
        return {
            "django": one,
            "fastapi": other,
            "differences": found,
            "noisy": noisy,
            "queries": [django_queries, fastapi_queries],
            "unserved": unserved,
            "errors": [django_error, error],
            "receivers": receivers,
            "reordered": not found and not unserved and reordered(one["body"], other["body"]),
        }

    def _other(self, case: dict[str, Any], one: dict[str, Any]) -> tuple[dict[str, Any], int]:
        if self.shaken:
            with later(), turned(self.world.connection):
                answer, queries = self.ask(self.modern, case)
            if answer["status"] == one["status"]:
                return answer, queries
            # What ran out in the meantime (a token, an offer) is no noise: the same time, then.
            with turned(self.world.connection):
                return self.ask(self.modern, case)
        return self.ask(self.modern, case)

    def ask(self, side: Any, case: dict[str, Any], *, draw: int = FIRST) -> tuple[dict[str, Any], int]:
        """Answer with effects, and the number of queries; everything is undone. ``draw`` is where ``random`` begins."""
        self.world.recorders.answers_for(case)
        self.world.before()
        self.modern.reset()
        try:
            with drawing(draw):
                if case.get("busy"):
                    with used_up(getattr(self.modern, "package", ""), but=int(case["busy"] == "nearly")):
                        raw = side.ask(case)
                else:
                    raw = side.ask(case)
        finally:
            effects = self.world.after(side.statements) | told(side.hooks)
        return answer_of(raw, effects, case["method"]), count(side.statements)
