"""The laboratory: every ``case_*`` run by Django, and translated and run by SQLAlchemy, on equal databases."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.orm import registry as Registry
from tests.services import Postgres
from tests.translate.kernel import other_server

from segue.emit.format import format_sources
from segue.emit.render import render_module
from segue.refusal import Refused
from segue.snapshot.dump import save
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.target.ir import Decl
from segue.translate.context import Context
from segue.translate.functions.finish import finish
from segue.translate.functions.lift import Lifted, lift
from segue.translate.kinds import ViewSelf
from segue.translate.models import translate_models
from segue.translate.templates import program as templates
from segue_bridge.db import base

HERE = Path(__file__).parent / "lab"
PACKAGE = "labapp"


def cases(module: str) -> list[str]:
    """The cases of a module of the laboratory."""
    return re.findall(r"def (case_\w+)", (HERE / "library" / f"{module}.py").read_text())


# The class that has a case.
PLACES = {
    name: place
    for module, place in (
        ("views", "library.views.Lab"),
        ("language", "library.language.Language"),
        ("asking", "library.asking.Asking"),
        ("computing", "library.computing.Computing"),
        ("writing", "library.writing.Writing"),
        ("relations", "library.relations.Relations"),
        ("mails", "library.mails.Mails"),
        ("letters", "library.letters.Letters"),
        ("libraries", "library.libraries.Libraries"),
        ("everyday", "library.everyday.Everyday"),
        ("clients", "library.clients.Clients"),
        ("sheets", "library.sheets.Sheets"),
        ("postgres", "library.postgres.Postgres"),
    )
    for name in cases(module)
}


MAIL_SETTINGS = """\
    EMAIL_BACKEND: str = "locmem"
    EMAIL_HOST: str = "localhost"
    EMAIL_PORT: int = 25
    EMAIL_HOST_USER: str = ""
    EMAIL_HOST_PASSWORD: str = ""
    EMAIL_USE_TLS: bool = False
    EMAIL_USE_SSL: bool = False
    EMAIL_TIMEOUT: float | None = None
    EMAIL_SUBJECT_PREFIX: str = "[lab] "
    DEFAULT_FROM_EMAIL: str = "lab@example.com"
    SERVER_EMAIL: str = "root@example.com"
    LAB_NOBODY: str = ""
    ADMIN_ADDRESSES: list[str] = ["ann@example.com", "bob@example.com"]  # noqa
    MANAGER_ADDRESSES: list[str] = []  # noqa
"""


class LabEndpoint:
    """What the views' room would hand in as ``ViewSelf.endpoint``."""

    def __init__(self, cls: str) -> None:
        self.cls = cls

    action = None
    method = "GET"
    url_arguments = None
    key = "lab"


@dataclass
class Lab:
    """Both sides of every case."""

    folder: Path
    expected: dict[str, Any]
    url: str
    package: str
    refused: dict[str, Refused] = field(default_factory=dict)
    lifted: dict[str, Lifted] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


def _translate(lab: Lab, snapshot: Snapshot, server: str) -> None:
    ctx = Context(snapshot, pure=frozenset({"packaging"}))
    ctx.program.package = package = lab.package
    translate_models(ctx)
    for name in [n for n in PLACES if n in lab.expected]:
        try:
            place = PLACES[name]
            lab.lifted[name] = lift(
                ctx, f"{place}.{name}", self_kind=ViewSelf(LabEndpoint(place)), app="library", name=name
            )
        except Refused as refused:
            lab.refused[name] = refused
    roots = ctx.program.module(f"{package}/roots.py", "What the tests call.")
    for name, one in lab.lifted.items():
        roots.add(Decl(f"R_{name}", f"R_{name} = {one.name}", one.imports))
    finish(ctx)
    templates.write(ctx)
    sources = {path: render_module(module) for path, module in ctx.program.modules.items()}
    sources[f"{package}/access.py"] = (
        '"""Current user."""\n\nfrom segue_bridge.auth.users import AnonymousUser\n\n'
        f"from {package}.django_auth.models import User\n\nCurrentUser = User | AnonymousUser\n"
    )
    sources[f"{package}/settings.py"] = (
        '"""Settings."""\n\n\nclass Settings:\n    """Settings."""\n\n    LAB_LIMIT: int = 3\n'
        f"    MEDIA_ROOT: str = {str(lab.folder / 'media')!r}\n    cache_folder: str = {str(lab.folder / 'cache')!r}\n    LAB_SERVER: str = {server!r}\n{MAIL_SETTINGS}\n\nsettings = Settings()\n"
    )
    for folder in {str(Path(p).parent) for p in sources}:
        sources.setdefault(f"{folder}/__init__.py", "")
    lab.sources = format_sources(sources, package=package)
    for path, source in {**lab.sources, **ctx.program.files}.items():
        file = lab.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Django's answers, and the translated package on ``sys.path``."""
    folder = tmp_path_factory.mktemp("lab")
    with other_server.running() as address:
        yield from _made(folder, {"LAB_SERVER": address}, f"sqlite:///{folder / 'lab.sqlite3'}", PACKAGE)


@pytest.fixture(scope="session")
def postgres_lab(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Lab]:
    """The query language on PostgreSQL."""
    url = postgres.create("laboratory")
    entry = json.dumps(postgres.django("laboratory"))
    yield from _made(tmp_path_factory.mktemp("lab"), {"LAB_POSTGRES": entry}, url, f"{PACKAGE}_pg")


@contextmanager
def _own_tables(package: str) -> Iterator[None]:
    """Models that are imported inside of it do not meet the tables of the laboratory on SQLite, in the same process."""
    if package == PACKAGE:
        yield
        return
    tables = MetaData()

    class Apart(base.Base):
        __abstract__ = True
        metadata = tables
        registry = _sa_registry = Registry(
            metadata=tables, type_annotation_map=base.Base.registry.type_annotation_map
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "Base", Apart)
        yield


def _made(folder: Path, more: dict[str, str], url: str, package: str) -> Iterator[Lab]:
    project = folder / "project"
    shutil.copytree(HERE, project, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {
        **os.environ, "LAB_DB": str(folder / "lab.sqlite3"), "LAB_MEDIA": str(folder / "django-media"),
        "LAB_CACHE": str(folder / "django-cache"),
        "PYTHONDONTWRITEBYTECODE": "1", "SEGUE_TEST_FORK": "1", **more,
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "run_django.py"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    snapshot = probe(project, sys.executable, "lab_settings", environment=environment)
    save(snapshot, folder / "snapshot.json")
    found = Lab(folder, json.loads(ran.stdout.splitlines()[-1]), url, package)
    _translate(found, snapshot, more.get("LAB_SERVER", ""))
    sys.path.insert(0, str(folder))
    with _own_tables(package):
        for path in found.sources:
            if path.endswith("/models.py"):
                importlib.import_module(path.removesuffix(".py").replace("/", "."))
    yield found
    sys.path.remove(str(folder))
    for name in [m for m in sys.modules if m == package or m.startswith(package + ".")]:
        del sys.modules[name]


class Query:
    """Stand-in for the bridge's ``QueryParams``."""

    values = {"name": "Ada", "min": "6", "tag": "fun", "empty": ""}

    def get(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def __getitem__(self, name: str) -> str:
        return self.values[name]


class _Undo(Exception):
    pass


def library(module: str) -> Any:
    """A module of the laboratory that has nothing to do with Django."""
    spec = importlib.util.spec_from_file_location(f"lab_{module}", HERE / "library" / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


async def _rows(db: Any, tables: list[str]) -> Any:
    """All rows of all tables, as ``run_django.py`` has them."""
    from segue_bridge.db.errors import TransactionManagementError

    state = library("state")
    try:
        found = {table: await db.all(text(state.rows(table, db.dialect))) for table in tables}
    except TransactionManagementError:
        return "broken"
    plain = {table: [list(row) for row in rows] for table, rows in found.items()}
    return json.loads(json.dumps(plain, default=str))


def told_mails(name: str) -> list[Any]:
    """The mails that a case has sent, as ``run_django.py`` tells them."""
    if not PLACES[name].endswith(".Mails"):
        return []
    from segue_bridge.mail import transports
    from segue_bridge.mail.compose import as_bytes, composed

    told = [[m.recipients(), library("state").as_sent(as_bytes(composed(m)))] for m in transports.OUTBOX]
    transports.OUTBOX.clear()
    return told


async def _run(lab: Lab, name: str, url: str) -> tuple[list[Any], int, Any, Any]:
    from segue_bridge import zone
    from segue_bridge.auth.users import AnonymousUser
    from segue_bridge.db.database import Database

    for path in lab.sources:
        if path.endswith("/models.py"):
            importlib.import_module(path.removesuffix(".py").replace("/", "."))
    roots = importlib.import_module(f"{lab.package}.roots")
    users = importlib.import_module(f"{lab.package}.django_auth.models").User
    function = getattr(roots, f"R_{name}")
    zone.configure("America/New_York")  # as create_app does: when the modules are there
    database = Database(url)
    try:
        async with database.session() as db:
            user = (
                AnonymousUser()
                if name.startswith("case_anon")
                else await db.get(users, users.username == "ann")
            )
            state = {"db": db, "user": user, "query": Query(), "pk": 1, "action": None, "method": "GET"}
            arguments = [state[p] for p in inspect.signature(function).parameters]
            result: list[Any] = []
            after: Any = None
            tables = (
                lab.expected["#tables"]
                if PLACES[name].endswith((".Computing", ".Writing", ".Relations"))
                else []
            )
            if tables and (statement := library("state").restart(tables, db.dialect)):
                await db.all(text(statement))
            try:
                async with nullcontext() if name.startswith("case_on_commit") else db.atomic():
                    before = db.queries
                    try:
                        value = function(*arguments)
                        value = await value if inspect.isawaitable(value) else value
                        if hasattr(value, "body_iterator"):
                            value.body = b"".join([piece async for piece in value.body_iterator])
                            if hasattr(value, "_file"):
                                value._file.close()
                        value = library("state").shown(value)
                        result = ["value", json.loads(json.dumps(value, default=str))]
                    except Exception as error:  # noqa: BLE001  (the error is the outcome)
                        result = ["error", type(error).__name__, str(error)]
                        import traceback

                        result.append(traceback.format_exc())
                    count = db.queries - before
                    if tables:
                        after = await _rows(db, tables)
                    after = told_mails(name) or after
                    raise _Undo
            except _Undo:
                pass
            return result, count, inspect.getsource(function), after
    finally:
        await database.close()


def run_translated(lab: Lab, name: str) -> tuple[list[Any], int, str, Any]:
    """Outcome, number of statements and source of the translated case; after a case that writes all rows there are."""
    library("files").put_files(lab.folder / "media")
    return asyncio.run(_run(lab, name, lab.url))
