"""The ledger as a TOML file in the user's repository: diffable, atomic, locked."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomlkit

from segue.errors import DamagedFile, EnvironmentProblem
from segue.files import cannot_write, write_atomic
from segue.ledger.model import KINDS, Entry, Event, Ledger, Proof, State
from segue.ledger.owners import SIDES, Handover
from segue.ledger.owners import entries as entries_of

_HEADER = "Who serves each operation. Written by segue; read it, diff it, but change it with segue commands."


def read(path: Path) -> Ledger:
    """The ledger at ``path``; an empty one if the file does not exist.

    Raises :class:`DamagedFile` with file and line when it cannot be understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return Ledger()
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _damaged(path, str(error)) from error
    entries: dict[str, Entry] = {}
    operations = document.get("operation", [])
    if not isinstance(operations, list):
        raise _damaged(path, "operation is no list of tables")
    for number, raw in enumerate(operations, 1):
        try:
            entry = _entry(raw)
        except (KeyError, TypeError, ValueError) as error:
            raise DamagedFile(
                f"{path}:{_line_of(text, number)}: operation {number} is damaged ({_reason(error)}); "
                "the ledger was left as it is.",
                hint="Restore it from version control, or correct that entry.",
            ) from error
        entries[entry.key] = entry
    handovers = document.get("handover", [])
    if not isinstance(handovers, list):
        raise _damaged(path, "handover is no list of tables")
    try:
        given = tuple(_handover(raw) for raw in handovers)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"a handover is damaged ({_reason(error)})") from error
    return Ledger(entries, document.get("snapshot", ""), document.get("code", ""), given)


def write(path: Path, ledger: Ledger) -> None:
    """Write ``ledger`` atomically. Equal ledgers give equal bytes."""
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADER))
    document.add("snapshot", tomlkit.item(ledger.snapshot))
    document.add("code", tomlkit.item(ledger.code))
    parts = [tomlkit.dumps(document)]
    for entry in ledger.entries.values():
        parts += ["\n[[operation]]\n", tomlkit.dumps(_table(entry)), _history(entry.history)]
    if ledger.handovers:
        parts.append("\n" + entries_of(ledger.handovers))
    write_atomic(path, "".join(parts))


@contextlib.contextmanager
def locked(state: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold the one lock of a state folder; a second writer gets a clear error after ``wait`` seconds."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(state / "lock", error) from error
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise cannot_write(state / "lock", error) from error
                if time.monotonic() >= until:
                    raise EnvironmentProblem(
                        f"Another segue command is changing {state}.", hint="Wait until it has ended."
                    ) from error
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _entry(raw: dict[str, Any]) -> Entry:
    weight = raw["weight"]
    if not isinstance(weight, int) or not 0 <= weight <= 100:
        raise ValueError(f"weight {weight!r} is not between 0 and 100")
    return Entry(
        method=str(raw["method"]),
        route=str(raw["route"]),
        state=State(raw["state"]),
        weight=weight,
        function=str(raw.get("function", "")),
        reasons=tuple(str(r) for r in raw.get("reasons", ())),
        proofs={kind: _proof(raw[kind]) for kind in KINDS if kind in raw},
        history=tuple(Event(e["at"], e["what"], e.get("why", "")) for e in raw.get("history", ())),
    )


def _handover(raw: dict[str, Any]) -> Handover:
    if raw["by"] not in SIDES:
        raise ValueError(f"by is {raw['by']!r}")
    tables, since = raw["tables"], raw.get("since", [])
    if not isinstance(tables, list) or not isinstance(since, list):
        raise TypeError("tables and since are lists")
    return Handover(tuple(map(str, tables)), raw["by"], str(raw["at"]), tuple(map(str, since)))


def _proof(raw: dict[str, Any]) -> Proof:
    return Proof(
        str(raw["digest"]), str(raw["code"]), int(raw["cases"]), int(raw["differences"]), str(raw["at"]),
        str(raw.get("own", "")), str(raw.get("snapshot", "")), str(raw.get("ran", "")),
    )  # fmt: skip


def _table(entry: Entry) -> tomlkit.items.Table:
    table = tomlkit.table()
    table.add("method", entry.method)
    table.add("route", entry.route)
    table.add("state", entry.state.value)
    table.add("weight", entry.weight)
    if entry.function:
        table.add("function", entry.function)
    if entry.reasons:
        table.add("reasons", tomlkit.item(list(entry.reasons)).multiline(len(entry.reasons) > 1))
    for kind in KINDS:
        if kind in entry.proofs:
            inline = tomlkit.inline_table()
            inline.update({k: v for k, v in asdict(entry.proofs[kind]).items() if v != ""})
            table.add(kind, inline)
    return table


def _history(events: Sequence[Event]) -> str:
    """The last key of an operation, a line per event. An array of tomlkit takes time that grows with the square of its length: a
    ledger of 100 operations with 50 events each took 2.1 s of CPU at every shift, and takes 0.7."""
    if not events:
        return ""
    lines = []
    for event in events:
        pairs = {"at": event.at, "what": event.what} | ({"why": event.why} if event.why else {})
        inline = ", ".join(f"{key} = {tomlkit.item(value).as_string()}" for key, value in pairs.items())
        lines.append(f"    {{{inline}}},\n")
    return "history = [\n" + "".join(lines) + "]\n"


def _damaged(path: Path, reason: str) -> DamagedFile:
    return DamagedFile(
        f"{path} is damaged: {reason}; it was left as it is.",
        hint="Restore it from version control, or move it away and run `segue generate` to begin a new one.",
    )


def _reason(error: Exception) -> str:
    return f"no {error.args[0]}" if isinstance(error, KeyError) else str(error)


def _line_of(text: str, number: int) -> int:
    seen = 0
    for line, content in enumerate(text.splitlines(), 1):
        if content.strip() == "[[operation]]":
            seen += 1
            if seen == number:
                return line
    return 1
