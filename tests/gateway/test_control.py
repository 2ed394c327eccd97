"""Commands that change the gateway at the same time, and what it costs to ask it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateway.project import GET, POST, project, unserved
from tests.gateway.world import World, started

from segue.commands import gateway, rollout, serve, shift
from segue.commands.common import read_snapshot
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control, envoy, in_process, routes
from segue.gateway.envoy import Ports
from segue.gateway.table import Rule
from segue.snapshot import dump


def test_swaps_at_once_all_take_effect_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without turns the first waits in vain for routes that another one has replaced."""
    weights = (10, 20, 30, 40)
    with started(tmp_path) as world, ThreadPoolExecutor(len(weights)) as pool:
        write = control.write_routes

        def slowly(*given: Any) -> str:
            version = write(*given)
            time.sleep(0.2)
            return version

        monkeypatch.setattr(control, "check", lambda *_, **__: None)
        monkeypatch.setattr(control, "write_routes", slowly)
        done = [pool.submit(control.swap, tmp_path, world.rules(w), world.running) for w in weights]
        assert all(d.result() >= 0 for d in done)


def test_shifts_at_once_wait_for_each_other(tmp_path: Path) -> None:
    with project(tmp_path, "") as one, ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(shift.run, one.settings, [key], 50, force=False, as_json=True) for key in (GET, POST)
        ]
        assert [d.result() for d in done] == [0, 0]
        assert (one.entry(GET).weight, one.entry(POST).weight) == (50, 50)


def test_killed_while_envoy_judges_it_leaves_nothing_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def killed(*_: object, **__: object) -> None:
        seen.extend((tmp_path / "tmp").iterdir())
        raise KeyboardInterrupt

    with started(tmp_path) as world:
        (tmp_path / "tmp").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
        monkeypatch.setattr(subprocess, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            world.swap(50)
    assert seen == []


def test_asking_the_gateway_reads_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 ms of CPU for each question, twice a second in a rollout."""

    def read(*_: object, **__: object) -> None:
        raise AssertionError("certificates are read for a connection that has none")

    with started(tmp_path) as world:
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", read)
        monkeypatch.setattr(control, "check", lambda *_, **__: None)
        control.save_running(tmp_path, world.running)
        assert control.find_running(tmp_path) == world.running
        assert world.swap(50) >= 0
        assert control.active_version(world.running.ports)


def test_envoy_judges_what_it_has_not_judged_and_weights_alone_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, judged = control.check, list[int]()

    def counted(rules: Sequence[Rule], *given: Any, **more: Any) -> None:
        judged.append(len(rules))
        judge(rules, *given, **more)

    monkeypatch.setattr(control, "check", counted)
    with started(tmp_path) as world:
        for weight in (0, 1, 50, 100, 0):
            world.swap(weight)
        assert len(judged) == 1
        world.swap(0, html=True)
        assert len(judged) == 2
        routes = control.folder(tmp_path) / "routes" / "rds.json"
        before = routes.stat().st_mtime_ns
        assert world.swap(0, html=True) == 0  # nothing to do
        assert routes.stat().st_mtime_ns == before
        # Wrong only where both sides share: at 0 % nobody is told apart.
        with pytest.raises(EnvironmentProblem, match="refuses"):
            world.swap(0, sticky=("header:",))
        assert routes.stat().st_mtime_ns == before
        with pytest.raises(EnvironmentProblem, match="refuses"):  # and again, not only the first time
            world.swap(50, sticky=("header:",))


def test_routes_that_were_not_taken_in_time_are_not_taken_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shift that was said not to be done came when Envoy had caught up, and the ledger did not know of it."""
    monkeypatch.setattr(control, "check", lambda *_, **__: None)
    for silent in (
        control.Running(Ports(1, 2, 3, 4), 1),
        control.Running(Ports(1, 0, 0, 0), 1, in_process=True),
    ):
        world = World(tmp_path, silent, *[None] * 3)  # type: ignore[arg-type]
        if silent.in_process:
            control.write_table(tmp_path, world.rules(0), silent.edge)
            file = in_process.file(control.folder(tmp_path))
        else:
            control.write_routes(tmp_path, world.rules(0))
            file = control.folder(tmp_path) / "routes" / "rds.json"
        before = file.read_bytes()
        with pytest.raises(EnvironmentProblem, match="did not take"):
            control.swap(tmp_path, world.rules(50), silent, timeout=0.05, back=True)
        assert file.read_bytes() == before
        with pytest.raises(EnvironmentProblem, match="did not take"):  # a way back is let come late
            control.swap(tmp_path, world.rules(50), silent, timeout=0.05)
        assert file.read_bytes() != before


def test_gateway_of_another_version_is_given_no_route_to_a_cluster_that_it_may_not_know(
    tmp_path: Path,
) -> None:
    """Envoy accepts such routes, and answers 503 where they are taken: here after five writes that FastAPI has failed."""

    def older(boot: dict[str, Any]) -> None:
        resources = boot["static_resources"]
        resources["clusters"] = [c for c in resources["clusters"] if c["name"] != routes.STANDIN]

    with (
        started(tmp_path, change=older) as world,
        httpx.Client(base_url=world.url, trust_env=False) as client,
    ):
        told = replace(world.running, made="of another version")
        for running, statuses in ((told, {500}), (world.running, {500, 503})):
            control.swap(world.state, world.rules(0, 100), running, timeout=60)
            assert {client.post("/api/articles/broken/").status_code for _ in range(7)} == statuses


def test_gateway_of_another_version_is_told(tmp_path: Path) -> None:
    with project(tmp_path, "") as one:
        shift.run(one.settings, [GET], 50, force=False, as_json=True)
        for version in ("", envoy.made(), "of another version"):
            control.save_running(one.settings.state, replace(one.world.running, made=version))
        with pytest.raises(UsageError, match="started by another version of Segue"):
            shift.run(one.settings, [GET], 60, force=False, as_json=True)
        assert "another version" in rollout._Hands(one.settings).move(GET, 50, 100, "").refused
        shift.run(one.settings, [GET], 20, force=False, as_json=True)
        assert one.entry().weight == 20
        # And it is served already, by whatever version.
        with pytest.raises(EnvironmentProblem, match="is being served already"):
            serve.gateway_port(one.settings, 0)


def test_two_that_begin_to_serve_at_once_are_one(tmp_path: Path) -> None:
    """Until its sides are up nothing tells of the first one but what it holds; a second one would give its Envoy other sides."""
    settings = unserved(tmp_path)
    begin = (
        "import sys, time; from segue.commands import serve; from segue.commands.common import open_project; from pathlib import Path\n"
        "with serve.alone(open_project(Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", begin, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        before = {p: p.read_bytes() for p in settings.state.rglob("*") if p.is_file()}
        with (
            pytest.raises(EnvironmentProblem, match="is being served already"),
            serve.started(settings, port=0),
        ):
            pass
        assert {p: p.read_bytes() for p in settings.state.rglob("*") if p.is_file()} == before
        other.kill()
    with serve.alone(settings):
        pass


def test_check_asks_envoy_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = unserved(tmp_path)
    gateway.check(settings, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"rules": 3, "accepted": True}
    snapshot = read_snapshot(settings)
    (route,) = snapshot.routes
    # Python would refuse it as well, but nobody has asked Python.
    dump.save(
        replace(snapshot, routes=(replace(route, regex=r"^/a/\p{Nothing}/\Z"),)), settings.snapshot_file
    )
    with pytest.raises(EnvironmentProblem, match="Envoy refuses the compiled routes"):
        gateway.check(settings, as_json=True)
    assert not control.folder(settings.state).exists()
