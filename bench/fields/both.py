"""Both sides over one database: a Django project is written, migrated and translated; then each writes what the other reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.fields.columns import Table, app
from segue.emit import write
from segue.snapshot.run import probe
from segue.target.ir import Program
from segue.translate.program import translate

HERE = Path(__file__).resolve().parent
SETTINGS = """
import json
import os

SECRET_KEY = "fields"
USE_TZ = {aware}
TIME_ZONE = "America/New_York"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {{"default": json.loads({entry!r})}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "catalogue", *{more!r}]
ROOT_URLCONF = "urls"
"""
MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """``what``: ``stored``, ``read`` or ``refused``; the values as each side has them."""

    field: str
    model: str
    column: str
    what: str
    django: str
    generated: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``cases`` by field class: values compared, each as it lies in the database and as each side reads it."""

    tables: list[Table]
    cases: dict[str, int]
    mismatches: list[Mismatch]
    program: Program


def compare(
    folder: Path, vendor: str, entry: dict[str, Any], url: str, *, count: int, seed: str = "1",
    only: frozenset[str] = frozenset(), aware: bool = True, pairs: bool = True,
) -> Outcome:  # fmt: skip
    """Run all of it in ``folder`` against the empty database of ``entry`` (Django's) and ``url`` (the generated side's)."""
    text, tables = app(vendor, only, pairs=pairs, aware=aware)
    files = {
        "manage.py": MANAGE, "urls.py": "urlpatterns = []\n", "catalogue/__init__.py": "", "catalogue/migrations/__init__.py": "",
        "catalogue/models.py": text, "site_settings.py": SETTINGS.format(
            aware=aware, entry=json.dumps(entry), more=["django.contrib.postgres"] if vendor == "postgresql" else []
        ),
        "tables.json": json.dumps([t.plain() for t in tables]),
    }  # fmt: skip
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    with _started("in_django.py", str(folder), "write", str(count), seed) as first:
        program = translate(probe(folder, sys.executable, "site_settings"))
        write(program, folder / "out")
        _ended(first)
    _run("in_generated.py", str(folder), url, str(count), seed, "1" if aware else "0")
    _run("in_django.py", str(folder), "read", str(count), seed)
    answers = [
        json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("django-write", "generated", "django-read")
    ]
    return _compared(program, tables, *answers)


def _compared(
    program: Program, tables: list[Table], django: dict[str, Any], generated: dict[str, Any], again: dict[str, Any]
) -> Outcome:  # fmt: skip
    cases: dict[str, int] = {}
    found: list[Mismatch] = []
    for table in tables:
        name = table.model
        if table.loose:
            number, different = _loose(table, django, generated, again)
            found += different
        else:
            number = len(django["raw"][name]) * len(table.columns)
            failed = [side["refused"].get(name, {}).get("", "") for side in (django, generated)]
            if any(failed):
                found.append(Mismatch(table.field, name, "", "refused", *failed))
            pairs = (
                ("stored", django["raw"][name], again["raw"][name]),
                ("read, of Django's row", django["read"][name], generated["read"][name]),
                ("read, of the generated side's row", again["read"][name], generated["own"][name]),
            )
            for what, one, other in pairs:
                found += _differences(table, what, one, other)
        cases[table.field] = cases.get(table.field, 0) + number
    return Outcome(tables, cases, found, program)


def _differences(table: Table, what: str, one: list[Any], other: list[Any]) -> Iterator[Mismatch]:
    if len(one) != len(other):
        yield Mismatch(table.field, table.model, "", "rows", str(len(one)), str(len(other)))
    for row, (left, right) in enumerate(zip(one, other, strict=False)):
        for column, mine, theirs in zip(table.columns, left, right, strict=True):
            clock = {"auto_now", "auto_now_add"} & set(column.options)
            if mine != theirs and not (clock and _kind(mine) == _kind(theirs)):
                yield Mismatch(
                    table.field, table.model, f"{column.name} row {row + 1}", what, str(mine), str(theirs)
                )


def _kind(value: str | None) -> Any:
    """Of a moment that the clock gave: whether it is one, and how long it is in the database."""
    return (
        None
        if value is None
        else value.split("'")[0].split(" ")[0]
        if "'" in value or " " in value
        else len(value)
    )


def _loose(
    table: Table, django: dict[str, Any], generated: dict[str, Any], again: dict[str, Any]
) -> tuple[int, list[Mismatch]]:
    from bench.fields.rows import loose

    count = len(list(loose(table.plain(), lambda *ends: ends)))
    sides = []
    for raws, reads, refused in (
        (django["raw"], django["read"], django["refused"]),
        (again["raw"], again["read"], generated["refused"]),
    ):
        left = refused[table.model]
        stored = iter(zip(raws[table.model], reads[table.model], strict=True))
        sides.append(["refused " + left[str(n)] if str(n) in left else next(stored) for n in range(count)])
    found = []
    values = loose(table.plain(), lambda *ends: ends)
    for value, mine, theirs in zip(values, *sides, strict=True):
        if mine != theirs and not (str(mine).startswith("refused") and str(theirs).startswith("refused")):
            found.append(
                Mismatch(table.field, table.model, f"given {value!r}"[:80], "given", str(mine), str(theirs))
            )
    return count, found


def _environment() -> dict[str, str]:
    paths = [str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


def _started(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments], env=_environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str], timeout: float = 600) -> None:
    try:
        said, _ = process.communicate(timeout=timeout)
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{said[-6000:]}")


def _run(script: str, *arguments: str) -> None:
    with _started(script, *arguments) as process:
        _ended(process)
