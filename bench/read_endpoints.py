"""CPU and queries per request of the example's read endpoints: ``python -m bench.read_endpoints``.

Both sides serve the same database in the same run, one worker each: Django under gunicorn (two threads, the
best of its worker models here; DEBUG off, connections kept) and the generated FastAPI under uvicorn.
Measured is the CPU time of the server processes, not the clock, so that a busy machine changes little. The
order of sides alternates; the figure is the median of the rounds. Writes ``bench/read_endpoints.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import queries
from segue.bench.cpu import Figure, Target, measure
from segue.commands import generate
from segue.commands.common import open_project
from segue.commands.serve import fastapi_environment
from segue.config import Config
from segue.environment import ensure_environment
from segue.gateway import sides
from segue.gateway.processes import Group, free_port
from segue.gateway.shared import shared_environment

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "bookshop"
CACHE = HERE.parent / ".cache" / "bench"
REPORT = HERE / "read_endpoints.md"
BOOK = "00000070-0000-0000-0000-000000000001"
STAFF = {"authorization": f"Token {1:040d}"}
READER = {"authorization": f"Token {4:040d}"}
NOBODY: dict[str, str] = {}
READS: list[tuple[str, str, Mapping[str, str]]] = [
    ("health, no database", "/api/health/", NOBODY),
    ("list, page of 10, FK and M2M", "/api/books/", NOBODY),
    ("the same, filtered and ordered", "/api/books/?min_price=10&search=book&ordering=-price", NOBODY),
    ("the same, for staff", "/api/books/", STAFF),
    ("detail, nested, with ratings", f"/api/books/{BOOK}/", NOBODY),
    ("detail for its reader", f"/api/books/{BOOK}/", READER),
    ("related books (@action)", f"/api/books/{BOOK}/similar/", NOBODY),
    ("list with a count per row", "/api/categories/", NOBODY),
    ("detail by slug", "/api/categories/fiction/", NOBODY),
    ("list, limit and offset", "/api/authors/?limit=20", STAFF),
    ("detail", "/api/authors/1/", STAFF),
    ("plain list", "/api/publishers/", NOBODY),
    ("list, not paginated", "/api/tags/", NOBODY),
    ("list under a book, cursor", f"/api/books/{BOOK}/reviews/", NOBODY),
    ("timeline, cursor", "/api/reviews/", NOBODY),
    ("own orders, nested lines", "/api/orders/", READER),
    ("all orders, nested lines", "/api/orders/", STAFF),
    ("list for staff", "/api/coupons/", STAFF),
    ("the user himself", "/api/me/", READER),
    ("report, values() and annotate()", "/api/reports/categories/", STAFF),
]


@dataclass(frozen=True)
class Line:
    """One measured endpoint."""

    what: str
    path: str
    django: Figure
    fastapi: Figure
    queries: tuple[int, int]
    """Statements per request: Django's, FastAPI's."""

    @property
    def ratio(self) -> float:
        return self.django.median / self.fastapi.median


def prepare(folder: Path, url: str) -> tuple[Config, dict[str, str]]:
    """A copy of the example with a filled database and its generated code."""
    left_out = shutil.ignore_patterns("*.sqlite3", "__pycache__", ".segue", "fastapi", "segue.toml")
    shutil.copytree(EXAMPLE, folder, ignore=left_out)
    wanted = [w for w in (EXAMPLE / "requirements.txt").read_text().split() if not w.startswith("#")]
    python = ensure_environment(CACHE / "django", wanted)
    (folder / "segue.toml").write_text(
        f'[project]\npython = "{python}"\nenvironment = {{ DATABASE_URL = "{url}" }}\n', encoding="utf-8"
    )
    settings = open_project(folder)
    environment = {**os.environ, "DATABASE_URL": url}
    for command in ("migrate", "seed"):
        subprocess.run(
            [str(python), "manage.py", command], cwd=folder, env=environment, check=True, capture_output=True
        )
    generate.run(settings, as_json=False, max_refused=None)
    shared = shared_environment(python, folder, "bookshop.settings", environment)
    return settings, {**environment, **shared, "CONN_MAX_AGE": "600"}


@contextmanager
def serving(settings: Config, environment: dict[str, str]) -> Iterator[list[Target]]:
    """Both servers, one worker each, on free ports."""
    ports = {"Django": free_port(), "FastAPI": free_port()}
    legacy = [
        *(settings.python, "-m", "gunicorn", "bookshop.wsgi:application", "--bind"),
        *(f"127.0.0.1:{ports['Django']}", "--worker-class", "gthread", "--threads", "2"),
        *("--keep-alive", "75", "--log-level", "warning"),
    ]
    modern = sides.fastapi_command(str(fastapi_environment(settings)), settings.package, (), ports["FastAPI"])
    with Group(settings.state / "logs") as group:
        one = group.start("django", legacy, port=ports["Django"], cwd=settings.root, env=environment)
        two = group.start("fastapi", modern, port=ports["FastAPI"], cwd=settings.output, env=environment)
        group.wait_ready(one)
        group.wait_ready(two)
        yield [
            Target("Django", ports["Django"], one.process.pid),
            Target("FastAPI", ports["FastAPI"], two.process.pid),
        ]


def lines(url: str, requests: int, rounds: int) -> list[Line]:
    """Every endpoint on one database."""
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        settings, environment = prepare(Path(folder) / "bookshop", url or f"sqlite:///{folder}/shop.sqlite3")
        reads = [(path, {**headers, "accept": "application/json"}) for _, path, headers in READS]
        legacy = queries.of_django(
            str(settings.python), settings.root, "bookshop.settings", environment, reads
        )
        modern = queries.of_fastapi(
            str(fastapi_environment(settings)), settings.output, settings.package, environment, reads
        )
        with serving(settings, environment) as targets:
            out = []
            for (what, path, headers), sent in zip(READS, zip(legacy, modern, strict=True), strict=True):
                found = measure(
                    targets, path, {**headers, "accept": "application/json"}, requests=requests, rounds=rounds
                )
                out.append(Line(what, path, found["Django"], found["FastAPI"], sent))
                sys.stderr.write(f"{out[-1].ratio:5.1f}  {path}\n")
            return out


def table(title: str, found: list[Line]) -> list[str]:
    """Markdown of one database."""
    out = [
        f"## {title}",
        "",
        "| endpoint | Django, µs | FastAPI, µs | times less | queries, Django | FastAPI |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for line in found:
        shown = f"{line.what}: `{line.path.replace(BOOK, '{id}')}`"
        out.append(
            f"| {shown} | {line.django.median:,.0f} ({line.django.low:,.0f}–{line.django.high:,.0f})"
            f" | {line.fastapi.median:,.0f} ({line.fastapi.low:,.0f}–{line.fastapi.high:,.0f})"
            f" | **{line.ratio:.1f}** | {line.queries[0]} | {line.queries[1]} |"
        )
    middle = statistics.median(line.ratio for line in found)
    worst = min(found, key=lambda line: line.ratio)
    under = [line for line in found if line.ratio < 3]
    out += [
        "",
        f"Median {middle:.1f} times less CPU; worst {worst.ratio:.1f} (`{worst.path.replace(BOOK, '{id}')}`). "
        + (
            f"{len(under)} of {len(found)} cost more than a third of Django's CPU: "
            + ", ".join(f"`{line.path.replace(BOOK, '{id}')}`" for line in under)
            + "."
            if under
            else f"All {len(found)} cost at most a third of Django's CPU."
        ),
        "",
    ]
    return out


def main() -> int:
    """Measure on SQLite and on PostgreSQL and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    options = parser.parse_args()
    out = [
        "# Read endpoints of the example",
        "",
        "Written by `python -m bench.read_endpoints`. CPU time of the server processes per request in microseconds, the median of "
        f"{options.rounds} rounds of {options.requests} requests over 4 connections (and the lowest and highest round); both sides in one "
        "run, one worker each. Django: gunicorn gthread with 2 threads, DEBUG off. FastAPI: uvicorn.",
        "",
        f"Machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. "
        "The time of PostgreSQL itself is not counted on either side; SQLite's is, on both. "
        "Queries: the statements of one request.",
        "",
    ]
    if options.only != "postgresql":
        out += table("SQLite", lines("", options.requests, options.rounds))
    if options.only != "sqlite":
        from tests.services import running_postgres

        with running_postgres() as server:
            out += table("PostgreSQL", lines(server.create("bench"), options.requests, options.rounds))
    REPORT.write_text("\n".join(out), encoding="utf-8")
    sys.stdout.write("\n".join(out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
