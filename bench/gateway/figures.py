"""What a bench found: its figures, and the criteria with whether they hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import comb, exp, lgamma, log


@dataclass(slots=True)
class Found:
    """``title`` and ``rows`` are a table (the first row its heads); ``criteria`` are sentences that must be true."""

    title: str
    command: str
    rows: list[Sequence[object]] = field(default_factory=list)
    criteria: list[tuple[str, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether all criteria hold."""
        return bool(self.criteria) and all(holds for _, holds in self.criteria)

    def markdown(self) -> str:
        """As a section of a page."""
        out = [f"## {self.title}", "", f"`{self.command}`", ""]
        if self.rows:
            head, *rest = self.rows
            out += [_row(head), "|" + "---|" * len(head), *(_row(r) for r in rest), ""]
        out += [f"- {'holds' if holds else '**broken**'}: {what}" for what, holds in self.criteria]
        out += ["", *self.notes]
        return "\n".join(out).rstrip() + "\n"

    def end(self) -> int:
        """Print it; the exit code."""
        sys.stdout.write(self.markdown())
        sys.stdout.flush()
        return 0 if self.good else 1


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(c) for c in cells) + " |"


def busy() -> str:
    """How busy the machine is with everything."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def milliseconds(seconds: float) -> str:
    """As text."""
    return f"{seconds * 1000:.1f} ms"


def interval(count: int, share: float, outside: float) -> tuple[int, int]:
    """The numbers between which a binomial count lies except with chance ``outside`` (half of it on each side)."""
    if share in (0.0, 1.0) or count == 0:
        return (round(count * share),) * 2
    low, below = 0, 0.0
    while below + (chance := _binomial(count, low, share)) <= outside / 2:
        below, low = below + chance, low + 1
    high, above = count, 0.0
    while above + (chance := _binomial(count, high, share)) <= outside / 2:
        above, high = above + chance, high - 1
    return low, high


def _binomial(count: int, hits: int, share: float) -> float:
    if count < 1000:
        return comb(count, hits) * share**hits * (1 - share) ** (count - hits)
    whole = lgamma(count + 1) - lgamma(hits + 1) - lgamma(count - hits + 1)
    return exp(whole + hits * log(share) + (count - hits) * log(1 - share))
