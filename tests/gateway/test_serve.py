"""What ``segue serve`` does once everything is up, with a real Envoy and a real ledger."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
from tests.gateway.project import GET, POST, project

from segue import ledger
from segue.commands import serve, shift
from segue.commands.common import read_ledger, read_snapshot
from segue.gateway import control


def test_ledger_that_was_changed_while_the_sides_started_is_followed(tmp_path: Path) -> None:
    with project(tmp_path, "") as one:
        settings = one.settings

        def asked(method: str) -> str:
            return httpx.request(method, f"{one.world.url}/api/articles/1/", trust_env=False).text

        shift.run(settings, [GET], 100, force=False, as_json=True)
        snapshot = read_snapshot(settings)
        rules = control.rules(settings, snapshot, read_ledger(settings).entries)
        control.forget_running(settings.state)  # the sides start: no gateway to tell
        shift.run(settings, [GET], 0, force=False, as_json=True)
        shift.run(settings, [POST], 100, force=False, as_json=True)
        assert (asked("GET"), asked("POST")) == ("fastapi", "django")
        held, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with ledger.locked(settings.state):
                held.set()
                leave.wait(20)

        other = threading.Thread(target=hold)
        other.start()
        held.wait()
        threading.Timer(0.2, leave.set).start()
        serve.follow_ledger(settings, snapshot, rules, one.world.running)
        other.join()
        assert (asked("GET"), asked("POST")) == ("django", "fastapi")
