"""Commands that change the gateway at the same time, and what it costs to ask it."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.gateway.project import GET, POST, project
from tests.gateway.world import started

from segue.commands import shift
from segue.gateway import control


def test_swaps_at_once_all_take_effect_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without turns the first waits in vain for routes that another one has replaced."""
    weights = (10, 20, 30, 40)
    with started(tmp_path) as world, ThreadPoolExecutor(len(weights)) as pool:
        together = threading.Barrier(len(weights))
        monkeypatch.setattr(control, "check", lambda *_: together.wait(30))
        done = [pool.submit(control.swap, tmp_path, world.rules(w), world.running) for w in weights]
        assert all(d.result() >= 0 for d in done)


def test_shifts_at_once_wait_for_each_other(tmp_path: Path) -> None:
    with project(tmp_path, "") as one, ThreadPoolExecutor(2) as pool:
        done = [
            pool.submit(shift.run, one.settings, [key], 50, force=False, as_json=True) for key in (GET, POST)
        ]
        assert [d.result() for d in done] == [0, 0]
        assert (one.entry(GET).weight, one.entry(POST).weight) == (50, 50)


def test_asking_the_gateway_reads_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 ms of CPU for each question, twice a second in a rollout."""

    def read(*_: object, **__: object) -> None:
        raise AssertionError("certificates are read for a connection that has none")

    with started(tmp_path) as world:
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", read)
        monkeypatch.setattr(control, "check", lambda *_: None)
        control.save_running(tmp_path, world.running)
        assert control.find_running(tmp_path) == world.running
        assert world.swap(50) >= 0
        assert control.active_version(world.running.ports)
