"""``segue shadow`` beside a gateway that runs: what it records, what it leaves, what it never writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.gateway.project import GET, POST, Project, project
from tests.shadow.world import side, wait_until

from segue.commands import rollout, shadow, shift
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control
from segue.ledger import State

QUICK = "minimum = 5\n\n[shadow]\nrate = 500"
SECRETS = {
    "authorization": "Token 9944b09199c62bcf", "cookie": "sessionid=kq1h5u7session; other=basket-4711", "x-api-key": "key-of-mine-0815",
}  # fmt: skip


@contextmanager
def readers(url: str, path: str) -> Iterator[None]:
    """Somebody who reads all the time, with credentials."""
    stop = threading.Event()

    def work() -> None:
        with httpx.Client(base_url=url, trust_env=False, headers=SECRETS) as client:
            while not stop.wait(0.01):
                client.get(f"/api/articles/{path}/", params={"token": "query-secret-1"})

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def looked(one: Project, path: str, until: Callable[[], object]) -> int:
    """``segue shadow`` ended by Ctrl-C as soon as ``until`` holds."""

    def interrupt() -> None:
        wait_until(until)
        os.kill(os.getpid(), signal.SIGINT)

    with readers(one.world.url, path):
        thread = threading.Thread(target=interrupt)
        thread.start()
        code = shadow.run(one.settings, [GET], share=100, seconds=90, as_json=True)
        thread.join()
    return code


def compared(one: Project, path: str) -> Callable[[], bool]:
    """Whether FastAPI, which no user is sent to, was asked for ``path`` twice."""
    (log,) = (c.log for c in one.world.group.children if c.name == "fastapi")
    return lambda: log.read_text().count(f"/{path}/") > 1


def test_difference_is_evidence_that_stays_until_it_is_forgotten_and_tells_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with project(tmp_path, QUICK, side) as one:
        assert looked(one, "plain", compared(one, "plain")) == 0
        equal = one.entry().proofs["shadow"]
        assert equal.cases
        assert not equal.differences
        shift.run(one.settings, [GET], 50, force=False, as_json=True)
        capsys.readouterr()
        assert looked(one, "private-title", lambda: one.entry().proofs["shadow"].differences) == 1
        (operation,) = json.loads(capsys.readouterr().out)["operations"]
        assert set(operation["differing"]) == {"body.title", "body.owner.password"}
        found = one.entry().proofs["shadow"]
        assert found.differences == operation["different"]
        assert found.cases == equal.cases + operation["compared"]
        # The rollout takes it back, and nobody gives it more.
        against = rollout._Hands(one.settings).standing(GET, 50).against
        assert against.endswith("(shadow)")
        with pytest.raises(UsageError, match=r"differences? \(shadow\)"):
            shift.run(one.settings, [GET], 100, force=False, as_json=True)
        # Equal reads of another day do not make it forgotten.
        shift.run(one.settings, [GET], 0, force=False, as_json=True)
        assert looked(one, "plain-2", compared(one, "plain-2")) == 0
        assert one.entry().proofs["shadow"].differences == found.differences
        file = tmp_path / ".segue" / "evidence" / "shadow.json"
        (told,) = (o for o in json.loads(file.read_text())["operations"] if o["operation"] == GET)
        paths = {p["path"]: (p["django"], p["fastapi"]) for d in told["differences"] for p in d["paths"]}
        assert paths["body.title"] == ("Same", "Wrong")
        one_word, other_word = paths["body.owner.password"]
        assert one_word.startswith("<redacted")
        assert one_word != other_word
        assert file.stat().st_mode & 0o077 == 0
        shadow.forget(one.settings, [])
        assert "shadow" not in one.entry().proofs
        assert rollout._Hands(one.settings).standing(GET, 0).against == ""
    secrets = [*SECRETS["cookie"].replace("; ", "=").split("=")[1::2], "9944b09199c62bcf", "key-of-mine-0815"]
    secrets += ["query-secret-1", "hunter2-secret", "hunter3-secret"]
    logs = tmp_path / ".segue" / "logs"  # the services' own, which name paths
    for item in (f for f in tmp_path.rglob("*") if f.is_file() and logs not in f.parents):
        text = item.read_bytes()
        assert [s for s in secrets if s.encode() in text] == [], item


def test_equal_live_reads_verify_nothing(tmp_path: Path) -> None:
    with project(tmp_path, QUICK, side) as one:
        (tmp_path / "fastapi" / "app" / "routes.py").write_text("def read():\n    return 1\n")
        assert looked(one, "plain", compared(one, "plain")) == 0
        assert one.entry().proofs["shadow"].cases
        with pytest.raises(UsageError, match="stale"):
            shift.run(one.settings, [GET], 50, force=False, as_json=True)


def test_killed_at_work_it_leaves_a_gateway_that_serves_and_its_successor_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with project(tmp_path, QUICK, side) as one, readers(one.world.url, "title-clock"):
        first = subprocess.Popen(
            [sys.executable, "-m", "segue", "shadow", "-C", str(tmp_path), "--share", "100"],
            stdout=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        try:
            wait_until(lambda: "shadow" in one.entry().proofs)
            with pytest.raises(EnvironmentProblem, match="Another `segue shadow`"):
                shadow.run(one.settings, [], share=1, seconds=1, as_json=True)
        finally:
            first.kill()
            first.wait()
        tap = control.folder(one.settings.state) / "tap" / "tap.json"
        assert '"tap"' in tap.read_text()  # it could not clean up
        answer = httpx.get(f"{one.world.url}/api/articles/plain/", trust_env=False)
        assert answer.status_code == 200
        before = one.entry().proofs["shadow"].differences
        assert looked(one, "title-clock", lambda: one.entry().proofs["shadow"].differences > before) == 1
        assert f"{GET}: body.title differs" in capsys.readouterr().err
        assert one.entry().state is State.TRANSLATED
        assert '"nothing"' in tap.read_text()
        left = [f.name for f in tmp_path.rglob(".*") if "shadow.json" in f.name or "ledger.toml" in f.name]
        assert left == []


def test_operation_that_writes_is_refused_by_name_and_left_out_of_all(tmp_path: Path) -> None:
    with project(tmp_path, QUICK, side) as one:
        with pytest.raises(UsageError, match="never repeated: it is no read"):
            shadow.run(one.settings, [POST], share=1, seconds=1, as_json=True)
        (tmp_path / "fastapi" / "app" / "routes.py").write_text(
            "async def read(db):\n    await db.update(1)\n"
        )
        with pytest.raises(UsageError, match=r"it writes rows \(db.update\) \(app/routes.py:2\)"):
            shadow.run(one.settings, [GET], share=1, seconds=1, as_json=True)
        with pytest.raises(UsageError, match="None of these operations may be repeated"):
            shadow.run(one.settings, [], share=1, seconds=1, as_json=True)
        asked = [c.log.read_text() for c in one.world.group.children if c.name in ("django", "fastapi")]
        assert asked == ["", ""]


def test_code_that_changes_meanwhile_gets_no_evidence(tmp_path: Path) -> None:
    with project(tmp_path, QUICK, side) as one:
        routes = tmp_path / "fastapi" / "app" / "routes.py"
        asked = compared(one, "plain")

        def changed() -> bool:
            if asked():
                routes.write_text("def read():\n    return 2\n")
            return asked()

        with pytest.raises(UsageError, match="changed while live reads were compared"):
            looked(one, "plain", changed)
        assert "shadow" not in one.entry().proofs
