"""``segue demo``: the whole journey on an example project, in a copy that may be thrown away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from segue.commands import assess, generate, serve, shift, status, verify
from segue.commands.common import console, open_project, read_ledger
from segue.commands.load import Load
from segue.config import Config
from segue.environment import ensure_environment
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway import control
from segue.ledger import State

_CACHE = Path(".cache") / "demo"
_LEFT_OUT = shutil.ignore_patterns(".segue", "fastapi", "*.sqlite3", "__pycache__", ".venv", "segue.toml")


def run(example: Path, *, once: bool) -> int:
    """Assess, generate, verify, serve, shift under load, kill FastAPI, status. Returns 0 when no
    difference was found and no request failed, else 1."""
    if not (example / "manage.py").is_file():
        raise UsageError(f"{example} has no manage.py.", hint="Give the folder of the example project.")
    with _interruptible():
        return _run(example, once=once)


def _run(example: Path, *, once: bool) -> int:
    begin = time.monotonic()
    settings = _prepare(example)
    good = True
    _step("assess", "what is there, what can move, what stands in the way")
    report = settings.folder / "assess.html"
    assess.run(settings, as_json=False, html=report, blockers=False)
    _step("generate", "native FastAPI code, or a refusal with its reason")
    generate.run(settings, as_json=False, max_refused=None)
    _step("verify explore", "the same request on the same database state, both sides")
    evidence = settings.folder / "verify.html"
    good &= verify.explore(
        settings, verify.Outputs(html=evidence), routes=[], cases=6000, seconds=75, seed=1
    ) == 0  # fmt: skip
    _step("verify suite", "the project's own tests, native routes answered by both sides")
    good &= verify.suite(settings, ["python", "manage.py", "test"], verify.Outputs()) == 0
    _step("serve", "Django and FastAPI behind Envoy; traffic moves while clients keep asking")
    with serve.started(settings, port=0) as service:
        good &= _journey(settings, service)
        _step("status", "who serves what now, on what evidence")
        status.run(settings, as_json=False)
        console.print()
        console.print(f"Gateway      [bold]{service.url}[/]")
        console.print(f"API docs     [bold]{service.fastapi_url}/docs[/]")
        console.print(f"Assessment   [bold]{report}[/]")
        console.print(f"Evidence     [bold]{evidence}[/]")
        console.print(f"Code         [bold]{settings.output}[/]")
        console.print(f"The page     [bold]segue ui -C {settings.folder}[/] in another terminal")
        console.print(f"[dim]{time.monotonic() - begin:.0f} s[/]")
        if not once:
            console.print("Ctrl-C stops everything.")
            with contextlib.suppress(KeyboardInterrupt):
                while not service.group.dead():
                    time.sleep(0.3)
    console.print(
        "[green]All as it should be.[/]" if good else "[red]Something differed or failed: see above.[/]"
    )
    return 0 if good else 1


def _prepare(example: Path) -> Config:
    """A fresh copy of the example with its own environment and a seeded database."""
    cache = Path.cwd() / _CACHE
    folder = cache / example.name
    with console.status("Preparing the example…"):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(example, folder, ignore=_LEFT_OUT)
        wanted = (example / "requirements.txt").read_text(encoding="utf-8").splitlines()
        packages = [line.strip() for line in wanted if line.strip() and not line.startswith("#")]
        python = ensure_environment(cache / "venv", packages)
        (folder / "segue.toml").write_text(
            f'[project]\npython = "{python}"\n\n[output]\nfolder = "fastapi"\n', encoding="utf-8"
        )
        for arguments in (["migrate", "--verbosity", "0"], ["seed"]):
            done = subprocess.run(
                [str(python), "manage.py", *arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise EnvironmentProblem(f"manage.py {arguments[0]} failed.", detail=done.stderr.strip())
    return open_project(folder)


def _journey(settings: Config, service: serve.Service) -> bool:
    book = read_ledger(settings)
    moving = [
        e.key for e in book.entries.values() if e.state in (State.VERIFIED, State.SHIFTING, State.SHIFTED)
    ]
    reads = [
        e.route for e in book.entries.values() if e.key in moving and e.method == "GET" and "{" not in e.route
    ]
    if not reads:
        console.print("[red]No verified read to shift.[/]")
        return False
    with Load(service.running.ports.gateway, reads, {"accept": "application/json"}) as load:
        load.wait_for(150)
        for weight in (1, 10, 50, 100):
            shift_quietly(settings, moving, weight)
            load.wait_for(200)
        console.print(
            f"{len(moving)} operations shifted 0 → 1 → 10 → 50 → 100 % while {load.total} requests ran"
        )
        fastapi = next(c for c in service.group.children if c.name == "fastapi")
        os.killpg(fastapi.process.pid, signal.SIGKILL)
        load.wait_for(300)
        console.print("FastAPI was killed: Django answered its reads")
        fastapi.process.wait()
        service.restart(fastapi, settings)
        time.sleep(2.5)  # the longest first ejection, after which Envoy asks FastAPI again
        load.wait_for(200)
    counted = control.statistics(service.running.ports)
    fallbacks = counted["fallbacks"] if counted else "an unknown number"
    console.print(
        f"{load.total} requests: [bold]{len(load.failed)} failed[/]; {fallbacks} were answered by Django "
        "after FastAPI could not"
    )
    for problem in load.failed[:5]:
        console.print(f"  [red]{problem}[/]")
    return not load.failed


def shift_quietly(settings: Config, keys: list[str], weight: int) -> None:
    """Shift without printing a line per operation."""
    with console.capture():
        shift.run(settings, keys, weight, force=False, as_json=False)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, also where a shell ignores SIGINT for jobs in the background."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _step(name: str, what: str) -> None:
    console.print()
    console.rule(f"[bold]{name}[/]: {what}", align="left")
