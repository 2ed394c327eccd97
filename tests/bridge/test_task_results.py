"""Results that Celery's own backends have stored: what ``AsyncResult`` says of them in Django, ``TaskResult`` says here."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bridge.auth.child import Child

from segue_bridge.db.database import Database
from segue_bridge.errors import Unserved
from segue_bridge.task_results import ResultBackend

# Stores results by the project's backend and says what AsyncResult reads: state, ready, successful, failed, traceback, result.
WORKER = """
import datetime, decimal, json, sys, uuid
import django
from django.conf import settings

backend, file = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["django_celery_results"], USE_TZ=True, SECRET_KEY="x",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file}},
)
django.setup()
if backend == "django-db":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
from celery import Celery
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from celery.result import AsyncResult

app = Celery("worker", backend=backend)


class Odd(Exception):
    def __str__(self):
        return "odd"


class Outer:
    class Inner(ValueError):
        pass


STORED = {
    "text": ("SUCCESS", "a/b.zip"), "none": ("SUCCESS", None), "zero": ("SUCCESS", 0), "empty": ("SUCCESS", ""),
    "tree": ("SUCCESS", {"a": [1, 2.5, None, True, {"b": "\\u00e9"}]}),
    "moment": ("SUCCESS", [datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.timezone.utc), datetime.date(2026, 1, 2)]),
    "decimal": ("SUCCESS", [decimal.Decimal("1.50"), uuid.UUID(int=5)]),
    "started": ("STARTED", {"pid": 1}), "progress": ("PROGRESS", {"done": 3}), "pending": ("PENDING", None),
    "value": ("FAILURE", ValueError("no", 3)), "key": ("FAILURE", KeyError("k")), "bare": ("FAILURE", RuntimeError()),
    "retry": ("RETRY", OSError(2, "gone")), "revoked": ("REVOKED", Ignore("x")), "late": ("FAILURE", SoftTimeLimitExceeded(3)),
    "odd": ("FAILURE", Odd("x")), "inner": ("FAILURE", Outer.Inner("x")),
}
for key, (state, result) in STORED.items():
    trace = "Traceback: ..." if isinstance(result, Exception) else None
    app.backend.store_result(key, result, state, traceback=trace)


def told(value):
    if isinstance(value, BaseException):
        of_project = isinstance(value, (Odd, Outer.Inner))  # the service has no such class
        return "Unserved" if of_project else [type(value).__name__, str(value)]
    return repr(value)


def said(key):
    r = AsyncResult(key, app=app)
    return [r.state, r.ready(), r.successful(), r.failed(), r.traceback, told(r.result)]


print(json.dumps({key: said(key) for key in [*STORED, "nobody"]}))
"""


@pytest.mark.parametrize("backend", ["file", "django-db"])
def test_results_are_read_as_async_result_reads_them(backend: str, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    place = folder.as_uri() if backend == "file" else "django-db"
    ran = subprocess.run(
        [sys.executable, "-c", WORKER, place, str(tmp_path / "db.sqlite3")],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    wanted = json.loads(ran.stdout)
    assert wanted["odd"][5] == wanted["inner"][5] == "Unserved"
    assert wanted["nobody"][0] == "PENDING"

    async def read() -> None:
        results = ResultBackend(None if backend == "django-db" else place)
        database = Database(f"sqlite:///{tmp_path / 'db.sqlite3'}")
        async with database.session() as db:
            for key, said in wanted.items():
                before = db.queries
                result = results.result(key, db if backend == "django-db" else None)
                got: list[Any] = [await result.state(), await result.ready(), await result.successful()]
                got += [await result.failed(), await result.traceback()]
                try:
                    found = await result.value()
                except Unserved:
                    got.append("Unserved")
                else:
                    is_error = isinstance(found, BaseException)
                    got.append([type(found).__name__, str(found)] if is_error else repr(found))
                assert got == said, key
                # One query once the task has ended, else one for each question: as AsyncResult asks.
                asked = (1 if said[1] else 6) if backend == "django-db" else 0
                assert db.queries - before == asked, key
        await database.close()

    asyncio.run(read())


class Sides:
    """A project whose worker stores results in its database, and the bridge over the same."""

    def __init__(self, file: Path) -> None:
        self.celery = Child(Path(__file__).with_name("results_child.py"), str(file))
        self.celery.ask(["first", "SUCCESS", None, ""])  # the table is there then
        self.runner = asyncio.Runner()
        self.database = self.runner.run(self._open(file))

    async def _open(self, file: Path) -> Database:
        return Database(f"sqlite:///{file}")

    async def read(self, key: str) -> list[Any]:
        async with self.database.session() as db:
            result = ResultBackend(None).result(key, db)
            said: list[Any] = [await result.state(), await result.ready(), await result.successful()]
            said += [await result.failed(), await result.traceback()]
            found = await result.value()
            return [
                *said,
                [type(found).__name__, str(found)] if isinstance(found, BaseException) else repr(found),
            ]

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.celery.close()


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    made = Sides(tmp_path_factory.mktemp("results") / "db.sqlite3")
    yield made
    made.close()


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
_number = iter(range(10**9))


@pytest.mark.round_trip("results of tasks", "Celery", "both")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.sampled_from(["SUCCESS", "SUCCESS", "STARTED", "PROGRESS", "PENDING", "SENDING"]),
    value=PLAIN,
    failed=st.sampled_from(["", "", "FAILURE", "RETRY", "REVOKED"]),
    error=st.sampled_from(
        ["ValueError", "KeyError", "RuntimeError", "OSError", "Exception", "ZeroDivisionError"]
    ),
    given_=st.lists(st.integers(-9, 9) | TEXTS | st.none(), max_size=2),
)
def test_any_result(sides: Sides, state: str, value: Any, failed: str, error: str, given_: list[Any]) -> None:
    key = f"r{next(_number)}"
    said = sides.celery.ask([key, failed or state, given_ if failed else value, error if failed else ""])
    assert sides.runner.run(sides.read(key)) == said


def test_an_id_of_none_is_refused_as_celery_refuses_it() -> None:
    with pytest.raises(ValueError, match="requires valid id"):
        ResultBackend("cache+memory://").result(None)
