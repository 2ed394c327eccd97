"""``segue assess``."""

from __future__ import annotations

import contextlib
from pathlib import Path

from segue.assess import analyse, terminal
from segue.assess import as_json as render_json
from segue.assess import html as render_html
from segue.commands.common import console, errors, print_json
from segue.commands.probing import take_snapshot
from segue.config import Config
from segue.files import require_writable, write_atomic
from segue.translate.program import translate


def run(settings: Config, *, as_json: bool, html: Path | None, blockers: bool) -> int:
    """Probe, translate in memory, and report. Writes only ``.segue/snapshot.json`` and ``html``."""
    if html is not None:
        require_writable(html.absolute().parent)
    snapshot = take_snapshot(settings, quiet=as_json)
    with contextlib.nullcontext() if as_json else errors.status("Translating in memory…"):
        program = translate(
            snapshot,
            package=settings.package,
            accepted_middleware=settings.accepted_middleware,
            pure=settings.pure,
        )
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
