"""``segue verify interleave``."""

from __future__ import annotations

import json
from collections.abc import Sequence

from segue.commands.common import console, errors, find_entries, now, print_json, read_ledger
from segue.commands.serve import fastapi_environment
from segue.commands.verify import begin
from segue.config import Config
from segue.errors import EnvironmentProblem, UsageError
from segue.files import write_atomic
from segue.verify.http import Modern
from segue.verify.interleave import as_json, interleave, render


def run(
    settings: Config,
    *,
    routes: Sequence[str],
    count: int,
    seconds: float,
    per_pair: int,
    at_once: int,
    seed: int,
    json_only: bool,
) -> int:
    """Run requests at the same time on both sides; the report is kept in ``.segue/evidence/interleave.json``. It is no evidence of the
    ledger: that is about single requests. Exit code 1 on differences. Raises :class:`EnvironmentProblem` where no requests ran at the same time."""
    book = read_ledger(settings)
    only = {e.key for text in routes for e in find_entries(book, text) if e.native}
    if routes and not only:
        raise UsageError("None of these routes is translated.", hint="`segue status` lists the routes.")
    project, begun = begin(settings)
    modern = Modern(fastapi_environment(settings))
    with errors.status("Running requests at the same time on both sides…"):
        report = interleave(
            project, modern, only=only, count=count, seconds=seconds, per_pair=per_pair, at_once=at_once, seed=seed
        )  # fmt: skip
    about = {"snapshot": begun.snapshot, "code": begun.code, "at": now(), "seed": seed}
    data = {**as_json(report), "about": about}
    write_atomic(
        settings.state / "evidence" / "interleave.json",
        json.dumps(data, indent=1, default=str, ensure_ascii=False) + "\n",
    )
    if json_only:
        print_json(data)
    else:
        render(report, console)
    if not (report.different or report.schedules):
        raise EnvironmentProblem(
            "Nothing was interleaved: no two requests that write ran at the same time.",
            hint="The notes say why; give it more --seconds, or a database with rows that its users may write.",
        )
    return 1 if report.different else 0
