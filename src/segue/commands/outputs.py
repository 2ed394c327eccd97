"""What a verification run writes besides its figures in the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segue.commands.common import console, print_json
from segue.config import Config
from segue.files import write_atomic
from segue.snapshot.detect import import_path
from segue.verify import report as reports
from segue.verify.evidence import Report
from segue.verify.report.sources import collect


@dataclass(frozen=True, slots=True)
class Outputs:
    """Reports that were asked for: JSON on standard output, an HTML and a JUnit XML file, GitHub annotations."""

    as_json: bool = False
    html: Path | None = None
    junit: Path | None = None
    github: bool = False


def publish(
    settings: Config, report: Report, kind: str, outputs: Outputs, about: Mapping[str, object]
) -> None:
    """Keep the run in ``.segue/evidence/``, write what ``outputs`` asks for, show the rest. ``about`` says what was
    run on what, and is kept with it.

    Raises :class:`segue.errors.EnvironmentProblem` for a file that cannot be written.
    """
    data = {**reports.as_json(report), "about": dict(about)}
    write_atomic(
        settings.state / "evidence" / f"{kind}.json",
        json.dumps(data, indent=1, default=str, ensure_ascii=False) + "\n",
    )
    sources = {}
    if outputs.html is not None or outputs.github:
        sources = collect(report.operations, settings.output, import_path(settings.root))
    if outputs.html is not None:
        write_atomic(outputs.html, reports.page(report, sources, title=settings.root.name))
    if outputs.junit is not None:
        write_atomic(outputs.junit, reports.document(report))
    if outputs.as_json:
        print_json(data)
    else:
        reports.render(report, console)
        if outputs.html is not None:
            console.print(f"Report: [bold]{outputs.html}[/]")
    if outputs.github:
        # GitHub reads commands from both streams; with --json the first one holds a document.
        stream = sys.stderr if outputs.as_json else sys.stdout
        workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
        for line in reports.commands(report, sources, workspace):
            stream.write(f"{line}\n")
