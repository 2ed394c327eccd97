"""Starting both sides and Envoy as child processes, and stopping all of them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segue.errors import EnvironmentProblem

# Systems give connections that go out a port from 32768 (Linux) or 49152 on: one of these may be taken before it is listened on.
_PORTS = range(10_000, 32_768)


def free_port() -> int:
    """A loopback TCP port nobody listens on at this moment. Raises :class:`EnvironmentProblem` where there is none."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise EnvironmentProblem(
        "No loopback port is free.", hint="Something here holds thousands of them: stop it."
    )


def require_free(port: int) -> None:
    """Raises :class:`EnvironmentProblem` when something already listens on loopback ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise EnvironmentProblem(
                f"Port {port} is not allowed for this user.",
                hint="Give one above 1023 with --port or as gateway.port in segue.toml.",
            ) from error
        except OSError as error:
            raise EnvironmentProblem(
                f"Port {port} is busy.",
                hint="Stop what uses it, or give another one with --port or as gateway.port in segue.toml.",
            ) from error


@dataclass(slots=True)
class Child:
    """A running process with the log it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    port: int


@dataclass(slots=True)
class Group:
    """Processes that live and die together. Use as a context manager."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(
        self, name: str, command: Sequence[str], *, port: int, cwd: Path, env: Mapping[str, str]
    ) -> Child:
        """Start ``command`` in its own session, its output in ``<logs>/<name>.log``."""
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("wb") as out:
            try:
                process = subprocess.Popen(
                    list(command),
                    cwd=cwd,
                    env=dict(env),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise EnvironmentProblem(
                    f"{name} could not be started: {command[0]}: {error.strerror}."
                ) from error
        child = Child(name, process, log, port)
        self.children.append(child)
        return child

    def wait_ready(self, child: Child, *, timeout: float = 90.0) -> None:
        """Wait until ``child`` listens. Raises :class:`EnvironmentProblem` with its log's end."""
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            if child.process.poll() is not None:
                raise EnvironmentProblem(
                    f"{child.name} stopped while starting (exit code {child.process.returncode}).",
                    hint=f"Its output is in {child.log}.",
                    detail=tail(child.log),
                )
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", child.port), 0.2):
                return
            time.sleep(0.03)
        raise EnvironmentProblem(
            f"{child.name} did not listen on port {child.port} within {timeout:.0f} s.",
            hint=f"Its output is in {child.log}.",
            detail=tail(child.log),
        )

    def dead(self) -> list[Child]:
        """Children that ended by themselves."""
        return [c for c in self.children if c.process.poll() is not None]

    def stop(self, *, grace: float = 5.0) -> None:
        """Terminate every process group, kill what is left after ``grace`` seconds."""
        for child in reversed(self.children):
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + grace
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, until - time.monotonic()))
            _signal(child, signal.SIGKILL)
            child.process.wait()
        self.children.clear()


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)
