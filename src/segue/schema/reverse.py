"""``segue schema check --reverse``: Django takes a database that the Alembic baseline built for its own.

Two empty databases again. In one the project's migrations run, and every row is seen that they and the ``post_migrate`` receivers
insert. The other is built by the baseline; there Django marks its migrations as applied (``migrate --fake-initial`` where
each app has an initial migration only, else ``--fake`` and ``migrate``), and must then have nothing left to do. The
baseline has no rows but those that Django makes by itself, so rows that migrations insert are missing: they are listed, with the migrations.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.errors import EnvironmentProblem
from segue.schema.children import (
    HERE,
    PATIENCE,
    STRUCTURE,
    Generated,
    Legacy,
    generated_structure,
    run_child,
)
from segue.schema.django_side import Django, migrated
from segue.schema.kept import Keep
from segue.schema.places import Place, Server, places


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of ``table`` that only Django's own database has (``missing``), and only the other (``surplus``), each as a text
    without keys and moments; ``by``: what inserted into it on Django's side."""

    table: str
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """``how``: the option of the first ``migrate`` that was needed; ``migrations``: how many were marked as applied. ``made``: apps
    that have no table in the baseline, whose migrations therefore ran. ``missing``: apps of which only some tables
    are there. ``pending``, ``again``, ``drift``, ``errors``: what Django still has to do, did a second time, and
    complains about there but not in its own database. ``own_drift``: what ``makemigrations`` says in both. ``built``, ``not_kept``: as in
    :class:`segue.schema.django_side.Django`."""

    vendor: str
    how: str
    migrations: int
    made: tuple[str, ...]
    missing: Mapping[str, tuple[str, ...]]
    pending: tuple[str, ...]
    again: tuple[str, ...]
    drift: tuple[str, ...]
    errors: tuple[str, ...]
    own_drift: tuple[str, ...]
    rows: tuple[Rows, ...]
    built: str = ""
    not_kept: str = ""

    @property
    def accepted(self) -> bool:
        """Whether Django takes the database for its own, with all rows in it."""
        return not (
            self.missing or self.pending or self.again or self.drift or self.errors or self.rows
        )  # fmt: skip


def reverse(
    legacy: Legacy,
    generated: Generated,
    *,
    server: Server | None = None,
    timeout: float = PATIENCE,
    keep: Keep | None = None,
) -> Acceptance:
    """Build both and have Django judge: on SQLite in a temporary folder, or in the two databases of ``server``.

    ``keep``: where what Django's migrations make is kept for the next run. Raises :class:`segue.errors.EnvironmentProblem` with the
    child's own words when a side cannot be built or Django cannot go on.
    """
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as name:
        folder = Path(name)
        both = places(folder, server)
        with ThreadPoolExecutor(2) as pool:
            own = pool.submit(migrated, legacy, folder, both, timeout, keep)
            try:
                generated_structure(generated, folder, both.generated, "alembic", timeout)
            except EnvironmentProblem:
                own.result()  # what Django cannot build there either is Django's to tell
                raise
            accepted = accept(legacy, folder, both.generated, both.vendor, timeout)
            django = own.result()
    return _judged(both.vendor, django, accepted)


def _judged(vendor: str, django: Django, accepted: Mapping[str, Any]) -> Acceptance:
    rows = []
    for table in sorted({*django.rows, *accepted["rows"]}):
        one, other = Counter(django.rows.get(table, ())), Counter(accepted["rows"].get(table, ()))
        if one != other:
            missing, surplus = (tuple(sorted(x.elements())) for x in (one - other, other - one))
            rows.append(Rows(table, missing, surplus, tuple(django.inserts.get(table, ()))))
    return Acceptance(
        vendor=vendor,
        how=accepted["how"],
        migrations=accepted["migrations"],
        made=tuple(accepted["made"]),
        missing={app: tuple(tables) for app, tables in accepted["partly"].items()},
        pending=tuple(accepted["pending"]),
        again=tuple(accepted["again"]),
        drift=tuple(line for line in accepted["said"] if line not in django.said),
        errors=tuple(line for line in accepted["errors"] if line not in django.errors),
        own_drift=tuple(django.said),
        rows=tuple(rows),
        built=django.built,
        not_kept=django.not_kept,
    )


def accept(
    legacy: Legacy, folder: Path, place: Place, vendor: str, timeout: float = PATIENCE
) -> dict[str, Any]:
    """Have Django take the database at ``place``, which the baseline has built, for its own: what ``in_django_reverse.py`` writes."""
    out = folder / "accept.json"
    command = [
        *(str(legacy.python), str(HERE / "in_django_reverse.py"), str(legacy.path), legacy.settings),
        *(str(out), str(STRUCTURE), json.dumps(place.entry)),
    ]
    message = f"Django could not go on with the {vendor} database that the baseline built."
    hint = "`segue schema check` tells what differs; a migration that fails there has to be run by hand."
    run_child(command, legacy.path, out, timeout, message, hint, legacy.environment)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found
