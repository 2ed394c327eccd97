"""The migrations of the Django project as its own database has them, and stamping that database for Alembic."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.schema.children import HERE, STRUCTURE, Generated, Legacy, run_child


@dataclass(frozen=True, slots=True)
class DataOperation:
    """A ``RunPython`` or ``RunSQL``: ``place`` is ``file:line`` of its function ('' for SQL)."""

    what: str
    place: str
    reversible: bool


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration file. ``merge``: it joins branches of its app and does nothing else. ``replaces``: what it squashes,
    ``replaced``: the squashed migrations that stand for it, both as ``app.name``. ``leaf``: nothing of its app follows."""

    app: str
    name: str
    applied: bool
    merge: bool
    replaces: tuple[str, ...]
    replaced: tuple[str, ...]
    data: tuple[DataOperation, ...]
    leaf: bool = False

    @property
    def key(self) -> str:
        """``app.name``."""
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a database stands for Alembic: ``current`` revisions of it, ``base`` (the baseline) and ``heads`` of the scripts;
    ``operations`` that autogenerate would write for it."""

    current: tuple[str, ...]
    base: str
    heads: tuple[str, ...]
    operations: tuple[str, ...]


def history(legacy: Legacy, *, timeout: float = 120.0) -> list[Migration]:
    """All migrations, in the order in which Django would apply them. Raises :class:`segue.errors.EnvironmentProblem` when the
    project's database cannot be read."""
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as name:
        out = Path(name) / "history.json"
        command = [
            *(str(legacy.python), str(HERE / "in_django_history.py"), str(legacy.path), legacy.settings),
            str(out),
        ]
        message = "The project's migrations could not be read from its database."
        hint = "Make `manage.py showmigrations` pass, then try again."
        run_child(command, legacy.path, out, timeout, message, hint, legacy.environment, own_database=True)
        found: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))
    return migrations(found)


def migrations(found: list[dict[str, Any]]) -> list[Migration]:
    """What ``in_django_history.py`` read."""
    return [
        Migration(
            m["app"], m["name"], m["applied"], m["merge"], tuple(m["replaces"]), tuple(m["replaced"]),
            tuple(DataOperation(**d) for d in m["data"]), m["leaf"],
        )
        for m in found
    ]  # fmt: skip


def unapplied(known: list[Migration]) -> list[Migration]:
    """What Django would still apply: of a squashed history either the new migration or what is left of the old ones."""
    applied = {m.key for m in known if m.applied}
    left = [m for m in known if m.key not in applied]
    # of a squashed migration of which nothing is applied only itself will run
    whole = {m.key for m in left if m.replaces and not any(old in applied for old in m.replaces)}
    return [
        m for m in left if not set(m.replaced) & whole and (not m.replaces or m.key in whole)
    ]  # fmt: skip


def standing(generated: Generated, url: str, *, timeout: float = 120.0) -> Standing:
    """What Alembic says of the database at ``url``; nothing there is changed."""
    found = _alembic(generated, url, "standing", timeout)
    return Standing(tuple(found["current"]), found["base"], tuple(found["heads"]), tuple(found["operations"]))


def stamp(generated: Generated, url: str, *, timeout: float = 120.0) -> None:
    """Mark the database at ``url`` as one that the baseline has built: ``alembic stamp`` with the first revision."""
    _alembic(generated, url, "stamp", timeout)


def _alembic(generated: Generated, url: str, how: str, timeout: float) -> Any:
    with tempfile.TemporaryDirectory(prefix="segue-schema-") as name:
        out = Path(name) / f"{how}.json"
        command = [
            *(str(generated.python), str(HERE / "in_generated.py"), str(generated.folder), generated.package),
            *(url, str(out), str(STRUCTURE), how),
        ]
        message = "Alembic could not read the project's database."
        hint = "`alembic current` in the generated project says why."
        run_child(command, generated.folder, out, timeout, message, hint, generated.environment)
        return json.loads(out.read_text(encoding="utf-8"))
