"""``segue status``: who serves what, on what evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.markup import escape
from rich.table import Table

from segue import digest
from segue.commands.common import console, print_json, read_ledger
from segue.config import Config
from segue.gateway import control
from segue.ledger import Entry, Ledger, Proof
from segue.ledger.transitions import is_stale

_COLOUR = {
    "legacy": "dim",
    "translated": "yellow",
    "verified": "cyan",
    "shifting": "magenta",
    "shifted": "green",
    "retired": "green",
}


def run(settings: Config, *, as_json: bool) -> int:
    """Print every operation with state, weight and evidence, and what the gateway counts now."""
    book = read_ledger(settings)
    today = digest.of_code(settings.output, settings.package)
    current = Ledger(book.entries, book.snapshot, today)
    running = control.find_running(settings.state)
    traffic = control.statistics(running.ports) if running else None
    if as_json:
        print_json(
            {
                "operations": [_as_json(e, current) for e in current.entries.values()],
                "gateway": {"url": f"http://127.0.0.1:{running.ports.gateway}", **(traffic or {})}
                if running
                else None,
            }
        )
        return 0
    table = Table("", "operation", "state", "FastAPI", "evidence", box=None, pad_edge=False)
    for entry in current.entries.values():
        colour = _COLOUR[entry.state.value]
        note = (
            _evidence(entry, current)
            if entry.native
            else f"[dim]{escape(entry.reasons[0]) if entry.reasons else ''}[/]"
        )
        mark = "●" if entry.weight == 100 else "◐" if entry.weight else "○" if entry.native else "·"
        table.add_row(
            f"[{colour}]{mark}[/]",
            escape(entry.key),
            f"[{colour}]{entry.state}[/]",
            f"{entry.weight} %" if entry.native else "",
            note,
        )
    console.print(table)
    counts = Counter(str(e.state) for e in current.entries.values())
    console.print(", ".join(f"{n} {s}" for s, n in counts.items()))
    if running and traffic:
        console.print(
            f"Gateway http://127.0.0.1:{running.ports.gateway}: {traffic['total']} requests "
            f"({traffic['fastapi.requests']} to FastAPI, {traffic['django.requests']} to Django, "
            f"{traffic['fallbacks']} fell back to Django, {traffic['total_5xx']} answered with 5xx)"
        )
    return 0


def _evidence(entry: Entry, book: Ledger) -> str:
    parts = [f"{name} {_proof(p)}" for name, p in (("explore", entry.explore), ("suite", entry.suite)) if p]
    if not parts:
        return "[dim]none yet[/]"
    return ", ".join(parts) + (" [yellow](stale: the code changed)[/]" if is_stale(entry, book) else "")


def _proof(proof: Proof) -> str:
    if proof.differences:
        return f"[red]{proof.differences} differences[/] in {proof.cases} cases"
    return f"{proof.cases} cases equal"


def _as_json(entry: Entry, book: Ledger) -> dict[str, Any]:
    return {
        "operation": entry.key,
        "state": entry.state.value,
        "weight": entry.weight,
        "function": entry.function,
        "reasons": list(entry.reasons),
        "explore": _proof_json(entry.explore),
        "suite": _proof_json(entry.suite),
        "stale": is_stale(entry, book),
    }


def _proof_json(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"digest": proof.digest, "cases": proof.cases, "differences": proof.differences, "at": proof.at}
