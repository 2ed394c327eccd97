"""``segue serve --in-process``: FastAPI in front and Django behind it in one process, until Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from segue import digest, ledger
from segue.commands.common import console, interpreter, read_ledger, read_snapshot
from segue.commands.serve import Service, alone, follow_ledger, gateway_port, requirements
from segue.config import Config
from segue.environment import ensure_overlay
from segue.errors import EnvironmentProblem
from segue.gateway import control, in_process, sides
from segue.gateway.control import Running
from segue.gateway.envoy import Ports
from segue.gateway.processes import Group
from segue.gateway.shared import shared_environment
from segue.snapshot.detect import import_path
from segue.translate import routing
from segue.verify.project import python_version

CHILD = Path(in_process.__file__).parent / "one_process.py"
PREFERRED = Path(in_process.__file__).parents[1] / "verify" / "joined" / "preferred.py"


@contextlib.contextmanager
def started(settings: Config, *, port: int | None = None) -> Iterator[Service]:
    """The process, up; stopped at the end whatever happens.

    Raises :class:`EnvironmentProblem` for an interpreter that cannot hold both sides, a package of the project with the generated one's
    name, no application of Django's, a busy port, a process that does not start (with the end of its log).
    """
    with alone(settings), _started(settings, port) as service:
        yield service


@contextlib.contextmanager
def _started(settings: Config, port: int | None) -> Iterator[Service]:
    listen = gateway_port(settings, port)
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    python = interpreter(settings)
    home = import_path(settings.root)
    application = _application(settings, home)
    version = _judge(settings, python, home)
    needed = requirements(settings.output, "in-process")
    overlay = ensure_overlay(settings.state / "overlay" / "serve", needed, python=python, version=version)
    base = {**os.environ, **settings.environment}
    for name in ("PYTHONPATH", "PYTHONHOME"):
        base.pop(name, None)
    folder = control.folder(settings.state)
    rules = control.rules(settings, snapshot, book.entries)
    edge = control.edge(settings)
    environment = {
        **base,
        "DJANGO_SETTINGS_MODULE": snapshot.settings.module,
        "SEGUE_TABLE": str(in_process.file(folder)),
        "SEGUE_FASTAPI": f"{settings.package}.main:create_app",
        "SEGUE_DJANGO": application,
        "SEGUE_LOG": str(folder / "access.jsonl"),
        "SEGUE_FASTAPI_ENVIRONMENT": json.dumps(
            shared_environment(python, home, snapshot.settings.module, base, routing.replica(snapshot))
        ),
    }
    code = digest.of_code(settings.output, settings.package)
    with Group(folder / "logs") as group:
        control.write_table(settings.state, rules, edge)
        child = group.start(
            "serve",
            [str(python), str(CHILD), str(listen), str(overlay), str(PREFERRED), str(home), str(settings.output)],
            port=listen,
            cwd=home,
            env=environment,
        )  # fmt: skip
        group.wait_ready(child)
        running = Running(Ports(listen, 0, 0, 0), os.getpid(), code, in_process=True, edge=edge)
        control.save_running(settings.state, running)
        try:
            follow_ledger(settings, snapshot, rules, running)
            yield Service(running, group, environment)
        finally:
            control.forget_running(settings.state)


def run(settings: Config, *, port: int | None) -> int:
    """Serve until Ctrl-C or SIGTERM. The process dying ends the command with exit code 2."""
    ledger.read(settings.ledger_file)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    with started(settings, port=port) as service:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        console.print(f"FastAPI and Django  [bold]{service.url}[/]")
        console.print(
            "Shift traffic from another terminal: [bold]segue shift ROUTE --to 100[/]. Ctrl-C stops."
        )
        while not stopping:
            time.sleep(0.2)
            for child in service.group.dead():
                raise EnvironmentProblem(
                    f"The process stopped (exit code {child.process.returncode}).", hint=f"See {child.log}."
                )
    console.print("Stopped.")
    return 0


def _application(settings: Config, home: Path) -> str:
    found = settings.application or sides.wsgi_application(home)
    if not found:
        raise EnvironmentProblem(
            f"No single wsgi.py with an `application` was found below {home}.",
            hint='Name it in segue.toml: [gateway] application = "shop.wsgi:application".',
        )
    return found


def _judge(settings: Config, python: Path, home: Path) -> tuple[int, int]:
    """The interpreter's version. Raises :class:`EnvironmentProblem` where one process cannot hold both sides."""
    if settings.certificate:
        raise EnvironmentProblem(
            "gateway.certificate is for Envoy; one process is served without TLS here.",
            hint="Leave it out and put a proxy with TLS before the process, or give uvicorn the files (docs/in-process.md).",
        )
    version = python_version(python)
    if version < (3, 11):
        raise EnvironmentProblem(
            f"{python} is Python {version[0]}.{version[1]}; generated code needs 3.11 in the same process.",
            hint="Run `segue serve` without --in-process: then each side has its own.",
        )
    name = settings.package
    if settings.output != home and ((home / name).is_dir() or (home / f"{name}.py").is_file()):
        raise EnvironmentProblem(
            f"The project has a package {name!r} of its own, so that the generated {name!r} cannot be imported beside it.",
            hint="Give the generated one another name in segue.toml ([output] package) and run `segue generate`.",
        )
    return version
