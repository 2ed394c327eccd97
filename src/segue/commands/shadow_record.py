"""What live reads showed, in the ledger and in ``.segue/evidence/shadow.json``."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from segue import ledger
from segue.commands.common import basis, now
from segue.commands.verify import proof
from segue.config import Config
from segue.errors import SegueError, UsageError
from segue.files import write_atomic
from segue.gateway.control import Running
from segue.ledger import Basis, Entry, transitions
from segue.shadow.tally import EXAMPLES, Tally
from segue.verify import report as reports
from segue.verify.evidence import OperationResult, Report, operation_from_json

_AGAIN = 15.0  # seconds until a save that failed is tried again
_WAIT = 2.0  # seconds that the ledger may be another command's
_LAST = 30.0  # the same when the command ends


class Record:
    """Evidence grows as long as the code and the snapshot are the same: a difference that was seen yesterday is not forgotten because
    today's reads are equal. ``console`` is told what happens."""

    def __init__(
        self, settings: Config, begun: Basis, entries: Mapping[str, Entry], console: Console
    ) -> None:
        self.settings, self.begun, self.entries, self.console = settings, begun, entries, console
        self.file: Path = settings.state / "evidence" / "shadow.json"
        self.news = False
        self._begin = time.monotonic()
        self._not_before = 0.0
        self._said: set[tuple[str, str]] = set()
        self._places = _places(settings.manifest_file)
        before = {key: e.proofs["shadow"] for key, e in entries.items() if "shadow" in e.proofs}
        self._before = {
            key: p for key, p in before.items() if not transitions.why_stale(entries[key], p, begun)
        }
        self._kept = {key: found for key, found in _examples(self.file).items() if key in self._before}
        self._others = _of_others(self.file, begun, entries)

    def found(self, key: str, path: str) -> None:
        """A difference; told once for each place."""
        self.news = True
        if (key, path) not in self._said and len(self._said) < 1000:
            self._said.add((key, path))
            self.console.print(
                f"{now()[11:19]} [red]{escape(key)}[/]: {escape(path)} differs", soft_wrap=True
            )

    def require_same(self, running: Running) -> None:
        """Raises :class:`UsageError` for a FastAPI that runs other code than was begun with."""
        if running.code not in ("", self.begun.code):
            raise self._changed()

    def save(self, tallies: Mapping[str, Tally]) -> bool:
        """Write both files; whether it worked. A ledger that is another command's is tried again later.

        Raises :class:`UsageError` when the code or the snapshot has changed.
        """
        if time.monotonic() < self._not_before:
            return False
        try:
            self._write(tallies, _WAIT)
        except UsageError:
            raise
        except SegueError as error:
            self.news = True
            self._not_before = time.monotonic() + _AGAIN
            self.console.print(f"[yellow]Not recorded yet: {escape(error.message)}[/]", soft_wrap=True)
            return False
        return True

    def finish(self, tallies: Mapping[str, Tally]) -> None:
        """Write both files for the last time: there is no later, so another command is waited for longer.

        Raises as :meth:`save`, and what keeps it from being written.
        """
        self._write(tallies, _LAST)

    def _write(self, tallies: Mapping[str, Tally], wait: float) -> None:
        at = now()
        self.news = False
        report = self._report(tallies)
        with ledger.locked(self.settings.state, wait=wait):
            book = ledger.read(self.settings.ledger_file)
            today = basis(self.settings, book)
            if (today.code, today.snapshot) != (self.begun.code, self.begun.snapshot):
                raise self._changed()
            proofs = {o.key: proof(o, today, "shadow, live reads", at) for o in report.operations if o.cases}
            if proofs:
                book = transitions.after_verify(
                    replace(book, code=today.code), "shadow", proofs, today, at=at
                )
                ledger.write(self.settings.ledger_file, book)
        about = {"snapshot": today.snapshot, "code": today.code, "at": at, "run": {"mode": "shadow"}}
        write_atomic(self.file, self._text(report, about), mode=0o600)

    def _report(self, tallies: Mapping[str, Tally]) -> Report:
        operations = tuple(self._result(key, tally) for key, tally in tallies.items())
        notes = [
            f"{key}: {place} is new each time ({times} of {tally.compared} reads)"
            for key, tally in tallies.items()
            for place, times in Counter(dict(tally.moving)).most_common(
                5
            )  # a copy: the worker may count meanwhile
        ]
        notes += [f"{key}: a side did not answer {t.silent} times" for key, t in tallies.items() if t.silent]
        return Report("shadow", operations, time.monotonic() - self._begin, notes=tuple(notes))

    def _result(self, key: str, tally: Tally) -> OperationResult:
        before = self._before.get(key)
        raw = {
            "cases": tally.compared + (before.cases if before else 0),
            "different": tally.different + (before.differences if before else 0),
            "unserved": tally.left,
            "statuses": dict(tally.statuses),
            "differences": tally.examples,
        }
        return operation_from_json(key, raw, self.entries[key].function, self._places.get(key, ""))

    def _text(self, report: Report, about: Mapping[str, object]) -> str:
        data = {**reports.as_json(report), "about": dict(about)}
        for operation in data["operations"]:
            old = self._kept.get(operation["operation"], [])
            operation["differences"] = [*operation["differences"], *old][:EXAMPLES]
        data["operations"] += self._others
        return json.dumps(data, indent=1, default=str, ensure_ascii=False) + "\n"

    def _changed(self) -> UsageError:
        return UsageError(
            "The generated code or the snapshot changed while live reads were compared; what was seen since the last record counts no longer.",
            hint="Start `segue serve` and `segue shadow` again.",
        )


def _places(manifest: Path) -> dict[str, str]:
    """Where the legacy code of each operation is."""
    try:
        operations = json.loads(manifest.read_text(encoding="utf-8"))["operations"]
        return {f"{o['method']} {o['route']}": str(o.get("place", "")) for o in operations}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _examples(file: Path) -> dict[str, list[Any]]:
    """Examples of an earlier run, by operation."""
    try:
        operations = json.loads(file.read_text(encoding="utf-8"))["operations"]
        return {str(o["operation"]): list(o["differences"])[:EXAMPLES] for o in operations}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _of_others(file: Path, begun: Basis, entries: Mapping[str, Entry]) -> list[Any]:
    """What an earlier run said of operations that are not looked at now: the ledger still counts it."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        same = (data["about"]["code"], data["about"]["snapshot"]) == (begun.code, begun.snapshot)
        return [o for o in data["operations"] if o["operation"] not in entries] if same else []
    except (OSError, ValueError, KeyError, TypeError):
        return []
