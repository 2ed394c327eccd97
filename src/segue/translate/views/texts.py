"""Files of the output that are not part of the package: project metadata, container, tests, documents."""

from __future__ import annotations

import re

from segue.snapshot.model import Snapshot
from segue.target.ir import Module, Program
from segue.translate import distributions
from segue.translate.factories import program as factories
from segue.translate.templates import program as templates
from segue.translate.views.porting import porting

_PYPROJECT = """\
[project]
name = "{name}-api"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
  "fastapi>=0.115",
  "uvicorn>=0.30",
  "httptools>=0.6",
  "uvloop>=0.19; sys_platform != 'win32'",
  "sqlalchemy>=2.0.40",
  "pydantic-settings>=2.4",
  "{driver}",
  "alembic>=1.13",
  "python-multipart>=0.0.18",
  "segue-bridge{extras}",
]

[dependency-groups]
dev = ["pytest>=8", "httpx>=0.27", "mypy>=1.15", "ruff>=0.9"{dev}]

[tool.ruff]
line-length = 100
target-version = "py311"

[tool.ruff.lint]
select = ["E", "F", "W", "I", "UP", "B", "SIM", "C4", "RET", "ASYNC"]
ignore = ["E501", "SIM108"]

[tool.mypy]
strict = true
packages = ["{package}"]

[tool.pytest.ini_options]
testpaths = ["tests"]
"""

_DOCKERFILE = """\
FROM python:3.12-slim
WORKDIR /srv
COPY pyproject.toml ./
RUN pip install --no-cache-dir .
COPY {package} {package}
COPY alembic.ini ./
COPY migrations migrations
USER nobody
EXPOSE 8000
CMD ["uvicorn", "--factory", "{package}.main:create_app", "--no-proxy-headers", "--host", "0.0.0.0", "--port", "8000"]
"""

_README = """\
# {title}

The FastAPI side of {name}, written by Segue from the Django project. It is yours: edit it, `segue generate` keeps your edits.

    pip install -e . --group dev
    DATABASE_URL=... SECRET_KEY=... uvicorn --factory --no-proxy-headers {package}.main:create_app

`SECRET_KEY` must be the Django side's as long as both serve: sessions and signatures are shared. The API's documentation is at `/docs`.
Set `WEB_CONCURRENCY` to the number of processes: with `POOL_SIZE` (10) it is checked at start against what the database grants, which the Django side needs too.
Each Django app has a folder: `models`, `rows` (what reads return), `queries`, `schemas`, `presenters`, `validation`, `permissions`, `filters`,
`services`, `views`, `routes`. PORTING.md says which function came from where.
"""

_TESTED = """\

    pytest                                     # on a SQLite file of the run
    TEST_DATABASE_URL=postgresql://... pytest  # on that database

A test asks for the fixture `client`; what it writes is undone. Rows come from `tests/factories.py`, where the Django project has factories, and from
`segue_bridge.testing.making.make(Model)`.
"""

_TEST = '''\
"""The application starts, describes itself, and answers every method of every URL without a server error."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_openapi_lists_the_routes(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert len(paths) == {count}


def test_unknown_address_is_djangos_404(client: TestClient) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_unknown_method_is_refused(client: TestClient) -> None:
    for path in client.get("/openapi.json").json()["paths"]:
        if "{{" not in path:
            assert client.request("TRACE", path).status_code in (401, 403, 405)
'''


_CONFTEST = '''\
"""Settings of the tests, before the application reads them, and a database in which nothing of a test stays.

It is a SQLite file of this run, or what TEST_DATABASE_URL names: a PostgreSQL database that is empty or has been made here before.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from segue_bridge.db.isolated import isolated
from segue_bridge.testing.rows import rows_of

FOLDER = tempfile.TemporaryDirectory(prefix="tests-")
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{{FOLDER.name}}/tests.sqlite3")
os.environ["SECRET_KEY"] = "only-for-tests"
{more}

@pytest.fixture(scope="session")
def tables() -> None:
    """What Alembic's revisions build, once."""
    command.upgrade(Config(Path(__file__).parents[1] / "alembic.ini"), "head")


@pytest.fixture
def client(tables: None) -> Iterator[TestClient]:
    """The application. Rows that a test writes are undone after it, whether by a request, by a factory or by
    `segue_bridge.testing`."""
    from {package}.main import create_app

    app = create_app()
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.portal is not None
        database = app.state.database
        isolation = client.portal.wrap_async_context_manager(isolated(database))
        with isolation, rows_of(database, client.portal.call):
            yield client
'''

_ENVIRONMENT = """\
# Copy to .env, or set these in the environment.
DATABASE_URL={url}
# The SECRET_KEY of the Django side: sessions and signatures are shared.
SECRET_KEY=
"""


_EXAMPLE_URL = {
    "sqlite": "sqlite:////path/to/db.sqlite3",
    "postgresql": "postgresql://user:password@localhost:5432/name",
    "mysql": "mysql://user:password@localhost:3306/name",
}
_DRIVERS = {"postgresql": "asyncpg>=0.30", "mysql": "asyncmy>=0.2.18"}


# Extra of Celery that has the driver of a broker, by the scheme of its URL.
_TRANSPORTS = {"redis": "[redis]", "rediss": "[redis]", "sqs": "[sqs]"}


def files(program: Program, snapshot: Snapshot, name: str) -> dict[str, str]:
    """Path → text."""
    vendor = snapshot.settings.vendor
    driver = _DRIVERS.get(vendor, "aiosqlite>=0.20")
    package = program.package
    routes = {n.route_id for n in program.native}
    access = program.modules.get(f"{package}/access.py")
    jwt = access is not None and "JWT" in access.decls
    own_key = jwt and access is not None and "settings.jwt_key" in access.decls["JWT"].code
    tasks = program.modules.get(f"{package}/tasks.py")
    broker = snapshot.messages.broker if snapshot.messages and tasks and "TASKS" in tasks.decls else ""
    kept = [tasks.decls[name].code for name in ("TASKS", "RESULTS") if name in tasks.decls] if tasks else []
    keeps_results = any("settings.celery_result_backend" in code for code in kept)
    if tasks is not None:
        results = snapshot.messages.results if snapshot.messages and keeps_results else None
        is_redis = results is not None and results.backend.startswith("celery.backends.redis.")
        transport = "[redis]" if is_redis else _TRANSPORTS.get(broker, "")
        driver += f'",\n  "celery{transport}>=5.3'
    imported = {i.module for m in program.modules.values() for d in m.decls.values() for i in d.imports}
    for library in sorted(imported & {"requests", "httpx"}):  # the release that answers on the other side
        driver += f'",\n  "{library}>={snapshot.versions.packages.get(library, "0")}'
    tops = {module.partition(".")[0] for module in imported} - {package, ""}
    tops |= {top for module, top in distributions.BEHIND.items() if module in imported}
    for library, release in sorted({one for top in tops for one in distributions.of_module(snapshot, top)}):
        driver += f'",\n  "{library}=={release}'
    cache = program.modules.get(f"{package}/cache.py")
    places = _cache_places(cache)
    redis = any(name.endswith("CACHE_URL") for name in places)
    memcached = any(name.endswith("CACHE_SERVERS") for name in places)
    spoken = any(path.startswith(f"{package}/locale/") for path in program.files)
    shown = f"{package}/{templates.MODULE}.py" in program.modules
    names = {
        (i.module, i.name) for m in program.modules.values() for d in m.decls.values() for i in d.imports
    }
    wanted = (
        ("images", ("segue_bridge.schema.fields", "Image") in names),
        ("jwt", jwt),
        ("redis", redis),
        ("memcached", memcached),
        ("texts", spoken),
        ("templates", shown),
    )
    extras = ",".join(extra for extra, needed in wanted if needed)
    metadata = _PYPROJECT.format(
        name=name.replace("_", "-"),
        package=package,
        driver=driver,
        extras=f"[{extras}]" if extras else "",
        dev=', "factory-boy>=3.3"' if factories.PATH in program.modules else "",
    )
    conftest = ""
    environment = _ENVIRONMENT.format(url=_EXAMPLE_URL.get(vendor, _EXAMPLE_URL["sqlite"]))
    if own_key:
        conftest += 'os.environ["JWT_KEY"] = "only-for-tests"\n'
        environment += "# The key that the Django side verifies its JSON web tokens with.\nJWT_KEY=\n"
    if f"{package}/mail.py" in program.modules:
        conftest += 'os.environ["EMAIL_BACKEND"] = "locmem"\n'
        environment += "# The Django side's mail server; the other settings of it have its values.\nEMAIL_HOST_USER=\nEMAIL_HOST_PASSWORD=\n"
    if broker:
        conftest += 'os.environ["CELERY_BROKER_URL"] = "memory://"\n'
        environment += "# The broker that the Django side's Celery sends tasks to.\nCELERY_BROKER_URL=\n"
    if keeps_results:
        conftest += 'os.environ["CELERY_RESULT_BACKEND"] = "cache+memory://"\n'
        environment += "# Where the Django side's Celery keeps results.\nCELERY_RESULT_BACKEND=\n"
    for place in places:
        environment += f"# LOCATION of the Django side's cache, with its password if it has one.\n{place}=\n"
    tests = {
        "tests/__init__.py": "",
        "tests/conftest.py": _CONFTEST.format(package=package, more=conftest),
        "tests/test_service.py": _TEST.format(count=len(routes)),
    }
    return {
        **({} if vendor == "mysql" else tests),  # there is nothing to ask, and no file for a database
        "pyproject.toml": metadata,
        "Dockerfile": _DOCKERFILE.format(package=package),
        "README.md": _README.format(title=name.replace("_", " ").title(), name=name, package=package)
        + ("" if vendor == "mysql" else _TESTED),
        "PORTING.md": porting(program, snapshot),
        ".env.example": environment,
        ".gitignore": "__pycache__/\n.venv/\n.env\n*.egg-info/\n",
    }


def _cache_places(module: Module | None) -> list[str]:
    """The variables that say where the caches are, of those that are servers."""
    if module is None:
        return []
    found = re.findall(
        r"settings\.(\w*cache_(?:url|servers))\b", " ".join(d.code for d in module.decls.values())
    )
    return sorted({name.upper() for name in found})
