"""``segue assess``."""

from __future__ import annotations

import contextlib
from pathlib import Path

from segue.assess import analyse, terminal, terminal_transactions
from segue.assess import as_json as render_json
from segue.assess import html as render_html
from segue.assess.transactions import as_data, boundaries, notes
from segue.commands.common import console, errors, print_json
from segue.commands.probing import take_snapshot
from segue.config import Config
from segue.files import require_writable, write_atomic
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate import isolation
from segue.translate.program import translate


def run(
    settings: Config, *, as_json: bool, html: Path | None, blockers: bool, transactions: bool = False
) -> int:
    """Probe, translate in memory, and report. Writes only ``.segue/snapshot.json`` and ``html``. With ``transactions`` the report is
    about those alone; exit code 1 where one side has what the other has not."""
    if html is not None:
        require_writable(html.absolute().parent)
    snapshot = take_snapshot(settings, quiet=as_json)
    with contextlib.nullcontext() if as_json else errors.status("Translating in memory…"):
        program = translate(
            snapshot,
            package=settings.package,
            accepted_middleware=settings.accepted_middleware,
            pure=settings.pure,
            look_beneath=True,
        )
    if transactions:
        return _transactions(snapshot, program, as_json=as_json)
    result = analyse(snapshot, program)
    if html is not None:
        write_atomic(html, render_html.render(result))
    if as_json:
        print_json(render_json.render(result))
    else:
        terminal.render(result, console, blockers=blockers)
        if html is not None:
            console.print(f"Report: [bold]{html}[/]")
    return 0


def _transactions(snapshot: Snapshot, program: Program, *, as_json: bool) -> int:
    found = boundaries(snapshot, program)
    told = notes(snapshot, found, isolation.level(snapshot))
    if as_json:
        print_json({"operations": as_data(found), "notes": told})
    else:
        terminal_transactions.render(found, told, console)
    return 1 if any(b.differs for b in found) else 0
