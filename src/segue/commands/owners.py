"""``segue schema own`` and ``segue schema owners``: who may change which table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from rich.markup import escape
from rich.table import Table

from segue import ledger
from segue.commands.common import console, count, interpreter, now, print_json, read_ledger, read_snapshot
from segue.commands.schema import Sides, sides
from segue.config import Config
from segue.errors import UsageError
from segue.files import write_atomic
from segue.gateway.shared import shared_environment
from segue.ledger.owners import FILE, Handover, Side, owner, says, text
from segue.schema.check import check
from segue.schema.history import history, standing, unapplied
from segue.snapshot.detect import import_path
from segue.snapshot.model import Snapshot
from segue.translate.models.ddl import is_mysql
from segue.translate.models.migrations import owned, owned_tables
from segue.translate.models.problems import missing_table


def own(settings: Config, names: Sequence[str], *, by: Side, server: str, sqlite: bool, as_json: bool) -> int:
    """Give tables to ``by``: in the ledger, and in the file that the guards of both tools read.

    Returns 1, and changes nothing, when the side that gives them away has migrations that are not applied to the
    project's own database, or when one of the tables is not the same on both sides: to FastAPI, as Django's migrations and the
    generated revisions build it; to Django, as the generated revisions build it and Django's models declare it. Raises
    :class:`UsageError` for a table that is not known or not translated, and on MySQL.
    """
    snapshot = read_snapshot(settings)
    if is_mysql(snapshot):
        raise UsageError(
            "On MySQL and MariaDB the tables stay Django's: what holds the other tool back was not shown there.",
            hint="Change them by Django's migrations.",
        )
    tables = owned_tables(snapshot)
    for name in names:
        _must_be_known(name, snapshot, tables, by)
    book = read_ledger(settings)
    wanted = tuple(dict.fromkeys(name for name in names if owner(name, book.handovers) != by))
    findings: list[str] = []
    since: tuple[str, ...] = ()
    if wanted:
        with sides(settings, server=server, sqlite=sqlite, quiet=as_json) as both:
            since, findings = _judged(settings, snapshot, both, wanted, by)
    if not findings and (wanted or not _told(settings, tables, book)):
        with ledger.locked(settings.state, wait=10):
            book = ledger.read(settings.ledger_file)
            if wanted:
                book = replace(book, handovers=(*book.handovers, Handover(wanted, by, now(), since)))
            # the guards first: should this end in between, the table still has its old owner here, and giving it once more
            # writes both
            write_atomic(settings.output / FILE, text(tables, book.handovers))
            if wanted:
                ledger.write(settings.ledger_file, book)
    if as_json:
        print_json(
            {
                "changed": list(wanted) if not findings else [],
                "by": by,
                "findings": findings,
                "since": list(since),
            }
        )
        return 1 if findings else 0
    for finding in findings:
        console.print(finding, markup=False, soft_wrap=True)
    if findings:
        console.print(f"Nothing was changed: {count(len(findings), 'finding')}.")
        return 1
    side = "FastAPI" if by == "fastapi" else "Django"
    for name in names:
        done = f"is {side}'s now" if name in wanted else f"was {side}'s already"
        console.print(f"{name} {done}.", markup=False)
    if wanted:
        console.print(
            f"Commit {settings.ledger_file} and {settings.output / FILE}.", markup=False, soft_wrap=True
        )
    return 0


def owners(settings: Config, *, as_json: bool) -> int:
    """Print every table of Django's models with its owner. Returns 1 when the file that the guards read does not say the same
    (an `own` that was killed, a file that was lost or not committed), else 0."""
    book = read_ledger(settings)
    known = owned_tables(read_snapshot(settings))
    told = _told(settings, known, book)
    last = {table: handover for handover in book.handovers for table in handover.tables}
    tables = sorted({*known, *last})
    if as_json:
        print_json(
            {
                "tables": {
                    name: {
                        "by": owner(name, book.handovers),
                        "at": last[name].at if name in last else "",
                        "since": list(last[name].since) if name in last else [],
                    }
                    for name in tables
                },
                "guarded": told,
            }
        )
        return 0 if told else 1
    shown = Table("table", "owner", "since", box=None, pad_edge=False)
    for name in tables:
        side = "FastAPI" if owner(name, book.handovers) == "fastapi" else "Django"
        shown.add_row(escape(name), side, last[name].at if name in last else "")
    console.print(shown)
    if not told:
        console.print(
            f"{settings.output / FILE}, which the guards of both tools read, does not say the same. Run `segue generate`, or "
            "give a table once more with `segue schema own` if that has not ended.",
            markup=False,
            soft_wrap=True,
        )
    return 0 if told else 1


def _told(settings: Config, tables: Sequence[str], book: ledger.Ledger) -> bool:
    """Whether the file of the guards says what the ledger does."""
    try:
        return says((settings.output / FILE).read_text(encoding="utf-8"), tables, book.handovers)
    except (OSError, UnicodeDecodeError):
        return False


def _must_be_known(name: str, snapshot: Snapshot, tables: Sequence[str], by: Side) -> None:
    from difflib import get_close_matches

    if name not in tables:
        near = get_close_matches(name, tables, n=3, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "`segue schema owners` lists the tables."
        raise UsageError(f"No table of Django's models is called {name!r}.", hint=hint)
    if by == "fastapi":
        for model in snapshot.models.values():
            reason = missing_table(snapshot, model) if model.table == name and owned(model) else None
            if reason is not None:
                raise UsageError(
                    f"{name} is not translated ({reason.place}): {reason.why}",
                    hint="Only tables that the generated project has can be FastAPI's.",
                )


def _judged(
    settings: Config, snapshot: Snapshot, both: Sides, tables: Sequence[str], by: Side
) -> tuple[tuple[str, ...], list[str]]:
    """The last migrations of the side that gives away, and what forbids it."""
    findings: list[str] = []
    if by == "fastapi":
        migrations = history(both.legacy)
        left = unapplied(migrations)
        since = tuple(m.key for m in migrations if m.leaf)
        findings += [
            f"{m.key}: not applied to the project's database; run `manage.py migrate` first" for m in left
        ]
    else:
        python, path = interpreter(settings), import_path(settings.root)
        url = shared_environment(
            python, path, snapshot.settings.module, {**os.environ, **settings.environment}
        )["DATABASE_URL"]
        found = standing(both.generated, url)
        since = found.heads
        if set(found.current) != set(found.heads):
            findings.append(
                f"The project's database bears Alembic revision {', '.join(found.current) or 'none'}, not "
                f"{', '.join(found.heads)}; run `alembic upgrade head` in {settings.output} first"
            )
    report = check(both.legacy, both.generated, server=both.server, how="alembic")
    differences = report.declared if by == "django" else [*report.differences, *report.drifted]
    findings += [str(d) for d in differences if d.table in tables]
    return since, findings
