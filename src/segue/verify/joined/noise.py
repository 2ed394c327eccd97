"""Values that Django answers differently when it is asked twice: learned, listed, and compared by shape only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .compare import differences, general, shape


class Noise:
    """``known`` are (operation, path) pairs; a value that is new each time on Django must be so on FastAPI."""

    def __init__(self) -> None:
        self.known: set[tuple[str, str]] = set()

    def without(
        self, key: str, answers: tuple[Any, Any], found: list[Any], ask: Callable[[str], Any]
    ) -> list[Any]:
        """The differences ``found`` between the ``answers`` (Django's, FastAPI's) that are no noise.

        ``ask("django")`` and ``ask("fastapi")`` put the same question to a side again.
        """

        def known(item: tuple[str, Any, Any]) -> bool:
            return (key, general(item[0])) in self.known and shape(item[1]) == shape(item[2])

        found = [item for item in found if not known(item)]
        if not found:
            return found
        again = ask("django")
        volatile = {
            general(path)
            for path, before, after in differences(answers[0], again)
            if shape(before) == shape(after)
        }
        if not volatile & {general(path) for path, _, _ in found}:
            return found
        moving = {general(path) for path, _, _ in differences(answers[1], ask("fastapi"))}
        self.known |= {(key, path) for path in volatile & moving}
        return [item for item in found if not known(item)]
