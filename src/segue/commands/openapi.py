"""``segue verify openapi``: the generated OpenAPI document against answers and against the legacy project's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from segue.commands.common import console, count, errors, print_json, read_ledger
from segue.commands.verify import begin
from segue.config import Config
from segue.verify.openapi import SchemaDifference
from segue.verify.openapi.legacy import Legacy, legacy_schema

_MOST = 40


def run(settings: Config, *, as_json: bool, cases: int, seconds: float, seed: int) -> int:
    """Explore for a while, then compare. Exit code 1 when answers break the generated document; differences from
    the legacy one are information. Nothing goes into the ledger."""
    read_ledger(settings)
    project, _ = begin(settings)
    with errors.status("Asking both sides…"):
        found = legacy_schema(project, cases=cases, seconds=seconds, seed=seed)
    if as_json:
        print_json(_as_json(found))
    else:
        _show(found)
    return 1 if found.report.violations else 0


def _as_json(found: Legacy) -> dict[str, Any]:
    return {
        "cases": found.report.cases,
        "violations": {o.key: [asdict(v) for v in o.violations] for o in found.report.operations if o.violations},
        "legacy": {"why_not": found.why, "violations": {k: [asdict(v) for v in vs] for k, vs in found.violations.items() if vs}},
        "differences": [asdict(d) for d in found.differences],
    }  # fmt: skip


def _show(found: Legacy) -> None:
    report = found.report
    colour = "red" if report.violations else "green"
    console.print(
        f"[{colour}]{count(report.violations, 'answer')} that the generated schema does not allow[/], in {report.cases} cases"
    )
    for operation in report.operations:
        for violation in operation.violations:
            console.print(
                f"  {violation.request} {violation.status}: {violation.where}: {violation.what}", markup=False
            )
    if found.why:
        console.print(f"No schema of the legacy project to compare with: {escape(found.why)}.")
        return
    wrong = sum(len(v) for v in found.violations.values())
    console.print(f"the legacy project's own schema: {count(wrong, 'answer')} that it does not allow")
    table = Table("operation", "where", "generated", "legacy", "answers say", box=None, pad_edge=False)
    told: dict[tuple[str, str, str, str], list[SchemaDifference]] = {}
    for difference in found.differences:
        alike = (difference.where, difference.generated, difference.legacy, difference.right)
        told.setdefault(alike, []).append(difference)
    for (where, one, other, right), these in sorted(told.items(), key=lambda item: -len(item[1]))[:_MOST]:
        more = f" and {len(these) - 1} more" if len(these) > 1 else ""
        table.add_row(
            escape(these[0].operation) + more,
            escape(where),
            escape(one),
            escape(other),
            right or "[dim]nothing[/]",
        )
    if told:
        console.print(table)
    if len(told) > _MOST:
        console.print(f"[dim]{len(told) - _MOST} more: see --json[/]")
