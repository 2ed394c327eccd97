"""``segue doctor``: what could go wrong, told before it does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from segue import ledger
from segue.commands.common import console, interpreter, print_json
from segue.config import Config
from segue.environment import uv_binary
from segue.errors import SegueError, UsageError
from segue.gateway import control
from segue.gateway.processes import require_free
from segue.snapshot.detect import detect_settings
from segue.snapshot.load import load as load_snapshot


def run(settings: Config, *, as_json: bool) -> int:
    """Run every check; exit code 2 if one failed."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("project", lambda: _manage(settings)),
        ("settings", lambda: settings.settings or detect_settings(settings.root)),
        ("interpreter", lambda: _interpreter(settings)),
        ("writable", lambda: _writable(settings.folder)),
        ("uv", lambda: _first_line([uv_binary(), "--version"])),
        ("envoy", lambda: _first_line([control.envoy_binary(), "--version"])),
        ("gateway port", lambda: _port(settings)),
        ("snapshot", lambda: _snapshot(settings)),
        ("ledger", lambda: _ledger(settings)),
    ]
    results = []
    for name, check in checks:
        try:
            results.append((name, True, check(), ""))
        except SegueError as error:
            results.append((name, False, error.message, error.hint))
    if as_json:
        print_json({n: {"ok": ok, "found": text, "hint": hint} for n, ok, text, hint in results})
    else:
        for name, ok, text, hint in results:
            console.print(f"{'[green]✓[/]' if ok else '[red]✗[/]'} {name:14} {text}", soft_wrap=True)
            if hint:
                console.print(f"  {'':14} [dim]{hint}[/]", soft_wrap=True)
    return 0 if all(ok for _, ok, _, _ in results) else 2


def _manage(settings: Config) -> str:
    if not (settings.root / "manage.py").is_file() and not settings.settings:
        raise UsageError(
            f"{settings.root} has no manage.py.", hint="Set project.root or project.settings in segue.toml."
        )
    return str(settings.root)


def _interpreter(settings: Config) -> str:
    python = str(interpreter(settings))
    return f"{_first_line([python, '--version'])} ({python})"


def _writable(folder: Path) -> str:
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder} cannot be written.", hint="Make it writable for you.")
    return str(folder)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}.") from error
    text = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return text[0].strip() if text else ""


def _port(settings: Config) -> str:
    running = control.find_running(settings.state)
    if running is not None:
        return f"{running.ports.gateway} (this project's gateway is up)"
    require_free(settings.gateway_port)
    return f"{settings.gateway_port} is free"


def _snapshot(settings: Config) -> str:
    if not settings.snapshot_file.is_file():
        return "none yet"
    snapshot = load_snapshot(settings.snapshot_file)
    return f"{len(snapshot.routes)} routes, {len(snapshot.models)} models"


def _ledger(settings: Config) -> str:
    book = ledger.read(settings.ledger_file)
    return f"{len(book.entries)} operations" if book.entries else "none yet"
