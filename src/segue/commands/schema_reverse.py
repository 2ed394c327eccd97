"""``segue schema check --reverse``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from segue.commands.common import console, count, print_json
from segue.commands.schema import KEPT, origin, sides
from segue.config import Config
from segue.refusal import Refusal
from segue.schema.kept import Keep
from segue.schema.reverse import Acceptance, Rows, reverse

_MOST_ROWS = 3


def check(settings: Config, *, server: str, sqlite: bool, fresh: bool, as_json: bool) -> int:
    """Have Django take a database that the Alembic baseline built for its own. Returns 1 when something is left to do or rows
    are missing, else 0.

    Where: as for :func:`segue.commands.schema.check`, which raises the same. Tables that are not translated are not in the
    baseline: the apps that have no other are migrated by Django, and of the others each missing table is told.
    """
    with sides(settings, server=server, sqlite=sqlite, quiet=as_json) as both:
        found = reverse(
            both.legacy, both.generated, server=both.server, keep=Keep(settings.state / KEPT, fresh)
        )
    if as_json:
        print_json({**asdict(found), "accepted": found.accepted})
    else:
        _say(found, both.refused)
    return 0 if found.accepted else 1


def _say(found: Acceptance, refused: dict[str, Refusal]) -> None:
    def line(text: Any) -> None:
        console.print(str(text), markup=False, soft_wrap=True)

    for app, tables in found.missing.items():
        for table in tables:
            why = f" ({refused[table].place}): {refused[table].why}" if table in refused else ""
            line(f"{table}: not in the baseline, though other tables of {app} are{why}")
    for app in found.made:
        line(f"{app}: none of its tables is in the baseline; its migrations ran")
    for name in found.pending:
        line(f"{name}: Django has still to apply it")
    for text in found.again:
        line(f"A second `manage.py migrate` changes something: {text}")
    for text in found.drift:
        line(f"`manage.py makemigrations --check`: {text}")
    for text in found.errors:
        line(f"`manage.py check --database default`: {text}")
    for rows in found.rows:
        line(_rows(rows))
        for sign, texts in (("-", rows.missing), ("+", rows.surplus)):
            for text in texts[:_MOST_ROWS]:
                line(f"  {sign} {text[:200]}")
            if len(texts) > _MOST_ROWS:
                line(f"  {sign} and {len(texts) - _MOST_ROWS} more")
    if found.own_drift:
        line(
            "(`manage.py makemigrations --check` complains in Django's own database as well: the project's own)"
        )
    marked = f"`manage.py migrate {found.how}` marks {count(found.migrations, 'migration')} as applied"
    left = "has nothing left to do" if found.accepted else "is not content"
    line(f"On a {found.vendor} database that the Alembic baseline built, {marked}; Django then {left}.")
    if any(rows.missing for rows in found.rows):
        line(
            "The baseline has no rows of migrations: run what inserts them by hand, or copy the rows, on every new database."
        )
    if told := origin(found.built, found.not_kept):
        line(told)


def _rows(rows: Rows) -> str:
    parts = []
    if rows.missing:
        parts.append(f"{count(len(rows.missing), 'row')} missing")
    if rows.surplus:
        parts.append(f"{count(len(rows.surplus), 'row')} that Django's own database has not")
    by = f"; inserted by {', '.join(rows.by)}" if rows.by else ""
    return f"{rows.table}: {', '.join(parts)}{by}"
