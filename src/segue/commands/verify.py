"""``segue verify explore`` and ``segue verify suite``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from segue import digest, ledger, verify
from segue.commands.common import (
    code_digest,
    console,
    errors,
    find_entries,
    interpreter,
    now,
    read_ledger,
    read_snapshot,
)
from segue.commands.outputs import Outputs, publish
from segue.config import Config
from segue.errors import UsageError
from segue.ledger import Ledger, Proof, transitions
from segue.verify.evidence import Report
from segue.verify.project import ProjectRef

__all__ = ["Outputs", "explore", "suite"]


def explore(
    settings: Config,
    outputs: Outputs,
    *,
    routes: Sequence[str],
    cases: int,
    seconds: float,
    seed: int,
) -> int:
    """Send derived requests to both sides; evidence goes into the ledger. Exit code 1 on differences."""
    book = read_ledger(settings)
    only = {e.key for text in routes for e in find_entries(book, text) if e.native}
    if routes and not only:
        raise UsageError("None of these routes is translated.", hint="`segue status` lists the routes.")
    project = _project(settings)
    with errors.status("Comparing both sides…"):
        report = verify.explore(project, only=only, cases=cases, seconds=seconds, seed=seed)
    return _finish(settings, report, "explore", outputs)


def suite(settings: Config, command: Sequence[str], outputs: Outputs) -> int:
    """Run the project's own tests with both sides answering. Exit code 1 on differences or failed tests."""
    read_ledger(settings)
    project = _project(settings)
    with errors.status("Running the project's tests…"):
        report = verify.suite(project, [w for w in command if w != "--"])
    code = _finish(settings, report, "suite", outputs)
    if report.tests.get("exit") and not outputs.as_json:
        console.print(report.output[-3000:], markup=False)
    return 1 if report.tests.get("exit") else code


def _project(settings: Config) -> ProjectRef:
    code_digest(settings)
    return ProjectRef(
        settings.root, settings.output, settings.state, interpreter(settings), read_snapshot(settings), settings.package,
        settings.environment, settings.seed_command,
    )  # fmt: skip


def _finish(settings: Config, report: Report, kind: Literal["explore", "suite"], outputs: Outputs) -> int:
    code = digest.of_code(settings.output, settings.package)
    at = now()
    with ledger.locked(settings.state):
        book = ledger.read(settings.ledger_file)
        book = Ledger(book.entries, book.snapshot, code)
        proofs = {
            o.key: Proof(o.digest, code, o.cases, o.different, at) for o in report.operations if o.proven
        }
        ledger.write(settings.ledger_file, transitions.after_verify(book, kind, proofs, at=at))
    publish(settings, report, kind, outputs)
    return 1 if report.different else 0
