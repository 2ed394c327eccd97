"""What Django's own migrations make of an empty database."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segue.schema.children import HERE, STRUCTURE, Legacy, run_child
from segue.schema.compare import Structure
from segue.schema.kept import Keep, key, put, take
from segue.schema.places import Places


@dataclass(frozen=True, slots=True)
class Django:
    """``migrated``: the structure. ``declared``: that of the models alone, None where Django cannot make it. ``drift``: operations that
    ``makemigrations`` would write; ``said``: its own lines. ``errors``: lines of ``check --database``. ``rows``: per table; ``inserts``:
    per table, what inserted into it. ``built``: when, in UTC, if that was an earlier run; ``not_kept``: why it is not there for the next."""

    migrated: Structure
    declared: Structure | None
    drift: list[str]
    said: list[str]
    errors: list[str]
    rows: Mapping[str, list[str]]
    inserts: Mapping[str, list[str]]
    built: str = ""
    not_kept: str = ""


def migrated(legacy: Legacy, folder: Path, both: Places, timeout: float, keep: Keep | None) -> Django:
    """Run the migrations in the place of ``both``, or take what an earlier run has kept: only files are. Raises
    :class:`segue.errors.EnvironmentProblem` with Django's words when it cannot be built."""
    keep = keep if both.vendor == "SQLite" else None
    files = {
        "migrated": Path(both.django.entry["NAME"]),
        "declared": Path(both.declared.entry["NAME"]),
    }
    wanted = key(legacy) if keep else ""
    found = take(keep, wanted, files) if keep else None
    if found is not None:
        return _read(found, built=found["built"])
    out = folder / "django.json"
    command = [
        *(str(legacy.python), str(HERE / "in_django.py"), str(legacy.path), legacy.settings),
        *(str(out), str(STRUCTURE), json.dumps(both.django.entry)),
    ]
    message = f"The project's migrations could not build an empty {both.vendor} database."
    hint = "Make `manage.py migrate` pass on an empty database of that kind, then try again."
    began = time.time()
    run_child(command, legacy.path, out, timeout, message, hint, legacy.environment)
    made: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if keep is None:
        return _read(made)
    made["built"] = datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return _read(made, not_kept=put(keep, wanted, files, made, began))


def _read(found: Mapping[str, Any], *, built: str = "", not_kept: str = "") -> Django:
    return Django(
        migrated=found["migrated"],
        declared=found["declared"],
        drift=found["drift"],
        said=found["said"],
        errors=found["errors"],
        rows=found["rows"],
        inserts=found["inserts"],
        built=built,
        not_kept=not_kept,
    )
