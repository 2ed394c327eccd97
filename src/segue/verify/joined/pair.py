"""One request, both sides, the same state of the world."""

from __future__ import annotations

from typing import Any

from .compare import answer_of, disagreements, left_to_django, reordered
from .effects import count
from .hooks import told
from .limits import used_up
from .noise import Noise
from .world import World


class Pair:
    """Runs cases on ``legacy`` and ``modern`` (anything with ``ask``, ``statements`` and ``hooks``) and compares.

    ``noise`` is what Django itself answers differently each time, as ``operation: path``. Such values are still
    compared by shape, and one that is new each time on Django must be so on FastAPI.
    """

    def __init__(self, modern: Any, legacy: Any, world: World) -> None:
        self.modern, self.legacy, self.world = modern, legacy, world
        self._noise = Noise()

    @property
    def noise(self) -> set[tuple[str, str]]:
        """(operation, path) pairs."""
        return self._noise.known

    def _side(self, name: str) -> Any:
        return self.legacy if name == "django" else self.modern

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """``{"django", "fastapi", "differences", "queries", "unserved", "errors", "receivers", "reordered"}``."""
        one, django_queries = self.ask(self.legacy, case)
        django_error = self.legacy.error
        receivers = dict(self.world.receivers.count)
        other, fastapi_queries = self.ask(self.modern, case)
        unserved = left_to_django(other)
        found = [] if unserved else disagreements(one, other)
        error = self.modern.error
        if found:
            found = self._noise.without(
                case["key"], (one, other), found, lambda side: self.ask(self._side(side), case)[0]
            )
        return {
            "django": one,
            "fastapi": other,
            "differences": found,
            "queries": [django_queries, fastapi_queries],
            "unserved": unserved,
            "errors": [django_error, error],
            "receivers": receivers,
            "reordered": not found and not unserved and reordered(one["body"], other["body"]),
        }

    def ask(self, side: Any, case: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """Answer with effects, and the number of queries; everything is undone."""
        self.world.before()
        self.modern.reset()
        try:
            if case.get("busy"):
                with used_up(getattr(self.modern, "package", "")):
                    raw = side.ask(case)
            else:
                raw = side.ask(case)
        finally:
            effects = self.world.after(side.statements) | told(side.hooks)
        return answer_of(raw, effects, case["method"]), count(side.statements)
