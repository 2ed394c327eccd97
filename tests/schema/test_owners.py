"""Both tools, really run on one database: each refuses what changes a table of the other's, and does the rest."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.schema.guarded import BACK, FIELD, MIGRATE, MIGRATION, TO_FASTAPI, UPGRADE, World


@pytest.mark.parametrize("once", ["sqlite"], indirect=True)
def test_each_tool_refuses_what_is_the_others_and_does_the_rest(world: World) -> None:
    before = world.columns()
    refused = world.upgrade()
    assert (
        "has tables that the baseline makes (auth_group, auth_group_permissions, auth_permission and 5 more)"
        in refused
    )
    assert "segue schema baseline --stamp" in refused
    assert world.stamp() == "0001"
    add = "op.add_column('notes_note', sa.Column('extra', sa.Integer))"

    # Django's table: Alembic keeps off it, whatever the operation, and does nothing else of that revision.
    for does in (
        add,
        "op.execute('ALTER TABLE \"notes_note\" RENAME COLUMN stars TO extra')",
    ):
        refused = world.upgrade(does=does)
        assert "Revision 0002 changes notes_note, which is Django's" in refused, does
        assert "segue schema own notes_note --by fastapi" in refused
    assert "changes notes_note" in world.upgrade(does=add, sql=True)
    assert world.columns() == before
    assert world.proposed() == 0
    assert "Revision 0001 changes" in world.upgrade(down="base")

    # FastAPI's: the same revision runs, and Django keeps off.
    world.owners(TO_FASTAPI)
    assert world.upgrade(does=add) == ""
    assert world.columns() == [*before, "extra"]
    assert world.proposed() == 1
    after = world.columns()
    assert "state_operations=" in world.made()
    for operation in (
        f"migrations.AddField('note', 'more', {FIELD})",
        "migrations.RenameModel('Note', 'Text')",
        "migrations.RunPython(by_hand)",
        f"migrations.SeparateDatabaseAndState([migrations.AddField('note', 'more', {FIELD})])",
    ):
        refused = world.migrate(operation=operation)
        assert "notes.0002_next changes notes_note, which is FastAPI's" in refused, operation
        assert "segue schema own notes_note --by django" in refused
    assert "notes.0001_initial changes notes_note" in world.migrate("notes", "zero")
    assert world.columns() == after

    # What changes nothing there passes, and so do Django's own tables.
    free = ", ".join(
        (
            f"migrations.SeparateDatabaseAndState(state_operations=[migrations.AddField('note', 'more', {FIELD})])",
            "migrations.AlterField('note', 'title', models.CharField(max_length=40, unique=True, help_text='seen'))",
            "migrations.RunPython(rows, migrations.RunPython.noop)",
            f"migrations.CreateModel('Own', [('id', models.AutoField(primary_key=True)), ('of', {FIELD})])",
        )
    )
    assert world.migrate(operation=free) == ""
    assert world.migrate("notes", "0001", operation=free) == ""
    assert world.migrate("--fake", operation=f"migrations.AddField('note', 'more', {FIELD})") == ""
    assert world.columns() == after

    # Given back: an empty database still takes the revision of FastAPI's time, what comes later does not pass.
    world.owners(TO_FASTAPI, BACK)
    folder = world.project / "empty"
    folder.mkdir()
    fresh = f"sqlite:///{folder / 'empty.sqlite3'}"
    add = "op.add_column('notes_note', sa.Column('extra', sa.Integer))"
    assert world.upgrade(does=add, url=fresh) == ""
    third = world.revision("0003", "0002", "op.drop_column('notes_note', 'extra')")
    assert "Revision 0003 changes notes_note" in world.upgrade(does=add, url=fresh)
    third.unlink()
    assert world.migrate("--fake", "notes", "0001", operation="migrations.RunSQL('SELECT 1')") == ""
    assert world.migrate(operation=f"migrations.AddField('note', 'mine', {FIELD})") == ""
    assert world.columns() == [*after, "mine"]
    shutil.rmtree(folder)


@pytest.mark.parametrize("once", ["postgresql"], indirect=True)
def test_statements_are_refused_on_postgresql(world: World) -> None:
    assert world.stamp() == "0001"
    before = world.columns()
    add = "op.execute('ALTER TABLE public.NOTES_NOTE ADD COLUMN extra integer')"
    assert "Revision 0002 changes notes_note, which is Django's" in world.upgrade(does=add)
    assert world.columns() == before
    world.owners(TO_FASTAPI)
    assert world.upgrade(does=add) == ""
    refused = world.migrate(operation="migrations.RunPython(by_hand)")
    assert "notes.0002_next changes notes_note, which is FastAPI's" in refused
    assert world.columns() == [*before, "extra"]


def test_what_is_not_safe_is_refused_unless_asked_for(world: World) -> None:
    before = world.columns()
    postgresql = world.url.startswith("postgresql")
    for operation, advice in {
        "migrations.RemoveField('note', 'stars')": "the other side may still use it",
        "migrations.AddField('note', 'more', models.IntegerField(default=1))": "inserts rows without it",
        "migrations.AlterField('note', 'title', models.CharField(max_length=30, unique=True))": "Values may not fit",
        "migrations.RunSQL('DROP TABLE notes_note')": "the other side may still use it",
    }.items():
        if postgresql and "title" not in operation:
            continue
        refused = world.migrate(operation=operation)
        assert "notes.0002_next is not safe while FastAPI runs on notes_note" in refused, operation
        assert advice.lower() in refused.lower()
    index = "migrations.AddIndex('note', models.Index(fields=['stars'], name='more'))"
    assert ("CREATE INDEX CONCURRENTLY" in world.migrate(operation=index)) is postgresql
    if not postgresql:
        assert world.migrate("notes", "0001", operation=index) == ""
    assert world.columns() == before
    if postgresql:  # the statement is judged by the type that is there
        safe = "migrations.AlterField('note', 'title', models.CharField(max_length=50, unique=True))"
    else:
        safe = "migrations.AddField('note', 'more', models.IntegerField(default=1, db_default=1))"
    assert world.migrate(operation=safe) == ""
    assert world.migrate("notes", "0001", "--unsafe", operation=safe) == ""
    back = "migrations.RunSQL('SELECT 1', 'DROP TABLE notes_note')"
    assert world.migrate(operation=back) == ""
    assert "The other side may still use it" in world.migrate("notes", "0001", operation=back)
    assert world.migrate("--fake", "notes", "0001", operation=back) == ""
    assert world.migrate("--unsafe", operation="migrations.RemoveField('note', 'stars')") == ""
    assert world.columns() == ["id", "title"]

    folder = world.project / "fresh.sqlite3"
    url = world.url if postgresql else f"sqlite:///{folder}"
    if postgresql:
        assert world.stamp() == "0001"
    else:
        world.revision("0002", "0001", "pass").unlink()
        assert world.alembic.run(f"url, sql, down = {url!r}, False, ''\n" + UPGRADE) == ""
        assert permissions(folder) == permissions(world.project / "shared.sqlite3")
    world.owners(TO_FASTAPI)
    column = "sa.Column('extra', sa.Integer, nullable=False)"
    refused = world.upgrade(does=f"op.add_column('notes_note', {column})", url=url)
    assert "Revision 0002 is not safe while Django runs on notes_note" in refused
    assert "inserts rows without it" in refused
    assert "fastapi_own" not in world.upgrade(does="op.add_column('fastapi_own', " + column + ")", url=url)


def test_two_runs_never_overlap(world: World) -> None:
    """Each tool runs a migration that waits for a file; the other finds the database held, and passes when it is free."""
    go = world.project / "go"
    here = world.project / "here"
    wait = f"import pathlib, time\npathlib.Path({str(here)!r}).touch()\n" + (
        f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.02)\n"
    )
    impatient = "from segue_bridge.owners import lock; lock.PATIENCE = 0.2\n"
    assert world.stamp() == "0001"
    world.revision("0002", "0001", f"exec({wait!r})")
    upgrade = f"url, sql, down = {world.url!r}, False, ''\n" + UPGRADE
    words = "words = ('--fake',)\n"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(world.alembic.run, upgrade)
        _until(here)
        assert "Another run of migrations holds this database" in world.django.run(
            impatient + words + MIGRATE
        )
        go.touch()
        assert first.result(30) == ""
        assert world.django.run(impatient + words + MIGRATE) == ""
        for file in (go, here):
            file.unlink()
        text_ = MIGRATION.replace("OPERATION", f"migrations.RunPython(lambda *_: exec({wait!r}))")
        (world.project / "notes/migrations/0002_next.py").write_text(text_)
        first = pool.submit(world.django.run, "words = ()\n" + MIGRATE)
        _until(here)
        assert "Another run of migrations holds this database" in world.alembic.run(impatient + upgrade)
        go.touch()
        assert first.result(30) == ""
        assert world.alembic.run(impatient + upgrade) == ""


def permissions(file: Path) -> list[tuple[str, ...]]:
    """Content types with their permissions: what Django makes after ``migrate``, and the baseline by itself."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        found: list[tuple[str, ...]] = connection.execute(
            "SELECT app_label, model, codename, name FROM django_content_type t "
            "LEFT JOIN auth_permission p ON p.content_type_id = t.id ORDER BY 1, 2, 3"
        ).fetchall()
    assert found
    return found


def _until(file: Path) -> None:
    limit = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < limit
        time.sleep(0.02)
