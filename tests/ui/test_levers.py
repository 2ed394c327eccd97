"""Shifting and rolling back from the page is what the commands do: the same changes, the same refusals in the same words."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.gateway.project import GET, POST, unserved
from tests.ui.browser import Browser, operation, words

from segue import ledger
from segue.commands import rollout, shift
from segue.config import Config
from segue.errors import SegueError, UsageError
from segue.gateway import control
from segue.gateway.envoy import Ports
from segue.ledger import Entry, State
from segue.rollout import plan as plans
from segue.rollout.plan import Plan, Progress


def entry(settings: Config, key: str = GET) -> Entry:
    return ledger.read(settings.ledger_file).entries[key]


def refusal(change: Callable[[], object]) -> SegueError:
    """What the command says no with."""
    with pytest.raises(SegueError) as told:
        change()
    return told.value


def test_shift_and_rollback_leave_the_ledger_that_the_commands_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "now", lambda: "2026-11-29T12:00:00Z")
    (tmp_path / "page").mkdir()
    (tmp_path / "command").mkdir()
    page, command = unserved(tmp_path / "page"), unserved(tmp_path / "command")
    browser = Browser(page.folder)
    answer = browser.post("/shift", {"key": GET, "weight": "25", "why": " the\x1b first\n quarter\0 "})
    assert answer.status_code == 303
    shown = browser.get(answer.headers["location"])
    assert f"{GET}: 0 → 25 % FastAPI" in words(shown)
    assert "No gateway is running" in words(shown)
    assert "0 → 25 % FastAPI" not in words(browser.get(answer.headers["location"])), "said once"
    shift.run(command, [GET], 25, force=False, as_json=True)
    assert entry(page).history[-1].why == "segue ui: the first quarter"

    def alike() -> bool:
        said = page.ledger_file.read_text().replace(', why = "segue ui: the first quarter"', "")
        return said.replace(', why = "segue ui"', "") == command.ledger_file.read_text()

    assert alike()
    browser.post("/shift", {"key": POST, "step": "100", "weight": "7"})
    shift.run(command, [POST], 100, force=False, as_json=True)
    assert alike()
    assert browser.post("/rollback", {"key": GET}).status_code == 303
    shift.rollback(command, [GET], everything=False, as_json=True)
    assert alike()
    assert browser.post("/rollback", {"all": "yes"}).headers["location"].startswith("/?said=")
    shift.rollback(command, [], everything=True, as_json=True)
    assert alike()
    assert {e.weight for e in ledger.read(page.ledger_file).entries.values()} == {0}


def test_what_evidence_forbids_is_refused_in_the_command_s_words_and_can_be_forced(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    browser = Browser(tmp_path)
    (tmp_path / "fastapi" / "app" / "routes.py").write_text("def read():\n    return 1\n")
    told = refusal(lambda: shift.run(settings, [GET], 25, force=False, as_json=True))
    answer = browser.post("/shift", {"key": GET, "weight": "25", "why": "<i>because</i>"})
    assert answer.status_code == 409
    assert f"Not done. {told.message} {told.hint}" in words(answer)
    assert 'value="&lt;i&gt;because&lt;/i&gt;"' in answer.text, "what was typed is still there"
    assert entry(settings).weight == 0
    assert "cannot take more traffic: its evidence is stale (the generated code changed)" in words(
        browser.get(operation(GET))
    )
    assert browser.post("/shift", {"key": GET, "weight": "25", "force": "yes"}).status_code == 303
    assert entry(settings).weight == 25
    assert entry(settings).history[-1].why == "forced without evidence: segue ui"


def test_fastapi_with_other_code_takes_no_more_traffic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = unserved(tmp_path)
    other = control.Running(Ports(1, 2, 3, 4), 1, "what was on disk before")
    monkeypatch.setattr(control, "find_running", lambda state: other)
    told = refusal(lambda: shift.run(settings, [GET], 25, force=False, as_json=True))
    answer = Browser(tmp_path).post("/shift", {"key": GET, "weight": "25"})
    assert answer.status_code == 409
    assert "started with other code" in told.message
    assert f"Not done. {told.message} {told.hint}" in words(answer)


def test_operation_that_is_not_translated_is_refused(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    book = ledger.read(settings.ledger_file)
    legacy = Entry("GET", "/api/articles/{pk}/", State.LEGACY, reasons=("raw-sql views.py:3",))
    ledger.write(settings.ledger_file, book.with_entry(legacy))
    told = refusal(lambda: shift.run(settings, [GET], 5, force=True, as_json=True))
    answer = Browser(tmp_path).post("/shift", {"key": GET, "weight": "5", "force": "yes"})
    assert answer.status_code == 409
    assert f"Not done. {told.message} {told.hint}" in words(answer)


def test_what_is_no_percentage_is_refused(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    browser = Browser(tmp_path)
    for weight in ("", "-1", "101", "1e2", "5.5", "²", "00000000000005", "5 OR 1", "None"):
        answer = browser.post("/shift", {"key": GET, "weight": weight})
        assert answer.status_code == 409, weight
        assert "is not a percentage. Give a whole number from 0 to 100." in words(answer)
    assert entry(settings).weight == 0


def test_two_people_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shift, "WAIT_SECONDS", 0.1)
    settings = unserved(tmp_path)
    browser = Browser(tmp_path)
    with ledger.locked(settings.state):
        told = refusal(lambda: shift.run(settings, [GET], 25, force=False, as_json=True))
        answers = [
            browser.post("/shift", {"key": GET, "weight": "25"}),
            browser.post("/rollback", {"key": GET}),
            browser.post("/rollback", {"all": "yes"}),
        ]
        for answer in answers:
            assert answer.status_code == 409
            assert f"Not done. {told.message} {told.hint}" in words(answer)
    shift.run(settings, [GET], 50, force=False, as_json=True)
    late = browser.post("/shift", {"key": GET, "weight": "25", "seen": "0"})
    assert late.status_code == 409
    assert f"{GET} has 50 % by now, not 0 %: somebody else has moved it." in words(late)
    assert entry(settings).weight == 50
    assert browser.post("/shift", {"key": GET, "weight": "60", "seen": "50"}).status_code == 303


def test_unknown_operations_and_nothing_named(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    browser = Browser(tmp_path)
    told = refusal(lambda: shift.run(settings, ["GET /nowhere/"], 5, force=False, as_json=True))
    answer = browser.post("/shift", {"key": "GET /nowhere/", "weight": "5"})
    assert (answer.status_code, told.message in words(answer)) == (409, True)
    assert browser.post("/rollback", {"key": "GET /nowhere/"}).status_code == 409
    empty = browser.post("/rollback", {})
    assert (empty.status_code, "Nothing to roll back was named." in words(empty)) == (409, True)


def test_confirmation_names_what_goes_back_and_changes_nothing(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    shift.run(settings, [POST], 50, force=False, as_json=True)
    browser = Browser(tmp_path)
    before = settings.ledger_file.read_bytes()
    every = words(browser.get("/rollback"))
    assert "1 operation goes back" in every
    assert f"{POST} 50 → 0 %" in every
    assert f"{GET} 0" not in every
    assert "Django has all of its traffic already." in words(
        browser.get(f"/rollback?{operation(GET).partition('?')[2]}")
    )
    assert settings.ledger_file.read_bytes() == before


def test_rollout_is_shown_paused_and_resumed(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    browser = Browser(tmp_path)
    none = browser.post("/rollout/pause", {})
    assert (none.status_code, "No rollout is under way." in words(none)) == (409, True)
    plan = Plan((5, 50, 100), {GET: Progress(50, 50), POST: Progress(0, 0, "rolled back: it fails")})
    plans.save(settings.state, plan)
    shown = words(browser.get("/rollout"))
    assert "Its controller has gone" in shown
    assert "rolled back: it fails" in shown
    assert "at 50 % by the plan; another command has set it to 0 % since" in shown
    shift.run(settings, [GET], 50, force=False, as_json=True)
    assert "by the plan" not in words(browser.get("/rollout"))
    paused = browser.post("/rollout/pause", {})
    assert plans.paused(settings.state)
    for said in (words(browser.get(paused.headers["location"])), words(browser.get("/rollout"))):
        assert "what goes wrong does not go back by itself" in said
        assert "still goes back" not in said, "nobody is there who would see to it"
    with open(settings.state / "rollout.lock", "a") as asking:  # as a second page does for a moment
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert not plans.controlled(settings.state)
    gone = browser.post("/rollout/resume", {})
    assert (gone.status_code, "segue rollout --resume" in words(gone)) == (409, True)
    assert plans.paused(settings.state)
    with plans.controlling(settings.state):
        assert "Paused" in words(browser.get("/rollout"))
        assert browser.post("/rollout/resume", {}).status_code == 303
        assert not plans.paused(settings.state)
        assert "Under way: 1 of 2 operations" in words(browser.get("/rollout"))
        with pytest.raises(plans.Controlled), plans.controlling(settings.state):
            pass
    with plans.controlling(settings.state):
        pass
    assert json.loads(plans.file(settings.state).read_text())["steps"] == [5, 50, 100]


def test_seen_is_checked_under_the_lock(tmp_path: Path) -> None:
    settings = unserved(tmp_path)
    with pytest.raises(UsageError, match="by now, not 10 %"):
        shift.move(settings, [GET], 20, seen=10)
    book = ledger.read(settings.ledger_file)
    ledger.write(settings.ledger_file, book.with_entry(replace(book.entries[GET], weight=10)))
    assert [e.weight for e in shift.move(settings, [GET], 20, seen=10).moved] == [10]


def test_what_a_rollout_has_not_begun_takes_no_traffic_after_all_went_back(tmp_path: Path) -> None:
    """A rollout of many operations begins for minutes: those that had none yet got their first step after "roll back all"."""
    settings = unserved(tmp_path)
    plans.save(settings.state, Plan((5, 100), {GET: Progress(5, 5), POST: Progress(0, 0)}))
    shift.run(settings, [GET], 5, force=False, as_json=True)
    browser = Browser(tmp_path)
    assert "A rollout is under way. It is paused" in words(browser.get("/rollback"))
    answer = browser.post("/rollback", {"all": "yes"})
    assert "The rollout under way is paused" in words(browser.get(answer.headers["location"]))
    hands = rollout._Hands(settings)
    assert hands.move(POST, 0, 5, "the rollout begins").refused == "the rollout is paused"
    assert "another command" in hands.move(GET, 5, 100, "all is well").taken_over
    assert {entry(settings, key).weight for key in (GET, POST)} == {0}
    plans.resume(settings.state)
    assert not hands.move(POST, 0, 5, "the rollout begins").refused
    shift.run(settings, [POST], 0, force=False, as_json=True)
    assert not plans.paused(settings.state), "one operation alone holds nothing else"
    plans.file(settings.state).write_text("{")
    assert browser.post("/rollback", {"all": "yes"}).status_code == 303, "the way back needs no plan"


def test_an_editor_that_has_the_code_open_keeps_no_way_back(tmp_path: Path) -> None:
    """Emacs locks ``routes.py`` by a link to nowhere beside it: the digest of the code failed, and with it every change."""
    settings = unserved(tmp_path)
    shift.run(settings, [GET], 25, force=False, as_json=True)
    (settings.output / "app" / ".#routes.py").symlink_to("somebody@nowhere.1")
    browser = Browser(tmp_path)
    assert browser.post("/rollback", {"key": GET}).status_code == 303
    assert browser.post("/shift", {"key": GET, "weight": "5"}).status_code == 303, "its evidence is fresh"
