"""What several commands need: configuration, state, printing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from segue import config, digest, ledger
from segue.config import Config
from segue.errors import EnvironmentProblem, UsageError
from segue.files import cannot_write
from segue.ledger import Basis, Entry, Ledger, closure
from segue.snapshot.detect import detect_python
from segue.snapshot.load import load as load_snapshot
from segue.snapshot.model import Snapshot

_LOG_WIDTH = 160  # of tables in files and pipes, where rich would assume a terminal of 80 columns
console = Console(
    highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _LOG_WIDTH
)
errors = Console(stderr=True, highlight=False)

_IGNORED = "*\n!.gitignore\n!ledger.toml\n!base/\n!base/**\n!evidence/\n!evidence/**\n!snapshot.json\n"


def now() -> str:
    """This moment in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def open_project(folder: Path, *, python: str = "", settings: str = "") -> Config:
    """Configuration of the project in ``folder``; ``python`` and ``settings`` override the file.

    Raises :class:`UsageError` if ``folder`` is no folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder.", hint="Give the folder that holds manage.py or segue.toml."
        )
    found = config.load(folder)
    return replace(found, python=python or found.python, settings=settings or found.settings)


def interpreter(settings: Config) -> Path:
    """The project's interpreter, configured or detected."""
    return detect_python(settings.root, settings.python or None)


def prepare_state(settings: Config) -> None:
    """Make ``.segue`` with a ``.gitignore`` that keeps caches out of version control."""
    ignore = settings.state / ".gitignore"
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        if not ignore.exists():
            ignore.write_text(_IGNORED, encoding="utf-8")
    except OSError as error:
        raise cannot_write(settings.state, error) from error


def read_snapshot(settings: Config) -> Snapshot:
    """The snapshot of the last ``assess`` or ``generate``."""
    if not settings.snapshot_file.is_file():
        raise UsageError(f"{settings.snapshot_file} does not exist.", hint="Run `segue assess` first.")
    return load_snapshot(settings.snapshot_file)


def read_ledger(settings: Config) -> Ledger:
    """The ledger; raises :class:`UsageError` when nothing was generated yet."""
    book = ledger.read(settings.ledger_file)
    if not book.entries:
        raise UsageError(f"{settings.ledger_file} has no operations yet.", hint="Run `segue generate` first.")
    return book


def find_entries(book: Ledger, route: str) -> list[Entry]:
    """Ledger entries that ``route`` names; raises :class:`UsageError` with near misses if none."""
    from difflib import get_close_matches

    found = book.find(route)
    if not found:
        names = sorted({*book.entries, *(e.route for e in book.entries.values())})
        near = get_close_matches(route, names, n=3, cutoff=0.5)
        hint = (
            f"Did you mean {', '.join(repr(n) for n in near)}?"
            if near
            else "`segue status` lists the routes."
        )
        raise UsageError(f"No route is called {route!r}.", hint=hint)
    return found


def code_digest(settings: Config) -> str:
    """Digest of the generated code on disk. Raises :class:`EnvironmentProblem` if there is none."""
    value = digest.of_code(settings.output, settings.package)
    if not value:
        raise EnvironmentProblem(
            f"There is no generated code in {settings.output}.", hint="Run `segue generate` first."
        )
    return value


def basis(settings: Config, book: Ledger) -> Basis:
    """What evidence would be about now: the snapshot and the generated code on disk."""
    functions = [e.function for e in book.entries.values() if e.native]
    own = closure.of_folder(settings.output, settings.package, functions)
    return Basis(
        digest.of_file(settings.snapshot_file),
        digest.of_code(settings.output, settings.package),
        {e.key: own[e.function] for e in book.entries.values() if e.function in own},
    )


def count(number: int, noun: str) -> str:
    """``1 operation``, ``2 operations``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_json(data: Mapping[str, Any]) -> None:
    """Machine-readable output: one JSON document on standard output."""
    json.dump(data, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
