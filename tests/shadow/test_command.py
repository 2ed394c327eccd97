"""``segue shadow`` beside a gateway that runs: what it records, what it leaves, what it never writes."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from tests.gateway.project import GET, POST, Project, project
from tests.shadow.world import side, wait_until

from segue import ledger
from segue.commands import rollout, shadow, shift
from segue.commands.shadow_shown import show
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control, tapping
from segue.ledger import State
from segue.shadow import worker
from segue.shadow.tally import Tally
from segue.shadow.tap import NoTap

QUICK = "minimum = 20\n\n[shadow]\nrate = 500"
SECRETS = {
    "authorization": "Token 9944b09199c62bcf", "cookie": "sessionid=kq1h5u7session; other=basket-4711", "x-api-key": "key-of-mine-0815",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One gateway for all tests: each begins with the ledger and the code as they were."""
    with project(tmp_path_factory.mktemp("shadow"), QUICK, side) as one:
        yield one


@pytest.fixture
def one(served: Project) -> Iterator[Project]:
    book, routes = ledger.read(served.settings.ledger_file), routes_of(served)
    text = routes.read_text()
    yield served
    routes.write_text(text)
    ledger.write(served.settings.ledger_file, book)
    shutil.rmtree(served.settings.state / "evidence", ignore_errors=True)
    served.world.swap(0)


def routes_of(one: Project) -> Path:
    return one.settings.output / "app" / "routes.py"


def log_of(one: Project, name: str) -> Path:
    (log,) = (c.log for c in one.world.group.children if c.name == name)
    return log


@contextmanager
def readers(url: str, path: str) -> Iterator[None]:
    """Somebody who reads all the time, with credentials."""
    stop = threading.Event()

    def work() -> None:
        with httpx.Client(base_url=url, trust_env=False, headers=SECRETS) as client:
            while not stop.wait(0.03):
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
    """Whether FastAPI, which no user is sent to, was asked for ``path`` twice from now on."""
    log = log_of(one, "fastapi")
    before = log.read_text().count(f"/{path}/")
    return lambda: log.read_text().count(f"/{path}/") > before + 1


def test_difference_is_evidence_that_stays_until_it_is_forgotten_and_tells_no_secret(
    one: Project, capsys: pytest.CaptureFixture[str]
) -> None:
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
    # Equal reads of another day do not make it forgotten, nor what is known of other operations.
    shift.run(one.settings, [GET], 0, force=False, as_json=True)
    file = one.settings.state / "evidence" / "shadow.json"
    data = json.loads(file.read_text())
    other = {**data["operations"][0], "operation": "GET /api/others/"}
    file.write_text(json.dumps({**data, "operations": [*data["operations"], other]}))
    assert looked(one, "plain", compared(one, "plain")) == 0
    assert one.entry().proofs["shadow"].differences == found.differences
    told, others = json.loads(file.read_text())["operations"]
    assert told["operation"] == GET
    assert others == other
    paths = {p["path"]: (p["django"], p["fastapi"]) for d in told["differences"] for p in d["paths"]}
    assert paths["body.title"] == ("Same", "Wrong")
    one_word, other_word = paths["body.owner.password"]
    assert one_word.startswith("<redacted")
    assert one_word != other_word
    assert file.stat().st_mode & 0o077 == 0
    secrets = [*SECRETS["cookie"].replace("; ", "=").split("=")[1::2], "9944b09199c62bcf", "key-of-mine-0815"]
    secrets += ["query-secret-1", "hunter2-secret", "hunter3-secret"]
    logs = one.settings.state / "logs"  # the services' own, which name paths
    for item in (f for f in one.settings.folder.rglob("*") if f.is_file() and logs not in f.parents):
        text = item.read_bytes()
        assert [s for s in secrets if s.encode() in text] == [], item
    shadow.forget(one.settings, [])
    assert "shadow" not in one.entry().proofs
    assert rollout._Hands(one.settings).standing(GET, 0).against == ""


def test_equal_live_reads_verify_nothing(one: Project) -> None:
    routes_of(one).write_text("def read():\n    return 1\n")
    assert looked(one, "plain", compared(one, "plain")) == 0
    assert one.entry().proofs["shadow"].cases
    with pytest.raises(UsageError, match="stale"):
        shift.run(one.settings, [GET], 50, force=False, as_json=True)


def test_killed_at_work_it_leaves_a_gateway_that_serves_and_its_successor_goes_on(
    one: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = control.folder(one.settings.state)
    tap = folder / "tap" / "tap.json"
    with readers(one.world.url, "title-clock"):
        first = subprocess.Popen(
            [sys.executable, "-m", "segue", "shadow", "-C", str(one.settings.folder), "--share", "100"],
            stdout=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        try:
            wait_until(lambda: "shadow" in one.entry().proofs)
            with pytest.raises(EnvironmentProblem, match="Another `segue shadow`"):
                shadow.run(one.settings, [], share=1, seconds=1, as_json=True)
            assert not tapping.sweep(folder)
        finally:
            first.kill()
            first.wait()
        # What was being written when it was killed; whoever writes the same file a minute later removes it (tests/cli/test_files.py).
        killed = set(hidden(one))
        assert all(name.endswith(".segue-tmp") for name in killed)
        assert '"tap"' in tap.read_text()  # it could not clean up
        assert tapping.sweep(folder)  # as `segue serve` does
        assert '"nothing"' in tap.read_text()
        answer = httpx.get(f"{one.world.url}/api/articles/plain/", trust_env=False)
        assert answer.status_code == 200
        before = one.entry().proofs["shadow"].differences
        assert looked(one, "title-clock", lambda: one.entry().proofs["shadow"].differences > before) == 1
        assert f"{GET}: body.title differs" in capsys.readouterr().err
        assert one.entry().state is State.TRANSLATED
        assert '"nothing"' in tap.read_text()
    assert [name for name in hidden(one) if name not in killed] == []


def hidden(one: Project) -> list[str]:
    """Temporary files beside the report and the ledger."""
    names = [f.name for f in one.settings.folder.rglob(".*")]
    return [name for name in names if "shadow.json" in name or "ledger.toml" in name]


def test_operation_that_writes_is_refused_by_name_and_left_out_of_all(one: Project) -> None:
    before = [log_of(one, name).read_text() for name in ("django", "fastapi")]
    with pytest.raises(UsageError, match="never repeated: it is no read"):
        shadow.run(one.settings, [POST], share=1, seconds=1, as_json=True)
    routes_of(one).write_text("async def read(db):\n    await db.update(1)\n")
    with pytest.raises(UsageError, match=r"it writes rows \(db.update\) \(app/routes.py:2\)"):
        shadow.run(one.settings, [GET], share=1, seconds=1, as_json=True)
    with pytest.raises(UsageError, match="None of these operations may be repeated"):
        shadow.run(one.settings, [], share=1, seconds=1, as_json=True)
    assert [log_of(one, name).read_text() for name in ("django", "fastapi")] == before


def test_code_that_changes_meanwhile_gets_no_evidence(one: Project) -> None:
    asked = compared(one, "plain")

    def changed() -> bool:
        if asked():
            routes_of(one).write_text("def read():\n    return 2\n")
        return asked()

    with pytest.raises(UsageError, match="changed while live reads were compared"):
        looked(one, "plain", changed)
    assert "shadow" not in one.entry().proofs


def test_gateway_that_stops_or_comes_back_with_other_code_is_told(
    one: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "_PATIENCE", 0.1)
    monkeypatch.setattr(shadow.Tap, "fetch", fails(NoTap("gone")))
    for after, kind, said in (
        (None, EnvironmentProblem, "has stopped"),
        (replace(one.world.running, code="another"), UsageError, "changed while live reads"),
        (one.world.running, EnvironmentProblem, "does not let live reads be seen: gone"),
    ):
        found = iter([one.world.running] * 2)  # at the start
        monkeypatch.setattr(control, "find_running", lambda state, f=found, a=after: next(f, a))
        with pytest.raises(kind, match=said):
            shadow.run(one.settings, [GET], share=100, seconds=20, as_json=True)


def test_what_ends_the_comparing_ends_the_command(one: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that died would leave a command that says: no differences."""
    monkeypatch.setattr(worker, "judge", fails(RuntimeError("broken")))
    with readers(one.world.url, "plain"), pytest.raises(RuntimeError, match="broken"):
        shadow.run(one.settings, [GET], share=100, seconds=20, as_json=True)


def fails(error: Exception) -> Callable[..., object]:
    def fail(*arguments: object, **named: object) -> object:
        raise error

    return fail


def test_where_nothing_was_compared_it_says_so() -> None:
    said = io.StringIO()
    show({GET: Tally(reads=3, left=2)}, Console(file=said, width=120))
    assert "Nothing was compared" in said.getvalue()
    said = io.StringIO()
    show({GET: Tally(reads=3, compared=1, equal=1)}, Console(file=said, width=120))
    assert "Nothing was compared" not in said.getvalue()
