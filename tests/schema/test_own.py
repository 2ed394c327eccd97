"""``segue schema own``, ``owners`` and ``baseline``: what they refuse, and what is left when they do not."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.cli.tiny import segue
from tests.schema.guarded import TABLES, World

from segue import config, ledger
from segue.commands import owners, schema_baseline
from segue.commands.schema import Sides
from segue.ledger.owners import FILE
from segue.schema import history
from segue.schema.check import Generated, Legacy, Report
from segue.schema.compare import Difference
from segue_bridge.owners.ledger import read as read_owners

pytestmark = pytest.mark.parametrize("once", ["sqlite"], indirect=True)
FINE = Report("SQLite", 9, [], [], [], [])
OTHER = Difference("auth_user", "column a", "integer", "")
NOTE = Difference("notes_note", "column a", "integer", "text")


@pytest.fixture
def project(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[config.Config]:
    """Its commands, with the children forked from the processes that are there; both sides alike unless a test says otherwise."""

    def forked(command: list[str], *_rest: Any, **_options: Any) -> None:
        side = world.django if "in_django" in command[1] else world.alembic
        side.run(
            f"import runpy, sys; sys.argv = {command[1:]!r}; "
            f"runpy.run_path({command[1]!r}, run_name='__main__'); result = None"
        )

    @contextlib.contextmanager
    def sides(*_args: Any, **_options: Any) -> Iterator[Sides]:
        yield Sides(Legacy(python, world.project, "site_.settings"), Generated(python, folder), None, {})

    python, folder = Path(sys.executable), world.project / "fastapi"
    monkeypatch.setattr(history, "run_child", forked)
    monkeypatch.setattr(owners, "sides", sides)
    for module in (owners, schema_baseline):
        monkeypatch.setattr(module, "shared_environment", lambda *_, **__: {"DATABASE_URL": world.url})
    monkeypatch.setattr(schema_baseline, "fastapi_environment", lambda *_: python)
    monkeypatch.setattr(owners, "check", lambda *_args, **_options: FINE)
    settings = config.load(world.project)
    book = settings.ledger_file.read_bytes()
    yield settings
    settings.ledger_file.write_bytes(book)


def give(settings: config.Config, by: str) -> int:
    """``segue schema own notes_note --by …``."""
    return owners.own(settings, ["notes_note"], by=by, server="", sqlite=False, as_json=False)  # type: ignore[arg-type]


def sql(world: World, statement: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(world.url.removeprefix("sqlite:///"))) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
        return found


def test_a_table_changes_hands_when_both_sides_agree(
    world: World, project: config.Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = project.ledger_file.read_bytes(), (project.output / FILE).read_bytes()
    sql(world, "DELETE FROM django_migrations WHERE app = 'notes'")
    monkeypatch.setattr(owners, "check", lambda *_a, **_o: replace(FINE, differences=[OTHER, NOTE]))
    assert give(project, "fastapi") == 1
    told = capsys.readouterr().out
    assert "notes.0001_initial: not applied" in told
    assert str(NOTE) in told
    assert str(OTHER) not in told
    assert "Nothing was changed: 2 findings." in told
    assert (project.ledger_file.read_bytes(), (project.output / FILE).read_bytes()) == kept

    sql(
        world,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('notes', '0001_initial', '2026-11-29')",
    )
    monkeypatch.setattr(owners, "check", lambda *_a, **_o: replace(FINE, differences=[OTHER]))
    assert give(project, "fastapi") == 0
    found = read_owners(project.output / FILE)
    assert found.of("fastapi") == {"notes_note"}
    assert "notes.0001_initial" in (found.since("notes_note") or ())
    assert ledger.read(project.ledger_file).handovers[-1].since == found.since("notes_note")

    # Back: Alembic's revisions must be in the database, and Django's models declare the table.
    monkeypatch.setattr(
        owners, "check", lambda *_a, **_o: replace(FINE, differences=[OTHER], declared=[NOTE])
    )
    assert give(project, "django") == 1
    told = capsys.readouterr().out
    assert "bears Alembic revision none, not 0001; run `alembic upgrade head`" in told
    assert str(NOTE) in told
    world.stamp()
    monkeypatch.setattr(owners, "check", lambda *_a, **_o: FINE)
    assert give(project, "django") == 0
    assert read_owners(project.output / FILE).since("notes_note") == ("0001",)


def test_what_was_killed_in_between_is_told_and_done_again(
    project: config.Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    assert owners.own(project, TABLES, by="django", server="", sqlite=False, as_json=False) == 0
    assert owners.owners(project, as_json=False) == 0
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            give(project, "fastapi")
    capsys.readouterr()
    assert owners.owners(project, as_json=False) == 1
    assert "does not say the same" in capsys.readouterr().out
    assert give(project, "fastapi") == 0
    assert owners.owners(project, as_json=False) == 0

    (project.output / FILE).unlink()
    assert owners.owners(project, as_json=False) == 1
    assert give(project, "fastapi") == 0
    assert read_owners(project.output / FILE).of("fastapi") == {"notes_note"}


def test_a_name_that_is_not_known_is_told_and_every_table_listed(
    world: World, project: config.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = segue(world.project, "schema", "own", "notes_notes", "--by", "fastapi")
    assert "No table of Django's models is called 'notes_notes'" in unknown.sentence()
    assert "Did you mean notes_note" in unknown.err
    assert owners.own(project, TABLES, by="django", server="", sqlite=False, as_json=False) == 0
    capsys.readouterr()
    assert owners.owners(project, as_json=True) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["tables"]["notes_note"] == {"by": "django", "at": "", "since": []}
    assert listed["guarded"] is True


def test_only_what_the_baseline_builds_is_stamped(
    world: World, project: config.Config, capsys: pytest.CaptureFixture[str]
) -> None:
    def stamped() -> list[Any]:
        there = sql(world, "SELECT name FROM sqlite_master WHERE name = 'alembic_version'")
        return sql(world, "SELECT version_num FROM alembic_version") if there else []

    sql(world, "ALTER TABLE notes_note ADD COLUMN extra integer")
    assert schema_baseline.run(project, write=True, as_json=False) == 1
    told = capsys.readouterr().out
    assert "extra" in told
    assert "Not stamped: 1 difference" in told
    assert stamped() == []
    # With a later revision the models are no measure: it is compared with what the baseline makes.
    later = world.revision("0002", "0001", "op.add_column('notes_note', sa.Column('extra', sa.Integer))")
    assert schema_baseline.run(project, write=True, as_json=False) == 1
    assert "extra" in capsys.readouterr().out
    sql(world, "ALTER TABLE notes_note DROP COLUMN extra")
    assert schema_baseline.run(project, write=False, as_json=False) == 0
    assert "then runs what follows 0001" in capsys.readouterr().out
    later.unlink()
    assert schema_baseline.run(project, write=False, as_json=False) == 0
    assert stamped() == []
    assert schema_baseline.run(project, write=True, as_json=False) == 0
    assert "Stamped with 0001" in capsys.readouterr().out
    assert stamped() == [("0001",)]
