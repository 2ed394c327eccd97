"""``segue schema check``: two empty databases, one built by each side, compared by structure.

What is held against each other: the database that Django's migrations build, and the one that the generated project
builds. A project's migrations may leave another database than its own models declare (a migration nobody wrote, SQL by
hand, ``SeparateDatabaseAndState``); the generated project follows the models, so these are told apart: Django itself
makes a third database from the models alone. Alembic's autogenerate is asked about both of Django's.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from segue.schema.children import PATIENCE, Generated, How, Legacy, generated_structure
from segue.schema.compare import Difference, compare
from segue.schema.django_side import migrated
from segue.schema.kept import Keep
from segue.schema.places import Server, declared, places


@dataclass(frozen=True, slots=True)
class Report:
    """``declared``: between what Django's models alone make and the generated database. ``differences``: between Django's database and the generated one. ``drifted``: those among them that Django's own
    models have too, compared with its migrations. ``drift``: operations that ``makemigrations`` would write.
    ``autogenerate``: what Alembic would write, for the
    database of Django's migrations and that of its models. ``tables``: how many Django has. ``built``, ``not_kept``: as in
    :class:`segue.schema.django_side.Django`."""

    vendor: str
    tables: int
    differences: list[Difference]
    autogenerate: list[str]
    drift: list[str]
    drifted: list[Difference]
    declared: list[Difference] = field(default_factory=list)
    built: str = ""
    not_kept: str = ""

    @property
    def equal(self) -> bool:
        """Whether an existing database is what the generated project takes it for."""
        return not (self.differences or self.autogenerate or self.drifted)


def check(
    legacy: Legacy,
    generated: Generated,
    *,
    server: Server | None = None,
    how: How = "models",
    timeout: float = PATIENCE,
    keep: Keep | None = None,
) -> Report:
    """Build both and compare: on SQLite in a temporary folder, or in the two databases of ``server``.

    ``keep``: where what Django's migrations make is kept for the next run. Raises :class:`segue.errors.EnvironmentProblem` with the
    child's own words when a side cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as name:
        folder = Path(name)
        both = places(folder, server)
        with ThreadPoolExecutor(2) as pool:
            ours = pool.submit(generated_structure, generated, folder, both.generated, how, timeout)
            django = migrated(legacy, folder, both, timeout, keep)
            found = generated_structure(generated, folder, both.django, "autogenerate", timeout)
            built = ours.result()
        if (
            found and django.declared is not None
        ):  # what the migrations alone leave is not for Alembic to correct
            with declared(server):
                again = generated_structure(generated, folder, both.declared, "autogenerate", timeout)
            found = [operation for operation in found if operation in again]
    own = set(compare(django.migrated, django.declared)) if django.declared is not None else set()
    differences = compare(django.migrated, built)
    return Report(
        both.vendor,
        sum(not name.startswith("(") for name in django.migrated),
        [d for d in differences if d not in own],
        found,
        django.drift,
        [d for d in differences if d in own],
        compare(django.declared, built) if django.declared is not None else differences,
        django.built,
        django.not_kept,
    )
