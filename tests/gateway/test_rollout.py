"""``segue rollout`` in a process of its own, with a real Envoy, a real ledger and real traffic."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.gateway.load import Load
from tests.gateway.project import GET, POST, Project, project
from tests.gateway.test_envoy import wait_until
from tests.shadow.world import side

from segue import digest
from segue.commands import rollout, shift
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control
from segue.ledger import Ledger, State, locked, read, write
from segue.rollout import plan as plans
from segue.rollout.controller import Standing
from segue.rollout.plan import Plan, Progress

QUICK = "steps = [30, 100]\ninterval = 1\nminimum = 40\nslower = 400"


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "rollout", "-C", str(folder), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()  # closes the pipe


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    text, _ = process.communicate(timeout=90)
    return process.returncode, text


def moves(one: Project, key: str = GET) -> list[str]:
    return [e.what for e in one.entry(key).history if e.what.startswith("weight")]


def test_healthy_rollout_ends_at_100_with_its_figures_in_the_history(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one, Load(one.world.url, readers=3, writers=2) as load:
        with command(tmp_path, "*") as process:
            code, text = ended(process)
        assert code == 0, text
        assert load.failed == {"GET": [], "POST": []}
    for key in (GET, POST):
        assert (one.entry(key).state, one.entry(key).weight) == (State.SHIFTED, 100)
        assert moves(one, key) == ["weight 0 → 30 %", "weight 30 → 100 %"]
        assert "requests, 0 failed, median" in one.entry(key).history[-1].why
        assert f"{key}: done: FastAPI:" in text


def test_failing_fastapi_is_taken_back_to_0_and_no_read_fails(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one, Load(one.world.url, path="/api/articles/broken/") as load:
        with command(tmp_path, GET) as process:
            code, text = ended(process)
        assert code == 1, text
        assert load.failed["GET"] == []
        assert one.entry().weight == 0
        assert moves(one) == ["weight 0 → 30 %", "weight 30 → 0 %"]
        why = one.entry().history[-1].why
        assert "requests failed at FastAPI" in why
        assert "answered by Django in its place" in why
        assert why in text
        before = load.served.total()
        wait_until(lambda: load.served.total() > before + 40)
        assert load.served["fastapi"] == 0


def test_killed_controller_leaves_traffic_and_its_successor_ends_the_rollout(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one, Load(one.world.url) as load:
        with command(tmp_path, GET) as process:
            wait_until(lambda: one.entry().weight == 30)
            process.send_signal(signal.SIGKILL)
            process.wait()
        left = one.entry().weight
        before = load.served.total()
        wait_until(lambda: load.served.total() > before + 100)
        assert one.entry().weight == left
        with command(tmp_path, "--resume") as process:
            wait_until(lambda: plans.controlled(one.settings.state))
            process.send_signal(signal.SIGSTOP)  # or it ends before the other one has begun
            with command(tmp_path, GET) as second:
                code, text = ended(second)
                assert code == 2
                assert "Another `segue rollout` of this project is running." in " ".join(text.split())
            process.send_signal(signal.SIGCONT)
            code, text = ended(process)
        assert (code, one.entry().weight) == (0, 100), text
        assert load.failed["GET"] == []


def test_pause_holds_and_rollback_of_all_ends_it(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one, Load(one.world.url) as load:
        with command(tmp_path, GET) as process:
            wait_until(lambda: one.entry().weight == 30)
            rollout.pause(one.settings)
            weight, before, until = one.entry().weight, load.served["fastapi"], time.monotonic() + 3
            wait_until(lambda: load.served["fastapi"] > before + 200 and time.monotonic() > until)
            assert one.entry().weight - weight in (0, 70)  # a move may have been under way
            shift.rollback(one.settings, [], everything=True, as_json=True)
            code, text = ended(process)
        assert code == 0
        assert "left alone: another command set it to 0 %" in text
        assert {e.weight for e in read(one.settings.ledger_file).entries.values()} == {0}


def test_way_back_that_a_killed_controller_had_begun_is_gone_to_its_end(tmp_path: Path) -> None:
    """Killed between the gateway, which has 0 %, and the ledger, which has still 30 %."""
    with project(tmp_path, QUICK) as one:
        shift.run(one.settings, [GET], 30, force=False, as_json=True)
        one.world.swap(0)
        plans.save(one.settings.state, Plan((30, 100), {GET: Progress(30, 0)}))
        assert rollout.resume(one.settings) == 1
        assert (one.entry().weight, one.entry().history[-1].what) == (0, "weight 30 → 0 %")
        with httpx.Client(base_url=one.world.url, trust_env=False) as http:
            answers = {http.get("/api/articles/1/").text for _ in range(60)}
        assert answers == {"django"}


def test_fastapi_that_runs_other_code_than_was_verified_takes_no_more_traffic(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one:
        shift.run(one.settings, [GET], 50, force=False, as_json=True)
        old = one.world.running
        loaded = digest.of_code(one.settings.output, "app")
        control.save_running(one.settings.state, replace(old, code=loaded))
        shift.run(one.settings, [GET], 60, force=False, as_json=True)
        control.save_running(one.settings.state, replace(old, code="what was on disk before"))
        with pytest.raises(UsageError, match="started with other code"):
            shift.run(one.settings, [GET], 100, force=False, as_json=True)
        shift.run(one.settings, [GET], 30, force=False, as_json=True)
        hands = rollout._Hands(one.settings)
        assert "started with other code" in hands.move(GET, 30, 100, "").refused
        assert hands.move(GET, 30, 0, "").refused == ""
        assert one.entry().weight == 0


def test_way_back_beside_a_rollback_of_all_leaves_the_gateway_as_the_ledger_says(tmp_path: Path) -> None:
    """The other command has changed the gateway and not yet the ledger when the controller's own way back comes between."""
    with project(tmp_path, QUICK) as one:

        def post() -> str:
            return httpx.post(f"{one.world.url}/api/articles/1/", trust_env=False).text

        shift.run(one.settings, [GET, POST], 100, force=False, as_json=True)
        hands = rollout._Hands(one.settings)
        assert hands.standing(GET, 100) == Standing()
        with locked(one.settings.state):
            one.world.swap(0, 0)
            assert "Another segue command" in hands.move(GET, 100, 0, "it fails").refused
            book = read(one.settings.ledger_file)
            write(
                one.settings.ledger_file, Ledger({k: replace(e, weight=0) for k, e in book.entries.items()})
            )
            assert hands.standing(GET, 100) == Standing()  # not before the gateway is as the ledger says
        assert hands.standing(GET, 100).taken_over == "another command set it to 0 %"
        assert post() == "django"


def test_gateway_that_does_not_answer_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ANSWER_SECONDS", 0.5)
    with project(tmp_path, QUICK) as one:
        shift.run(one.settings, [GET], 50, force=False, as_json=True)
        (envoy,) = (c.process for c in one.world.group.children if c.name == "envoy")
        envoy.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(EnvironmentProblem, match="does not answer"):
                shift.rollback(one.settings, [], everything=True, as_json=True)
            assert "does not answer" in rollout._Hands(one.settings).move(GET, 50, 0, "").refused
        finally:
            envoy.send_signal(signal.SIGCONT)
        assert one.entry().weight == 50
        shift.rollback(one.settings, [], everything=True, as_json=True)
        assert one.entry().weight == 0
        envoy.kill()
        envoy.wait()
        assert control.find_running(one.settings.state) is None


def test_synthetic_reads_stand_in_for_users_and_take_back_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = tmp_path / "reads.json"
    with project(tmp_path / "one", QUICK, backend=side) as one:
        settings = replace(one.settings, rollout_synthetic=100)
        log = control.folder(settings.state) / "access.jsonl"
        before = log.read_text()
        reads.write_text('{"method": "GET", "path": "/api/articles/1/"}\n')
        assert rollout.run(settings, [GET], [reads]) == 0
        assert (one.entry().weight, log.read_text()) == (100, before)
        assert one.entry().history[-1].why.startswith("no user; synthetic reads: FastAPI: ")
        shift.rollback(settings, [GET], everything=False, as_json=True)
        reads.write_text('{"method": "GET", "path": "/api/articles/title/"}\n')
        assert rollout.run(settings, [GET], [reads]) == 1
        assert one.entry().weight == 0
        assert (
            one.entry().history[-1].why == "synthetic reads: FastAPI answers body.title otherwise than Django"
        )
        assert log.read_text() == before
        with pytest.raises(UsageError, match="--reads needs --synthetic"):
            rollout.run(one.settings, [GET], [reads])
        kept = plans.load(settings.state)
        assert kept is not None
        assert not kept.active  # the last one: what was refused has begun none
        monkeypatch.setenv("SEGUE_SYNTHETIC_HEADERS", '{"Authorization": "Token s3cret\\nX: y"}')
        with pytest.raises(UsageError, match="header 'Authorization' of synthetic reads") as refused:
            rollout.run(settings, [GET])
        assert "s3cret" not in str(refused.value)


def test_stale_evidence_stops_a_rollout_before_it_begins(tmp_path: Path) -> None:
    with project(tmp_path, QUICK) as one:
        (tmp_path / "fastapi" / "app" / "routes.py").write_text("def read():\n    return 1\n")
        with pytest.raises(UsageError, match="its evidence is stale \\(the generated code changed\\)"):
            rollout.run(one.settings, [GET])
        assert one.entry().weight == 0
