"""The map of all operations: grouped by path, one tile each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from segue.ledger import Basis, Entry, Ledger, State
from segue.ledger.transitions import against, staleness

_MANY = 30  # operations of one group that are divided by the next part of their paths


class Look(StrEnum):
    """How an operation is shown: its state, and two findings that matter more than the state."""

    REFUSED = "refused"
    TRANSLATED = "translated"
    VERIFIED = "verified"
    SHIFTING = "shifting"
    SHIFTED = "shifted"


SIGNS = {
    Look.REFUSED: "–",
    Look.TRANSLATED: "○",
    Look.VERIFIED: "✓",
    Look.SHIFTING: "◐",
    Look.SHIFTED: "●",
}
"""What tells the looks apart without colour."""

FINDINGS = {"differs": "evidence with differences", "stale": "stale evidence"}
"""Findings by which the map is filtered, too."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One operation. ``path`` is what its group's name leaves of the route; ``differs`` and ``stale`` are sentences, '' where all is well."""

    entry: Entry
    look: Look
    path: str
    differs: str
    stale: str

    @property
    def words(self) -> str:
        """All that the tile shows, for those who do not see it and as its tooltip."""
        weight = f", {self.entry.weight} % FastAPI" if self.entry.native else ""
        found = "".join(
            f"; {text}" for text in (self.differs, self.stale and f"evidence is stale: {self.stale}") if text
        )
        return f"{self.entry.key}: {self.look}{weight}{found}"


@dataclass(frozen=True, slots=True)
class Group:
    """Operations below one path: rows of (rest of the path, tiles). ``short`` is ``name`` without what all groups begin with."""

    name: str
    short: str
    rows: tuple[tuple[str, tuple[Tile, ...]], ...]

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All of them."""
        return tuple(tile for _, tiles in self.rows for tile in tiles)


@dataclass(frozen=True, slots=True)
class Board:
    """``groups`` are what the filter leaves of ``total`` operations; the counts are of all of them. ``share`` is FastAPI's in percent,
    were every operation asked equally often. ``below`` is what the names of all groups begin with."""

    groups: tuple[Group, ...]
    total: int
    shown: int
    looks: Counter[Look]
    findings: Counter[str]
    share: float
    below: str = ""


def look(entry: Entry) -> Look:
    """How an operation stands."""
    if not entry.native:
        return Look.REFUSED
    if entry.weight:
        return Look.SHIFTED if entry.weight == 100 else Look.SHIFTING
    return Look.VERIFIED if entry.state is State.VERIFIED else Look.TRANSLATED


def tile(entry: Entry, today: Basis | None, path: str = "") -> Tile:
    """``today`` is None where it cannot be known: then nothing is said of evidence."""
    if today is None or not entry.native:
        return Tile(entry, look(entry), path, "", "")
    return Tile(entry, look(entry), path, against(entry, today), staleness(entry, today))


def board(book: Ledger, today: Basis | None, *, text: str = "", states: Iterable[str] = ()) -> Board:
    """The map of ``book``; ``text`` (every word of it in the operation's key, any case) and ``states`` (looks and findings, any of
    them; none: all) say what is shown."""
    entries = list(book.entries.values())
    names = _names(entries)
    tiles = [tile(e, today, rest) for e, (_, rest) in zip(entries, names, strict=True)]
    wanted, words = set(states), text.lower().split()
    groups: dict[str, dict[str, list[Tile]]] = {}
    shown = 0
    for one, (name, rest) in zip(tiles, names, strict=True):
        has = {one.look.value, *(f for f in FINDINGS if getattr(one, f))}
        if (wanted and not wanted & has) or not all(w in one.entry.key.lower() for w in words):
            continue
        shown += 1
        groups.setdefault(name, {}).setdefault(rest, []).append(one)
    below = _common([name for name, _ in names])
    return Board(
        tuple(
            Group(n, n.removeprefix(below), tuple((rest, tuple(t)) for rest, t in rows.items()))
            for n, rows in groups.items()
        ),
        len(entries),
        shown,
        Counter(t.look for t in tiles),
        Counter(f for t in tiles for f in FINDINGS if getattr(t, f)),
        sum(e.weight for e in entries) / len(entries) if entries else 0.0,
        below,
    )


def _names(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """For each entry its group (``/api/articles/``) and the rest of its path (``{pk}/``): the first fixed part of the path that is
    not the same for all, and one more where that would hold many."""
    parts = [_fixed(e.route) for e in entries]
    common = 0
    while parts and all(len(p) > common + 1 and p[common] == parts[0][common] for p in parts):
        common += 1
    sizes = Counter(tuple(p[: common + 1]) for p in parts)
    out = []
    for entry, fixed in zip(entries, parts, strict=True):
        depth = common + 1 if sizes[tuple(fixed[: common + 1])] <= _MANY else common + 2
        out.append(_split(entry.route, min(depth, len(fixed))))
    return out


def _common(names: Sequence[str]) -> str:
    """``/api/``: the parts that all names begin with, of each of which something is left."""
    split = [name.rstrip("/").split("/") for name in names]
    least = min((len(parts) for parts in split), default=1) - 1
    equal = 0
    while equal < least and len({parts[equal] for parts in split}) == 1:
        equal += 1
    return "".join(f"{part}/" for part in split[0][:equal]) if equal else ""


def _fixed(route: str) -> list[str]:
    return [part for part in route.split("/") if part and "{" not in part]


def _split(route: str, depth: int) -> tuple[str, str]:
    """``route`` after its ``depth``-th fixed part."""
    seen, pieces = 0, route.split("/")
    for number, part in enumerate(pieces):
        if part and "{" not in part:
            seen += 1
        if seen == depth:
            rest = "/".join(pieces[number + 1 :])
            head = "/".join(pieces[: number + 1])
            return (f"{head}/", rest) if number + 1 < len(pieces) else (head, "")
    return route, ""
