"""``segue verify noise``: Django compared with itself."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from segue import verify
from segue.commands.common import console, errors, interpreter, print_json, read_snapshot
from segue.config import Config
from segue.verify import report as reports
from segue.verify.learnt import Place, places
from segue.verify.project import ProjectRef


def noise(settings: Config, *, as_json: bool, cases: int, seconds: float, seed: int) -> int:
    """List what Django answers differently by itself. Exit code 1 where that is no learnt sort of value.

    Nothing is written: this says nothing of the generated code.
    """
    project = ProjectRef(
        settings.root, settings.output, settings.state, interpreter(settings), read_snapshot(settings), settings.package,
        settings.environment, settings.seed_command, settings.noise,
    )  # fmt: skip
    with errors.status("Comparing Django with itself…"):
        report = verify.explore(project, cases=cases, seconds=seconds, seed=seed, against="django")
    found = places(report.noise)
    if as_json:
        learnt = [
            {"sort": p.sort, "path": p.path, "needs_yes": p.needs_yes, "operations": list(p.operations)}
            for p in found
        ]
        print_json({**reports.as_json(report), "learnt": learnt})
    else:
        reports.render(report, console)
        if found:
            console.print(_table(found))
        lines = [line for place in found for line in place.lines]
        if lines:
            console.print("To accept those that need a yes, write into segue.toml under", Text("[verify]:"))
            console.print(Text("noise = [\n" + "".join(f'    "{line}",\n' for line in lines) + "]"))
    return 1 if report.different else 0


def _table(found: list[Place]) -> Table:
    table = Table("sort", "place", "operations", "needs a yes", box=None, pad_edge=False)
    for place in found:
        shown = place.operations[0] + (
            f" and {len(place.operations) - 1} more" if place.operations[1:] else ""
        )
        table.add_row(place.sort, Text(place.path), Text(shown), "yes" if place.needs_yes else "")
    return table
