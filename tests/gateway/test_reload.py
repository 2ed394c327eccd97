"""Limits of the sides that change while a real Envoy serves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.gateway.load import Load
from tests.gateway.project import GET, POST, project, unserved
from tests.gateway.test_envoy import wait_until

from segue.commands import serve, shift
from segue.errors import EnvironmentProblem
from segue.gateway import control, reload
from segue.gateway.clusters import Limits
from segue.gateway.envoy import Edge


def test_limits_of_segue_toml_are_followed_and_no_request_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with project(tmp_path, "") as one:
        shift.run(one.settings, [GET, POST], 50, force=False, as_json=True)
        file, running = one.settings.folder / "segue.toml", one.world.running

        def write(text: str) -> str:
            file.write_text(text)
            capsys.readouterr()
            serve.follow_limits(one.settings, running)
            return capsys.readouterr().out

        with Load(one.world.url, readers=3, writers=2) as load:
            for number in range(4):
                before = load.served.total()
                said = write(
                    f"[gateway.django]\nconnections = {100 + number}\n[gateway.fastapi]\nrequests = {300 + number}\n"
                )
                assert said == "The limits of the sides have changed and are in use.\n"
                wait_until(lambda: load.served.total() >= before + 20)  # noqa: B023
            assert load.failed == {"GET": [], "POST": []}
        assert {load.served["fastapi"] > 0, load.served["django"] > 0} == {True}
        assert write(file.read_text() + "\n[rollout]\ninterval = 5\n") == ""  # nothing of the sides
        few = "[gateway.fastapi]\nconnections = 1\nrequests = 1\n"
        assert "in use" in write(few)
        assert "and is not in use" in write("[gateway.fastapi]\nconnections = [")  # the editor is not done

        def post(_: int) -> tuple[int, str]:
            sent = {"x-segue-side": "fastapi"}
            answer = httpx.post(
                f"{one.world.url}/api/articles/wait-700ms/", headers=sent, trust_env=False, timeout=30
            )
            return answer.status_code, answer.headers.get("x-segue-overloaded", "")

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(post, range(8)))
        assert set(answers) == {(200, ""), (503, "fastapi")}


def test_file_that_is_being_written_is_read_when_it_is_done(tmp_path: Path) -> None:
    """Empty, and cut after any line, it can be read and has the limits of nobody."""
    settings = unserved(tmp_path)
    file = settings.folder / "segue.toml"
    file.write_text("[gateway.fastapi]\nconnections = 1\n")
    written = serve.Written(settings)
    seen = [written.anew()]
    for text in ("", "[gateway.fastapi]\n", "[gateway.fastapi]\nconnections = 22\n"):
        file.write_text(text)
        seen.append(written.anew())
    file.unlink()
    seen.append(written.anew())
    file.write_text("[gateway.fastapi]\nconnections = 333\n")
    assert [*seen, *(written.anew() for _ in range(4))] == [False] * 6 + [True, False, False]


def test_sides_that_envoy_refuses_leave_those_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with project(tmp_path, "") as one:
        shift.run(one.settings, [GET], 100, force=False, as_json=True)
        running = one.world.running
        before = control.active_clusters(running.ports)
        monkeypatch.setattr(control, "check", lambda *_: None)
        made = reload.clusters
        monkeypatch.setattr(
            reload, "clusters", lambda *given: [{**side, "connect_timeout": "-1s"} for side in made(*given)]
        )
        with pytest.raises(EnvironmentProblem, match="did not take the new limits"):
            reload.follow(one.settings.state, running.ports, Edge(django=Limits(7)), timeout=1)
        assert httpx.get(f"{one.world.url}/api/articles/1/", trust_env=False).text == "fastapi"
        monkeypatch.undo()
        assert control.active_clusters(running.ports) == before
        assert reload.follow(one.settings.state, running.ports, Edge(django=Limits(7)))
        assert not reload.follow(one.settings.state, running.ports, Edge(django=Limits(7)))
        nobody = replace(running.ports, admin=1)
        assert control.active_clusters(nobody) == ""
