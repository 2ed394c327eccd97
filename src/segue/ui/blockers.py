"""What keeps operations on Django: the ledger's reasons with advice and the lines of the project that they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from segue.assess.advice import advice
from segue.assess.model import short_place
from segue.ledger import Entry, Ledger

_PLACE = re.compile(r"(?P<code>\S+) (?P<file>.+):(?P<line>\d+)")
_AROUND = 3  # lines shown before and after the one that is named
_BIGGEST = 2_000_000  # bytes of a source file that is shown


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason: its code, where, and what to do. ``lines`` are (number, text, whether it is the one named)."""

    code: str
    place: str
    advice: str
    lines: tuple[tuple[int, str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """All places of one code; ``alone`` counts the operations that nothing else keeps on Django."""

    code: str
    advice: str
    entries: tuple[Entry, ...]
    alone: int
    places: tuple[str, ...]


def of(entry: Entry, root: Path) -> list[Blocker]:
    """The reasons of one operation, with the source around them where it lies in the project."""
    found = []
    for text in entry.reasons:
        match = _PLACE.fullmatch(text)
        if match is None:
            code, _, place = text.partition(" ")
            found.append(Blocker(code, place, advice(code)))
        else:
            place = f"{short_place(match['file'])}:{match['line']}"
            lines = _source(root, match["file"], int(match["line"]))
            found.append(Blocker(match["code"], place, advice(match["code"]), lines))
    return found


def reasons(book: Ledger) -> list[Reason]:
    """Of all operations, those first that hold most of them back alone."""
    grouped: dict[str, list[Entry]] = {}
    for entry in book.entries.values():
        for code in dict.fromkeys(text.partition(" ")[0] for text in entry.reasons):
            grouped.setdefault(code, []).append(entry)
    listed = [
        Reason(
            code,
            advice(code),
            tuple(entries),
            sum(all(text.partition(" ")[0] == code for text in e.reasons) for e in entries),
            tuple(
                dict.fromkeys(
                    short_place(t.partition(" ")[2])
                    for e in entries
                    for t in e.reasons
                    if t.partition(" ")[0] == code
                )
            ),
        )
        for code, entries in grouped.items()
    ]
    return sorted(listed, key=lambda r: (-r.alone, -len(r.entries), r.code))


def _source(root: Path, name: str, line: int) -> tuple[tuple[int, str, bool], ...]:
    """Nothing for what lies outside of the project (an installed package), is no text, or has no such line."""
    file = (root / name).resolve()
    if not file.is_relative_to(root.resolve()) or file.suffix != ".py":
        return ()
    try:
        if file.stat().st_size > _BIGGEST:
            return ()
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    if not 1 <= line <= len(lines):
        return ()
    first = max(1, line - _AROUND)
    return tuple((n, lines[n - 1], n == line) for n in range(first, min(len(lines), line + _AROUND) + 1))
