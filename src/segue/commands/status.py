"""``segue status``: who serves what, on what evidence."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.markup import escape
from rich.table import Table

from segue.commands.common import basis, console, print_json, read_ledger
from segue.config import Config
from segue.gateway import control
from segue.ledger import KINDS, Basis, Entry, Proof
from segue.ledger.transitions import staleness, why_stale

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
    current = basis(settings, book)
    running = control.find_running(settings.state)
    traffic = control.statistics(running.ports) if running and not running.in_process else None
    if as_json:
        print_json(
            {
                "operations": [_as_json(e, current) for e in book.entries.values()],
                "gateway": {"url": running.url, **(traffic or {})} if running else None,
            }
        )
        return 0
    table = Table("", "operation", "state", "FastAPI", "evidence", box=None, pad_edge=False)
    for entry in book.entries.values():
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
    counts = Counter(str(e.state) for e in book.entries.values())
    console.print(", ".join(f"{n} {s}" for s, n in counts.items()))
    if running and traffic:
        console.print(
            f"Gateway {running.url}: {traffic['total']} requests "
            f"({traffic['fastapi.requests']} to FastAPI, {traffic['django.requests']} to Django, "
            f"{traffic['fallbacks']} fell back to Django, {traffic['total_5xx']} answered with 5xx)"
        )
    elif running and running.in_process:
        console.print(f"Gateway {running.url}: both sides in one process")
    elif running:
        console.print(f"Gateway {running.url}: its admin page did not answer in time, so there are no counts")
    return 0


def _evidence(entry: Entry, today: Basis) -> str:
    parts = []
    for kind, proof in entry.proofs.items():
        why = why_stale(entry, proof, today)
        parts.append(f"{kind} {_proof(proof)}" + (f" [yellow](stale: {why})[/]" if why else ""))
    return ", ".join(parts) or "[dim]none yet[/]"


def _proof(proof: Proof) -> str:
    if proof.differences:
        return f"[red]{proof.differences} differences[/] in {proof.cases} cases"
    return f"{proof.cases} cases equal"


def _as_json(entry: Entry, today: Basis) -> dict[str, Any]:
    proofs = {kind: _proof_json(entry, proof, today) for kind, proof in entry.proofs.items()}
    return {
        "operation": entry.key,
        "state": entry.state.value,
        "weight": entry.weight,
        "function": entry.function,
        "reasons": list(entry.reasons),
        **dict.fromkeys(KINDS),
        **proofs,
        "stale": bool(staleness(entry, today)),
    }


def _proof_json(entry: Entry, proof: Proof, today: Basis) -> dict[str, Any]:
    return {
        "digest": proof.digest, "cases": proof.cases, "differences": proof.differences, "at": proof.at, "ran": proof.ran,
        "stale": why_stale(entry, proof, today),
    }  # fmt: skip
