"""The baseline once FastAPI owns tables: Alembic builds the database on an empty one that both tools have made together."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.tiny import MODELS, segue
from tests.schema.guarded import DJANGO_STAGE, TO_FASTAPI, UPGRADE, World

from segue import config, ledger
from segue.ledger.owners import FILE, Handover
from segue.schema.compare import compare
from segue.schema.frozen import frozen
from segue.schema.structure import read
from segue.translate.models.baseline import PATH, parse

LATER_MODELS = MODELS + '''    extra = models.IntegerField(null=True)


class Label(models.Model):
    text = models.CharField(max_length=20)
    note = models.ForeignKey(Note, models.CASCADE)


class Tag(models.Model):
    note = models.ForeignKey(Note, models.CASCADE)
'''  # fmt: skip
KEY = '("id", models.BigAutoField(primary_key=True))'
NOTE = '("note", models.ForeignKey("notes.note", models.CASCADE))'
STATE = ", ".join(
    (
        "migrations.AddField('note', 'extra', models.IntegerField(null=True))",
        f"migrations.CreateModel('Label', [{KEY}, ('text', models.CharField(max_length=20)), {NOTE}])",
    )
)
BY_FASTAPI = """op.add_column("notes_note", sa.Column("extra", sa.Integer()))
    op.create_table(
        "notes_label",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("text", sa.String(20), nullable=False),
        sa.Column("note_id", sa.BigInteger(), sa.ForeignKey("notes_note.id", deferrable=True, initially="DEFERRED"),
                  index=True, nullable=False),
        sqlite_autoincrement=True,
    )"""


def structure(file: Path) -> dict[str, Any]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return {
            table: found
            for table, found in read("sqlite", lambda sql: connection.execute(sql).fetchall()).items()
            if table not in ("alembic_version", "django_migrations")
        }


@pytest.mark.parametrize("once", ["sqlite"], indirect=True)
def test_an_empty_database_becomes_what_both_have_made(world: World, tmp_path: Path) -> None:
    """FastAPI adds a column and a table, Django takes both over as state and makes a table of its own."""
    label = Handover(("notes_label",), "fastapi", "2026-11-30T01:00:00Z", DJANGO_STAGE)
    world.stamp()
    world.owners(TO_FASTAPI)
    assert world.upgrade(does=BY_FASTAPI) == ""
    operation = f"migrations.SeparateDatabaseAndState(state_operations=[{STATE}]), " + (
        f"migrations.CreateModel('Tag', [{KEY}, {NOTE}])"
    )
    assert world.migrate(operation=operation) == ""

    project = Path(shutil.copytree(world.project, tmp_path / "project"))
    (project / "notes/models.py").write_text(LATER_MODELS)
    file = config.load(project).ledger_file
    ledger.write(file, replace(ledger.read(file), handovers=(TO_FASTAPI, label)))
    (project / "fastapi" / FILE).unlink()  # comes back from the ledger
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(project / "shared.sqlite3")}
    done = segue(project, "generate", environment={"TINY_DATABASE": json.dumps(entry)})
    assert done.code == 0, done.err
    assert "keeps as they were, for later revisions: notes_note." in done.out
    assert "leaves to later revisions: notes_label." in done.out
    fresh = tmp_path / "fresh.sqlite3"
    code = f"import os\nos.chdir({str(project)!r})\nurl, sql, down = 'sqlite:///{fresh}', False, ''\n"
    assert world.alembic.run(code + UPGRADE) == ""
    lived = structure(world.project / "shared.sqlite3")
    assert {"notes_label", "notes_tag", "fastapi_own"} <= set(lived)
    assert compare(lived, structure(fresh)) == []


def text(*tables: str) -> str:
    """A baseline with these tables: ``name``, or ``name(column, other.column)`` for a foreign key."""
    calls = []
    for table in tables:
        name, _, columns = table.rstrip(")").partition("(")
        parts = [
            f"Column({c.replace('.', '_')!r}, BigInt()" + (f", ForeignKey({c!r}))" if "." in c else ")")
            for c in columns.split(", ")
            if c
        ]
        calls.append(f"Table({', '.join([repr(name), 'metadata', *parts])})")
    imports = "from sqlalchemy import Column, ForeignKey\nfrom segue_bridge.db.types import BigInt\n"
    return imports + "\n".join(calls)


GIVEN = Handover(("a",), "fastapi", "2026-11-30T01:00:00Z")
BACK = Handover(("a",), "django", "2026-11-30T02:00:00Z")


@pytest.mark.parametrize(
    ("new", "later", "handovers", "built", "kept", "left", "behind"),
    [
        # nothing of FastAPI's: Django's models, whatever other revisions name
        (text("a(id, x)", "b(id)"), "", (), text("a(id, x)", "b(id)"), (), (), {}),
        (text("a(id, x)", "b(id)"), "a.id", (), text("a(id, x)", "b(id)"), (), (), {}),
        (text("a(id, x)", "b(id, y)"), "a", (GIVEN,), text("a(id)", "b(id, y)"), ("a",), (), {}),
        # given back: what a revision has changed stays, for as long as that revision is there
        (text("a(id, x)", "b(id)"), "a", (GIVEN, BACK), text("a(id)", "b(id)"), ("a",), (), {}),
        (text("a(id, x)", "b(id)"), "aa", (GIVEN, BACK), text("a(id, x)", "b(id)"), (), (), {}),
        # a table that a revision makes, or drops
        (text("a(id)", "b(id)", "c(id)"), "c", (), text("a(id)", "b(id)"), (), ("c",), {}),
        (text("a(id)", "b(id)", "c(id)"), 'FK("c.id")', (), text("a(id)", "b(id)", "c(id)"), (), (), {}),
        (text("b(id)"), "drop a", (GIVEN,), text("b(id)", "a(id)"), ("a",), (), {}),
        # Django's tables refer to what the baseline does not make
        (text("a(id)", "b(id, c.id)", "c(id)"), "c", (), text("a(id)", "b(id)"), (), ("c",), {"b": "c.id"}),
        (text("a(id)", "b(id)", "d(c.id)", "c(id)"), "c", (), text("a(id)", "b(id)"), (), ("c",), {"d": "c.id"}),
    ],
)  # fmt: skip
def test_what_stays_and_what_follows_the_models(
    new: str, later: str, handovers: tuple[Handover, ...], built: str, kept: Any, left: Any, behind: Any
) -> None:
    found = frozen(
        new, text("a(id)", "b(id)"), later={"0002.py": later} if later else {}, handovers=handovers
    )
    assert parse(found.text).tables == parse(built).tables
    again = frozen(new, found.text, later={"0002.py": later} if later else {}, handovers=handovers)
    assert parse(again.text).tables == parse(built).tables
    assert (found.kept, found.left, dict(found.behind)) == (kept, left, behind)
    assert len(found.sentences()) == bool(kept) + bool(left) + len(behind)
    assert PATH in "".join(found.sentences()) or not found.sentences()


def test_what_a_table_of_fastapis_refers_to_stays_with_all_that_it_needs() -> None:
    """Django has dropped two tables since; FastAPI's own revision takes the key to the first of them away."""
    old = text("a(id, c.id)", "c(id, d.id)", "d(id)", "b(id)")
    found = frozen(text("a(id)", "b(id)"), old, later={"0002.py": "a"}, handovers=(GIVEN,))
    assert parse(found.text).tables == parse(old).tables
    assert (found.kept, found.left, dict(found.behind)) == (("a", "c", "d"), (), {})
    # where the last baseline itself lacks one, what needs it is left out, and told
    found = frozen(text("a(id)"), text("a(id, c.id)", "c(id, d.id)"), later={}, handovers=(GIVEN,))
    assert parse(found.text).tables == {}
    assert dict(found.behind) == {"a": "c.id", "c": "d.id"}


def test_a_lost_baseline_is_told() -> None:
    assert "restore both" in "".join(frozen(text("a(id)"), None, later={}, handovers=(GIVEN,)).sentences())
    assert frozen(text("a(id)"), None, later={}, handovers=()).sentences() == []


def test_what_completes_a_table_stays_with_it() -> None:
    def completed(*statements: str) -> str:
        run = "".join(f"    op.execute({statement!r})\n" for statement in statements)
        return f"{text('a(id)', 'b(id)')}\ndef upgrade():\n{run}    register(1, MODELS, site=3)\n"

    old = completed('ALTER TABLE "a" ADD old', 'ALTER TABLE "b" ADD old')
    new = completed('ALTER TABLE "a" ADD new', 'ALTER TABLE "b" ADD new').replace("'id'", "'i'", 1)
    found = parse(frozen(new, old, later={}, handovers=(GIVEN,)).text)
    assert found.completed == [("a", 'ALTER TABLE "a" ADD old'), ("b", 'ALTER TABLE "b" ADD new')]
    assert found.site == "3"
    assert found.imports["BigInt"] == "segue_bridge.db.types"
