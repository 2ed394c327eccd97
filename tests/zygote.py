"""Child processes of Segue that run the tests' own Python are forked from one that has its imports done.

Half of what the probe and the process of both sides cost on a small project is the import of Django, SQLAlchemy and
FastAPI. Forked ones do the rest as they always do: environment, folder, arguments and output are those of the command.
Other interpreters, hash seeds and processes that already wait for a fork are started as usual.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.forks import Ended, Forks

from segue.snapshot.run import PROBE
from segue.verify.project import JOINED

# Nothing of these reads Django's settings when it is imported.
_START = """
import importlib, os, sys
for name in (
    "fastapi", "fastapi.openapi.utils", "starlette.testclient", "sqlalchemy.ext.asyncio", "sqlalchemy.orm",
    "sqlalchemy.dialects.postgresql.asyncpg", "sqlalchemy.dialects.sqlite.aiosqlite", "aiosqlite", "asyncpg",
    "pydantic_settings", "hypothesis.strategies", "httpx", "requests", "redis.asyncio", "celery",
    "celery.backends.redis", "psycopg", "jwt", "jinja2", "structlog", "importlib.metadata", "email.parser",
    "django.core.management", "django.db.models", "django.test.client", "django.core.handlers.asgi", "django.forms",
    "django.db.migrations.autodetector", "django.contrib.postgres.fields", "django.views.generic",
    "django.template.loader", "django.urls", "django.core.serializers.json", "django.db.backends.sqlite3.base",
    "segue_bridge.db.database", "segue_bridge.db.base", "segue_bridge.db.types", "segue_bridge.http.router",
    "segue_bridge.schema.validators", "segue_bridge.http.handlers",
):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
import gc
gc.set_threshold(100_000, 20, 100)
gc.freeze()
"""
_CODE = """
import atexit, os, runpy, signal, sys, threading
words, cwd, env, files, timeout = {given!r}
os.chdir(cwd)
os.environ.clear()
os.environ.update(env)
sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
sys.pycache_prefix = env.get("PYTHONPYCACHEPREFIX")
for number, name in enumerate(files, 1):
    os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
signal.setitimer(signal.ITIMER_REAL, timeout)
sys.path[:0] = [p for p in env.get("PYTHONPATH", "").split(os.pathsep) if p]
result = 0
try:
    if words[0] == "-c":
        sys.argv[:] = ["-c", *words[2:]]
        sys.path.insert(0, "")
        exec(compile(words[1], "<string>", "exec"), {{"__name__": "__main__"}})
    else:
        sys.argv[:] = words
        runpy.run_path(words[0], run_name="__main__")
except SystemExit as ended:
    result = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    if isinstance(ended.code, str):
        print(ended.code, file=sys.stderr)
except BaseException:
    sys.excepthook(*sys.exc_info())
    result = 1
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
sys.stderr.flush()
"""
_SEED = "0"


class Zygote:
    """Runs ``[sys.executable, …]`` in forks."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._forks = Forks(_START, {**environment, "PYTHONHASHSEED": _SEED})
        self._free = threading.Lock()

    def run(
        self, words: list[str], *, cwd: str | Path | None, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str] | None:
        """``words`` without the interpreter; ``None`` when a fork is already running. Raises ``TimeoutExpired``."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            with tempfile.TemporaryDirectory() as folder:
                files = [f"{folder}/out", f"{folder}/err"]
                given = (words, str(cwd or Path.cwd()), dict(env), files, timeout)
                try:
                    code = self._forks.run(_CODE.format(given=given))
                except Ended as ended:
                    code = ended.code
                if code == -signal.SIGALRM:
                    raise subprocess.TimeoutExpired(words, timeout)
                out, err = (Path(file).read_text("utf-8", "replace") for file in files)
        finally:
            self._free.release()
        return subprocess.CompletedProcess([sys.executable, *words], code, out, err)

    def close(self) -> None:
        """End it."""
        self._forks.close()


@pytest.fixture(scope="session", autouse=True)
def zygote() -> Iterator[None]:
    """For the whole session; started by the first who needs it."""
    really = subprocess.run
    if os.environ.get("SEGUE_TESTS_SPAWN"):
        yield
        return
    made: list[Zygote] = []

    def run(command: Any, *rest: Any, **options: Any) -> Any:
        if not _ours(command, options):
            return really(command, *rest, **options)
        if not made:
            made.append(Zygote())
        words = [str(word) for word in command[1:]]
        done = made[0].run(
            words, cwd=options.get("cwd"), env=options["env"], timeout=options.get("timeout") or 600
        )
        return really(command, *rest, **options) if done is None else done

    subprocess.run = run  # type: ignore[assignment]
    yield
    subprocess.run = really
    for one in made:
        one.close()


def _ours(command: Any, options: Mapping[str, Any]) -> bool:
    return (
        isinstance(command, list)
        and len(command) > 1
        and str(command[0]) == sys.executable
        and (
            str(command[1]) in (str(PROBE), str(JOINED))
            or options.get("env", {}).get("SEGUE_TEST_FORK") == "1"
        )
        and options.get("env", {}).get("PYTHONHASHSEED") == _SEED
        and bool(options.get("capture_output"))
    )
