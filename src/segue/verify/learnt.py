"""What was learnt of a service's restlessness, the same place of several operations told once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"(?P<operation>\S+ \S+): (?P<path>.*) \((?P<sort>[a-z]+)(?P<yes>; needs a yes)?\)")


@dataclass(frozen=True, slots=True)
class Place:
    """``path`` of the answers of ``operations`` is volatile; ``sort`` as in ``joined/noise/sorts.py``."""

    path: str
    sort: str
    needs_yes: bool
    operations: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """What ``[verify] noise`` of ``segue.toml`` has to say for it."""
        return tuple(f"{key}: {self.path}" for key in self.operations) if self.needs_yes else ()


def places(noise: Iterable[str]) -> list[Place]:
    """From :attr:`segue.verify.Report.noise`; by sort, then path."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for line in noise:
        match = _LINE.fullmatch(line)
        if match is not None:
            found.setdefault((match["sort"], match["path"], bool(match["yes"])), []).append(
                match["operation"]
            )
    return [Place(path, sort, yes, tuple(sorted(keys))) for (sort, path, yes), keys in sorted(found.items())]
