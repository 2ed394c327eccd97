"""What the pages are given: where the state is, and the functions of the commands that read and change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from segue.config import Config
from segue.ledger import Basis, Ledger


class Shift(Protocol):
    """What ``segue shift`` and ``segue rollback`` do, in the words that they say."""

    def __call__(
        self, routes: Sequence[str], weight: int, *, force: bool, why: str, seen: int | None
    ) -> list[str]:
        """Raises :class:`segue.errors.SegueError` as the commands do."""


@dataclass(frozen=True, slots=True)
class Hands:
    """The project as it is now. ``ledger`` and ``basis`` read its files, ``shift`` moves traffic, ``pause`` and ``resume`` hold a
    rollout; all raise :class:`segue.errors.SegueError`, as the commands whose functions they are."""

    settings: Config
    ledger: Callable[[], Ledger]
    basis: Callable[[Ledger], Basis]
    shift: Shift
    pause: Callable[[], str]
    resume: Callable[[], None]


Open = Callable[[], Hands]
"""Opens the project anew: ``segue.toml`` may have changed since the last page."""
