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
    "pydantic.v1", "uritemplate", "inflection", "pygments.formatters.html", "xml.etree.ElementTree",
    "django.db.migrations.executor", "django.core.management.commands.migrate", "django.db.models.sql.compiler",
    "segue_bridge.db.children", "segue_bridge.db.relations", "segue_bridge.db.reads", "segue_bridge.db.types.aware",
    "segue_bridge.http.lookup", "segue_bridge.schema.model", "segue_bridge.schema.nested", "segue_bridge.schema.related",
    "segue_bridge.schema.unique", "segue_bridge.schema.form", "segue_bridge.schema.files", "segue_bridge.auth.permissions",
    "segue_bridge.auth.stores.database", "segue_bridge.watch", "segue_bridge.pagination",
):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
import ast, json, pathlib, tokenize, rest_framework, django
parse, known = ast.parse, {}

def parse_once(source, *rest, **options):
    # The probe's first look at a file of DRF or Django: the tree that was made before the fork.
    return (known.pop(source, None) if len(rest) == 1 and not options else None) or parse(source, *rest, **options)

for folder, names in (
    (rest_framework,
     "authentication decorators exceptions fields filters generics metadata mixins negotiation pagination "
     "parsers permissions relations renderers request response routers schemas/inspectors schemas/openapi "
     "serializers settings status throttling utils/encoders utils/field_mapping validators views viewsets "),
    (django,
     "conf/__init__ contrib/auth/__init__ contrib/auth/apps contrib/auth/backends contrib/auth/base_user "
     "contrib/auth/hashers contrib/auth/middleware contrib/auth/models contrib/auth/signals "
     "contrib/auth/validators contrib/contenttypes/apps contrib/contenttypes/models "
     "contrib/postgres/fields/array contrib/postgres/fields/hstore contrib/postgres/fields/jsonb "
     "contrib/sessions/backends/base contrib/sessions/base_session contrib/sessions/exceptions "
     "contrib/sessions/middleware contrib/sessions/models core/exceptions core/handlers/base core/signals "
     "core/validators db/backends/base/base db/backends/signals db/models/base db/models/fields/__init__ "
     "db/models/fields/files db/models/fields/json db/models/fields/mixins db/models/fields/related "
     "db/models/manager db/models/query db/models/query_utils db/models/signals db/models/utils db/transaction "
     "http/response middleware/common template/autoreload template/response test/signals urls/__init__ "
     "urls/base utils/autoreload utils/cache utils/deprecation utils/functional utils/http views/generic/base "),
    (json,
     "../functools ../typing ../contextvars ../collections/abc ../importlib/__init__ encoder decoder __init__ "
     "../asyncio/__init__ ../asyncio/coroutines"),
):
    for name in names.split():
        file = pathlib.Path(folder.__file__).parent / (name + ".py")
        if file.is_file():
            with tokenize.open(file) as stream:
                text = stream.read()
            known[text] = parse(text, str(file))
ast.parse = parse_once
import gc
gc.set_threshold(100_000, 20, 100)
gc.freeze()
"""
_CODE = """
import atexit, os, runpy, signal, sys, threading
words, cwd, env, given, files, timeout = {given!r}
os.chdir(cwd)
os.environ.clear()
os.environ.update(env)
sys.dont_write_bytecode = bool(env.get("PYTHONDONTWRITEBYTECODE"))
sys.pycache_prefix = env.get("PYTHONPYCACHEPREFIX")
os.dup2(os.open(given, os.O_RDONLY), 0)
sys.stdin = open(0, encoding="utf-8", closefd=False)
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

    def __init__(self, start: str = _START) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        self._forks = Forks(start, {**environment, "PYTHONHASHSEED": _SEED})
        self._free = threading.Lock()

    def run(
        self,
        words: list[str],
        *,
        cwd: str | Path | None,
        env: Mapping[str, str],
        timeout: float,
        text: str = "",
    ) -> subprocess.CompletedProcess[str] | None:
        """``words`` without the interpreter; ``None`` when a fork is already running. Raises ``TimeoutExpired``."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            with tempfile.TemporaryDirectory() as folder:
                files = [f"{folder}/out", f"{folder}/err"]
                Path(folder, "in").write_text(text, "utf-8")
                given = (words, str(cwd or Path.cwd()), dict(env), f"{folder}/in", files, timeout)
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
            words, cwd=options.get("cwd"), env=options["env"], timeout=options.get("timeout") or 600,
            text=options.get("input") or "",
        )  # fmt: skip
        if done is None:
            return really(command, *rest, **options)
        if options.get("check"):
            done.check_returncode()
        return done

    subprocess.run = run  # type: ignore[assignment]
    yield
    subprocess.run = really
    for one in made:
        one.close()


def _ours(command: Any, options: Mapping[str, Any]) -> bool:
    if not isinstance(command, list) or len(command) < 2 or str(command[0]) != sys.executable:
        return False
    env = options.get("env") or {}
    asked_for = env.get("SEGUE_TEST_FORK") == "1" and env.get("PYTHONHASHSEED", _SEED) == _SEED
    usual = str(command[1]) in (str(PROBE), str(JOINED)) and env.get("PYTHONHASHSEED") == _SEED
    return (asked_for or usual) and bool(options.get("capture_output"))
