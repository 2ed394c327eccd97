"""One request, both sides, the same state of the world."""

from __future__ import annotations

from typing import Any

from .compare import answer_of, differences, disagreements, general, left_to_django, reordered, shape
from .effects import count
from .hooks import told
from .limits import used_up
from .world import World

Found = list[tuple[str, Any, Any]]


class Pair:
    """Runs cases on ``legacy`` and ``modern`` (anything with ``ask``, ``statements`` and ``hooks``) and compares.

    ``noise`` is what Django itself answers differently each time, as ``operation: path``. Such values are still
    compared by shape, and one that is new each time on Django must be so on FastAPI.
    """

    def __init__(self, modern: Any, legacy: Any, world: World) -> None:
        self.modern, self.legacy, self.world = modern, legacy, world
        self.noise: set[tuple[str, str]] = set()

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
            found = self._without_noise(case, one, other, found)
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

    def _without_noise(self, case: dict[str, Any], one: Any, other: Any, found: Found) -> Found:
        def known(item: tuple[str, Any, Any]) -> bool:
            return (case["key"], general(item[0])) in self.noise and shape(item[1]) == shape(item[2])

        found = [item for item in found if not known(item)]
        if not found:
            return found
        again, _ = self.ask(self.legacy, case)
        volatile = {
            general(path) for path, before, after in differences(one, again) if shape(before) == shape(after)
        }
        if not volatile & {general(path) for path, _, _ in found}:
            return found
        twice, _ = self.ask(self.modern, case)
        moving = {general(path) for path, _, _ in differences(other, twice)}
        self.noise |= {(case["key"], path) for path in volatile & moving}
        return [item for item in found if not known(item)]
