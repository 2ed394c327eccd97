"""A small project, probed for real, translated, and run beside Django on copies of one database."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue.emit.write import render_program
from segue.refusal import Refused
from segue.snapshot.model import Snapshot
from segue.snapshot.run import probe
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.functions.finish import finish
from segue.translate.interp.scope import Scope
from segue.translate.kinds import Instance
from segue.translate.load.fetch import entity_type, loader
from segue.translate.load.models import pk_field
from segue.translate.models import translate_models
from segue.translate.needs import Needs
from segue.translate.serializers import creator, presenter, saved_presenter, updater, writer

PROJECT = Path(__file__).with_name("project")
SCOPE = Scope({"db": "db", "user": "user", "call": "call"})
PACKAGE = "segue_shop"


@pytest.fixture(scope="session")
def shop() -> Snapshot:
    """The real probe's snapshot of the project."""
    return probe(PROJECT, python=sys.executable, settings="settings")


class Driver:
    """Writes ``driver.py``: one function per serializer and operation, and notes refusals."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.module = ctx.program.module(f"{ctx.program.package}/driver.py", "Entry points for the tests.")
        self.refused: dict[tuple[str, str], Refused] = {}
        self.out = Path()

    def add(self, dotted: str) -> None:
        name = dotted.rpartition(".")[2]
        model = self.ctx.snapshot.serializers[dotted].model
        for op in ("read", "validate", "create", "update", "patch"):
            if op != "validate" and not model:
                continue
            try:
                lines, imports = getattr(self, op)(dotted, model)
            except Refused as refused:
                self.refused[name, op] = refused
                continue
            head = f"async def {op}_{name}(db, user=None, call=None, pk=None, data=None, partial=False):"
            code = "\n".join([head, *("    " + line for line in lines)])
            self.module.add(Decl(f"{op}_{name}", code, frozenset(imports), 40))

    def read(self, dotted: str, model: str) -> tuple[list[str], set[Import]]:
        site = Needs(model)
        shown = presenter(self.ctx, dotted, Instance(model, site))
        token, rows = loader(self.ctx, site)
        cls, entity = entity_type(self.ctx, model)
        key = f"{cls}.{pk_field(self.ctx, model).attname}"
        return (
            [
                f"row = (await {token}(db, select({key}).where({key} == pk)))[0]",
                f"return {shown.call(SCOPE, 'row')}",
            ],
            {rows, entity, Import("sqlalchemy", "select"), *shown.imports},
        )

    def validate(self, dotted: str, model: str) -> tuple[list[str], set[Import]]:
        made = writer(self.ctx, dotted)
        return [f"return {made.call(SCOPE, 'data', partial='partial')}"], set(made.imports)

    def create(self, dotted: str, model: str) -> tuple[list[str], set[Import]]:
        made, saver = writer(self.ctx, dotted), creator(self.ctx, dotted)
        shown = saved_presenter(self.ctx, dotted, model)
        return (
            [
                f"values = {made.call(SCOPE, 'data')}",
                f"saved = {saver.call(SCOPE, 'values')}",
                f"return {shown.call(SCOPE, 'saved')}",
            ],
            {*made.imports, *saver.imports, *shown.imports},
        )

    def patch(self, dotted: str, model: str) -> tuple[list[str], set[Import]]:
        return self.update(dotted, model, partial=True)

    def update(self, dotted: str, model: str, *, partial: bool = False) -> tuple[list[str], set[Import]]:
        made, saver = writer(self.ctx, dotted), updater(self.ctx, dotted)
        shown = saved_presenter(self.ctx, dotted, model, partial=partial)
        cls, entity = entity_type(self.ctx, model)
        return (
            [
                f"found = await db.get({cls}, {cls}.{pk_field(self.ctx, model).attname} == pk)",
                f"values = {made.call(SCOPE, 'data', instance='found', partial='partial')}",
                f"saved = {saver.call(SCOPE, 'values', instance='found')}",
                f"return {shown.call(SCOPE, 'saved')}",
            ],
            {entity, *made.imports, *saver.imports, *shown.imports},
        )


@pytest.fixture(scope="session")
def generated(shop: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Driver:
    """The generated package, written to ``driver.out``, with a function per operation."""
    ctx = Context(shop)
    ctx.program.package = PACKAGE
    driver = Driver(ctx)
    for dotted in shop.serializers:
        if dotted.startswith("shop.serializers."):
            driver.add(dotted)
    for run in ctx.finalizers:
        run()
    translate_models(ctx)
    finish(ctx)
    access = ctx.program.module(f"{PACKAGE}/access.py", "Who asks.")
    access.add(Decl("CurrentUser", "CurrentUser = Any", frozenset({Import("typing", "Any")}), 0))
    out = tmp_path_factory.mktemp("generated")
    for path, text in render_program(ctx.program).items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text)
    driver.out = out
    return driver


class Child:
    """A process that answers pickled requests."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
        )

    def ask(self, **request: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        body = pickle.dumps(request)
        self.process.stdin.write(b"%d\n" % len(body) + body)
        self.process.stdin.flush()
        size = int(self.process.stdout.readline())
        return pickle.loads(self.process.stdout.read(size))

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


class Django(Child):
    """The legacy side, over one SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.sqlite3"
        self.theirs = folder / "theirs.sqlite3"
        self.mine = folder / "mine.sqlite3"
        super().__init__(str(Path(__file__).with_name("drf_child.py")), SHOP_DATABASE=str(self.template))

    def fresh(self) -> None:
        """Both sides start from the same rows."""
        self.ask(op="close", database=str(self.theirs))
        shutil.copy(self.template, self.theirs)
        shutil.copy(self.template, self.mine)


SEED = """
insert into shop_publisher(id, name, city) values (1, 'Ace', 'Rome'), (2, 'Bee', '');
insert into shop_author(id, name, email, publisher_id) values
  (1, 'Ada Lovelace', 'ada@example.com', 1), (2, 'Bob', null, null), (3, 'Cy Twombly', '', 2);
insert into shop_profile(id, motto, author_id) values (1, 'Onward', 1);
insert into shop_tag(id, label) values (1, 'art'), (2, 'code'), (3, 'zoo');
insert into shop_book(id, key, title, isbn, state, price, pages, rating, published, sold_out, reading_time, extra,
  created, author_id, editor_id) values
  (1, '6ba7b8109dad11d180b400c04fd430c8', 'Notes', '111', 'out', 12.5, 300, 4.5, '2024-03-01', 0, 5400000000,
   '{"a": [1, null]}', '2024-03-01 12:00:00.250000', 1, 2),
  (2, '6ba7b8119dad11d180b400c04fd430c8', 'More notes', null, 'draft', 0, 1, null, null, 1, null, '{}',
   '2024-07-01 12:00:00', 1, null),
  (3, '6ba7b8129dad11d180b400c04fd430c8', 'Plain', '333', 'draft', 1.25, 10, 1.0, '2024-03-02', 0, null, '[]',
   '2024-07-02 12:00:00', 2, 3);
insert into shop_book_tags(book_id, tag_id) values (1, 1), (1, 3), (3, 2);
insert into auth_user(id, username, password, is_superuser, first_name, last_name, email, is_staff, is_active,
  date_joined) values (1, 'ada', '', 0, '', '', '', 0, 1, '2024-01-01'), (2, 'bob', '', 0, '', '', '', 0, 1, '2024-01-01');
insert into shop_event(id, slug, level, big, "when", code) values
  (1, 'first', 1, 5, null, ''), (2, 'second', 7, 5, '2024-05-01 00:00:00', 'OLD'), (3, 'third', 2, 5, '2024-05-02 00:00:00', 'x');
insert into shop_note(id, owner_id, code, text, kind, attachment, created) values
  (1, 1, 'ab', 'first', 'memo', 'notes/a b.txt', '2024-01-01'), (2, 2, 'ab', 'other', 'memo', '', '2024-01-01');
insert into shop_word(name, lang, text) values ('one', 'en', 'first'), ('two', 'de', 'second');
insert into shop_badge(id, label) values ('6ba7b8129dad11d180b400c04fd430c8', 'old'), ('6ba7b8109dad11d180b400c04fd430c8', 'new');
insert into shop_desk(author_id, label) values (1, 'big');
insert into shop_shelf(id, publisher_id, author_id) values (1, 1, 1), (2, 2, null);
insert into shop_lease(id, shelf_id, publisher_id, author_id, start, "end", kind) values
  (1, 1, 1, 2, 10, 20, 'plain'), (2, 1, 1, 3, 10, null, 'old'), (3, 2, 1, 1, 1, 2, 'plain');
insert into shop_lot(id, publisher_id, start, "end", kind) values (1, 1, 10, 20, 'plain'), (2, 1, 10, null, 'old');
insert into shop_mailing(id, name, addresses, copies, needed) values
  (1, 'first', null, '', 'a@a.it, b@b.it'), (2, 'second', 'a@a.it,,b', 'x; y', '');
insert into shop_entry(id, slug, day, at, address, link, big, "when", text, level) values
  (1, 'one', '2024-05-06', '07:08:09', '::1', 'http://a.example/', 9, '2024-05-06 07:08:09', 'x', 2),
  (2, 'null', '2024-05-06', null, null, '', 5, null, '', 2);
"""


@pytest.fixture(scope="session")
def django_side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Django]:
    side = Django(tmp_path_factory.mktemp("databases"))
    side.ask(op="migrate")
    side.ask(op="close", database=str(side.theirs))
    with sqlite3.connect(side.template) as connection:
        connection.executescript(SEED)
    connection.close()
    yield side
    side.close()


def _rows(path: Path) -> dict[str, list[Any]]:
    connection = sqlite3.connect(path)
    try:
        tables = [
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
            if name.startswith("shop_")
        ]
        return {
            name: sorted(connection.execute(f"select * from {name}"), key=_order) for name in sorted(tables)
        }
    finally:
        connection.close()


def _order(row: tuple[Any, ...]) -> str:
    """Not by a key that each side makes for itself."""
    return re.sub(r"^\('[0-9a-f]{32}', ", "(", repr(row))


class Both:
    """Runs one operation on both sides and compares answer, rows and number of queries."""

    def __init__(self, django: Django, mine: Child) -> None:
        self.django = django
        self.mine = mine

    def run(self, serializer: str, op: str, **request: Any) -> tuple[Any, Any]:
        self.django.fresh()
        kind, theirs, queries = self.django.ask(serializer=serializer, op=op, **request)
        name = "patch" if op == "update" and request.get("partial") else op
        mine_kind, mine, mine_queries = self.mine.ask(
            function=f"{name}_{serializer}", database=str(self.django.mine), arguments=request
        )
        assert (mine_kind, _masked(mine)) == (kind, _masked(theirs)), (serializer, op, request)
        if kind == "ok" and mine is not None:
            assert json.dumps(_masked(mine)) == json.dumps(_masked(theirs))  # the order of keys too
        assert _masked(_rows(self.django.mine)) == _masked(_rows(self.django.theirs))
        assert mine_queries <= queries, (serializer, op, request, mine_queries, queries)
        return kind, theirs


def _masked(found: Any) -> Any:
    """Keys and clocks that each side makes for itself."""
    text = json.dumps(found)
    text = re.sub(r"\b(?!6ba7b81)[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b", "<uuid>", text)
    return json.loads(re.sub(r"20(2[5-9]|[3-9]\d)-\d\d-\d\d[ T][0-9:.]+", "<now>", text))


@pytest.fixture(scope="session")
def both(generated: Driver, django_side: Django) -> Iterator[Both]:
    mine = Child(str(Path(__file__).with_name("generated_child.py")), str(generated.out), PACKAGE)
    yield Both(django_side, mine)
    mine.close()
