"""The file of a split, its lock, and what would be left behind by a cut-over."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.split.world import TABLES, run

from segue.commands import split as command
from segue.commands import split_cut
from segue.commands.split_open import Given, kept, new
from segue.config import Config
from segue.errors import DamagedFile, EnvironmentProblem, UsageError
from segue.split import left
from segue.split import state as states
from segue.split.sides import session
from segue.split.state import Split, State, load, name_of, save

SECRET = "postgresql://app:hush@db.example:5433/shop?sslmode=require"


def project(folder: Path) -> Config:
    return Config(folder=folder, root=folder, output=folder / "fastapi")


def test_no_password_is_written_down(tmp_path: Path) -> None:
    settings = project(tmp_path)
    given = Given(SECRET, SECRET.replace("db.", "new."))
    with pytest.raises(EnvironmentProblem, match=r"source db.example:5433/shop cannot be reached"):
        command.copy(settings, given, apps="", tables="a,b", resume=False, as_json=True)
    assert not states.file(settings.state).exists()  # nothing was made
    save(settings.state, new(settings, TABLES, given)[0])
    assert "hush" not in states.file(settings.state).read_text()
    state, split = kept(settings, given)
    assert (state.phase, state.tables) == ("copying", TABLES)
    assert "hush" in split.there.publisher.for_server
    with pytest.raises(UsageError, match="--to is not the database of the split"):
        kept(settings, Given(SECRET, SECRET))


def test_a_damaged_file_is_left_as_it_is(tmp_path: Path) -> None:
    state = State("following", TABLES, "host=a dbname=a", "host=b dbname=b", name=name_of("", ""))
    save(tmp_path, state)
    assert load(tmp_path) == state
    for text in ("{", "[]", '{"phase": "lost"}', states.file(tmp_path).read_text().replace('"own"', '"won"')):
        states.file(tmp_path).write_text(text)
        with pytest.raises(DamagedFile, match="left as it is"):
            load(tmp_path)
        assert states.file(tmp_path).read_text() == text


def test_one_command_at_a_time_and_none_after_a_kill_but_resume(tmp_path: Path) -> None:
    settings = project(tmp_path)
    save(settings.state, State("cutting over", TABLES, "host=a dbname=a", "host=b dbname=b"))
    with states.working(settings.state), pytest.raises(EnvironmentProblem, match="Another `segue split`"):
        split_cut.resume(settings, Given(), as_json=True)
    with pytest.raises(EnvironmentProblem, match="ended while it was cutting over"):
        command.stop(settings, Given(), without="", as_json=True)


def test_what_a_cut_over_would_leave_behind(followed: Split) -> None:
    run(
        followed.source.url, "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    )
    run(followed.source.url, "CREATE TRIGGER own BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION f()")
    run(followed.source.url, "ALTER TABLE review ADD book_id bigint REFERENCES book (id)")
    run(followed.target.url, "CREATE TABLE tag (id int PRIMARY KEY)")
    run(
        followed.target.url,
        "ALTER TABLE book_tags ADD CONSTRAINT k FOREIGN KEY (tag_id) REFERENCES tag (id) NOT VALID",
    )
    try:
        with session(followed.source) as source, session(followed.target) as target:
            found = [one.what for one in left.behind(source, target, followed.tables, back=False)]
            assert left.behind(source, target, followed.tables, back=True) == []
    finally:
        run(followed.target.url, "DROP TABLE tag CASCADE")
        run(followed.source.url, "DROP TRIGGER own ON book; DROP FUNCTION f; ALTER TABLE review DROP book_id")
    assert found == [
        "the foreign key review_book_id_fkey of review, which stays, to book",
        "the foreign key k of book_tags to tag, on the target",
        "the trigger own of book",
    ]
