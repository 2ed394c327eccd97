"""Only what is known to write nothing is asked again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gateway.project import _snapshot

from segue.ledger import Entry, State
from segue.shadow import reads
from segue.snapshot.model import Value

KEY = "GET /api/books/"
ROUTES = """
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router
from sqlalchemy import select

from app.access import AUTHENTICATION
from app.shop.services import add_book, book_rows

router = Router(tags=["shop"])
BOOKS_URL = Resource("/api/books/", name="Books", authentication=AUTHENTICATION, throttles=())

@BOOKS_URL.access
async def books_access(call: Call) -> None:
    call.require(True)

@router.get(BOOKS_URL)
async def book_list(call: Call):
    rows = await book_rows(call.db)
    return call.reply(rows)

@router.post(BOOKS_URL)
async def book_create(call: Call):
    return call.reply(await add_book(call.db, await call.data()))
"""
SERVICES = """
from segue_bridge.db.session import Session
from sqlalchemy import select
from app.models import Book

async def book_rows(db: Session):
    found = {}
    found.update(a=1)
    return await db.all(select(Book))

async def add_book(db: Session, book: Book):
    await db.insert(book)
"""
CODE = {
    "main.py": "from segue_bridge.http.cors import Cors\n\ndef create_app():\n    app.add_middleware(Cors)\n",
    "access.py": "from segue_bridge.auth.backend import Authentication\nAUTHENTICATION = Authentication()\n",
    "models.py": "from segue_bridge.db.base import Base\n\nclass Book(Base):\n    title: str\n",
    "shop/routes.py": ROUTES,
    "shop/services.py": SERVICES,
}


def refused(
    folder: Path,
    code: dict[str, str],
    key: str = KEY,
    accepted: tuple[str, ...] = (),
    seen: dict[str, str] | None = None,
    **settings: object,
) -> str:
    for name, text in code.items():
        file = folder / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    method, _, route = key.partition(" ")
    function = "app.shop.routes.book_list" if method == "GET" else "app.shop.routes.book_create"
    snapshot = _snapshot()
    snapshot.settings.values.update({name: Value("const", value) for name, value in settings.items()})  # type: ignore[attr-defined, arg-type]
    entry = Entry(method, route, State.VERIFIED, 0, function)
    return reads.refusals({key: entry}, snapshot, folder, "app", accepted, seen)[key]


def test_a_read_may_be_repeated_although_another_method_of_its_resource_writes(tmp_path: Path) -> None:
    assert refused(tmp_path, CODE) == ""
    assert refused(tmp_path, CODE, "POST /api/books/") == "it is no read (POST)"


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("shop/routes.py", "    return call.reply(rows)", "    await add_book(call.db, rows)", "it writes rows (db.insert) (app/shop/services.py:"),
        ("shop/routes.py", "call.reply(rows)", "await call.db.execute(rows)", "it writes rows (call.db.execute)"),
        ("shop/routes.py", "call.reply(rows)", "await mark(call.db)", ""),  # a name that is nowhere cannot run
        ("shop/routes.py", "throttles=()", "throttles=(LIMIT,)", "a rate limit counts its requests"),
        ("shop/routes.py", "@BOOKS_URL.access", "@BOOKS_URL.limits\ndef limits(action):\n    return ()\n\n@BOOKS_URL.access", "a rate limit"),
        ("shop/routes.py", "call.require(True)", "call.session['seen'] = 1", "it changes the session"),
        ("shop/routes.py", "call.require(True)", "call.session.pop('seen')", "it may change the session"),
        ("shop/routes.py", "call.require(True)", "session = call.session\n    session['x'] = 1", "it changes the session"),
        ("shop/routes.py", "call.require(True)", "call.require(call.session.get('x') and call.session['y'])", ""),
        ("shop/services.py", "found = {}", "s = db\n    await s.insert(1)", "it writes rows (s.insert)"),
        ("shop/routes.py", "call.require(True)", "await call.open_session()", "it works with the session"),
        ("shop/routes.py", "call.require(True)", "open('/tmp/x', 'w')", "it calls open()"),
        ("shop/services.py", "from sqlalchemy import select", "from app.mail import MAIL as select", "of .send() it is not known"),
        ("shop/services.py", "select(Book))", "select(Book).with_for_update())", "it locks rows"),
        ("shop/services.py", "await db.all(select(Book))", "await db.get(Book, for_update=True)", "it locks rows"),
        ("shop/services.py", "from sqlalchemy import select", "from sqlalchemy import update as select", "it writes rows (sqlalchemy.update)"),
        ("shop/services.py", "from sqlalchemy import select", "from sqlalchemy.dialects.postgresql import insert as select", "it writes rows"),
        ("shop/services.py", "select(Book)", "Book.__table__.insert().returning(Book)", "it writes rows (Book.__table__.insert)"),
        ("shop/services.py", "select(Book)", "Book.__table__.update().returning(Book)", "it writes rows (Book.__table__.update)"),
        ("shop/services.py", "select(Book)", "sqlalchemy.update(Book).returning(Book)", "it writes rows (sqlalchemy.update)"),
        ("shop/services.py", "found = {}", "found = []\n    found.insert(0, 1)\n    found = {}", ""),
        ("shop/services.py", "found = {}", "found = io.open('/tmp/x', 'w')", "it calls io.open()"),
        ("shop/services.py", "found = {}", "await GUARD.assign(db)\n    found = {}", "it writes rows (GUARD.assign)"),
        ("shop/services.py", "from sqlalchemy import select", "from sqlalchemy.orm import Session as select", "of sqlalchemy.orm.Session it is not known"),
        ("shop/services.py", "from sqlalchemy import select", "from segue_bridge.db.relations import add as select", "it writes rows"),
        ("shop/services.py", "from sqlalchemy import select", "from segue_bridge.tasks import TaskQueue as select", "it sends tasks"),
        ("shop/services.py", "from sqlalchemy import select", "from segue_bridge.cache.redis import RedisCache as select", "it writes into the shared cache"),
        ("shop/services.py", "from sqlalchemy import select", "from httpx import get as select", "of httpx.get it is not known that it only reads"),
        ("shop/services.py", "from sqlalchemy import select", "import subprocess as select", "of subprocess it is not known"),
        ("shop/services.py", "found = {}", "found = getattr(db, 'insert')", "its code cannot be followed"),
        ("shop/services.py", "found = {}", "found = (", "its code cannot be read"),
        ("access.py", "backend import Authentication", "knox import KnoxAuthentication as Authentication", "authentication may renew or delete the token"),
        ("access.py", "backend import Authentication", "own import Own as Authentication", "authentication of the project's own"),
        ("main.py", "app.add_middleware(Cors)", "app.add_middleware(LastSeen)", "what LastSeen in main.py does is not known"),
        ("main.py", "app.add_middleware(Cors)", "app.middleware('http')(seen)", "what the middleware in main.py does is not known"),
    ],
)  # fmt: skip
def test_whatever_may_write_is_refused_with_its_place(
    tmp_path: Path, file: str, old: str, new: str, why: str
) -> None:
    assert old in CODE[file]
    mail = {"mail.py": "from segue_bridge.errors import Http404\n\nasync def MAIL():\n    x.send(1)\n"}
    told = refused(tmp_path, {**CODE, **mail, file: CODE[file].replace(old, new)})
    assert why in told
    assert bool(told) == bool(why)


def test_sessions_that_every_request_saves_and_middleware_that_nobody_judged(tmp_path: Path) -> None:
    assert "SESSION_SAVE_EVERY_REQUEST" in refused(tmp_path, CODE, SESSION_SAVE_EVERY_REQUEST=True)
    assert "own.LastSeen" in refused(tmp_path, CODE, accepted=("own.LastSeen",))
    assert refused(tmp_path, CODE, accepted=("own.LastSeen",), seen={KEY: ""}) == ""


def test_what_explore_saw_django_write_refuses_whatever_the_code_looks_like(tmp_path: Path) -> None:
    operations = [
        {"operation": KEY, "cases": 9, "effects": ["(cache)", "shop_view"]},
        {"operation": "GET /b/", "cases": 9, "effects": []},
        {"operation": "GET /c/", "cases": 0, "effects": []},
        {"operation": "GET /d/", "cases": 9},
    ]
    file = tmp_path / "explore.json"
    file.write_text(json.dumps({"operations": operations, "about": {"snapshot": "today"}}))
    seen = reads.seen_effects(file, "today")
    assert seen == {KEY: "have effects (cache), write shop_view", "GET /b/": ""}
    assert refused(tmp_path, CODE, seen=seen) == f"`segue verify explore` saw it {seen[KEY]}"
    # Django's code has changed: what it wrote then it may write, what it did not is not known any more.
    assert reads.seen_effects(file, "tomorrow") == {KEY: seen[KEY]}
    file.write_text("{")
    assert reads.seen_effects(file, "today") == {}
    assert reads.seen_effects(tmp_path / "none.json", "today") == {}
