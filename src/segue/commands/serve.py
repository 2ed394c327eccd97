"""``segue serve``: Django, FastAPI and Envoy together, until Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from rich.markup import escape

from segue import digest, ledger
from segue.commands.common import console, interpreter, read_ledger, read_snapshot
from segue.config import FILE_NAME, Config, load
from segue.environment import bridge_requirement, ensure_environment
from segue.errors import EnvironmentProblem, SegueError
from segue.files import require_writable
from segue.gateway import access_log, control, envoy, reload, sides, tapping, tls
from segue.gateway.control import Running
from segue.gateway.envoy import Edge, Ports
from segue.gateway.processes import Child, Group, free_port, require_free
from segue.gateway.shared import shared_environment
from segue.gateway.table import Rule
from segue.snapshot.detect import import_path
from segue.snapshot.model import Snapshot
from segue.translate import routing


@dataclass(frozen=True, slots=True)
class Service:
    """What :func:`started` yields: where everything listens and the processes."""

    running: Running
    group: Group
    environment: Mapping[str, str]

    def restart(self, child: Child, settings: Config) -> None:
        """Start FastAPI anew after it has died; returns when it answers."""
        self.group.children.remove(child)
        arguments = [str(a) for a in child.process.args]  # type: ignore[union-attr]
        code = digest.of_code(settings.output, settings.package)
        again = self.group.start(
            child.name, arguments, port=child.port, cwd=settings.output, env=dict(self.environment)
        )
        self.group.wait_ready(again)
        control.save_running(settings.state, replace(self.running, code=code))

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return self.running.url

    @property
    def fastapi_url(self) -> str:
        """Address of FastAPI itself."""
        return f"http://127.0.0.1:{self.running.ports.fastapi}"

    @property
    def django_url(self) -> str:
        """Address of Django itself."""
        return f"http://127.0.0.1:{self.running.ports.django}"


@contextlib.contextmanager
def started(
    settings: Config, *, port: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """Both sides and the gateway, up; stopped at the end whatever happens.

    Raises :class:`EnvironmentProblem` for a busy port, a side that does not start (with the end
    of its log), or another ``serve`` of the same project.
    """
    gateway_port(settings, port)
    read_snapshot(settings)  # a project that cannot be served is left as it is: the lock is a file
    with alone(settings), _started(settings, port, environment) as service:
        yield service


@contextlib.contextmanager
def alone(settings: Config) -> Iterator[None]:
    """Hold what one ``serve`` of a project can have, from its first moment on; the system gives it back when the process ends, however it ends.
    Another one that starts meanwhile would give Envoy its own sides and routes, which both gateways read from the same files."""
    folder = control.folder(settings.state)
    require_writable(settings.state)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _served_already() from None
        yield
    finally:
        os.close(handle)


def _served_already() -> EnvironmentProblem:
    return EnvironmentProblem("This project is being served already.", hint="Stop that `segue serve` first.")


@contextlib.contextmanager
def _started(settings: Config, port: int | None, environment: Mapping[str, str] | None) -> Iterator[Service]:
    listen = gateway_port(settings, port)
    snapshot, book = read_snapshot(settings), read_ledger(settings)
    ports = Ports(listen, free_port(), free_port(), free_port())
    rules = control.rules(settings, snapshot, book.entries)
    edge = control.edge(settings)
    if edge.certificate is not None:
        tls.judge(edge.certificate)
    if edge.metrics is not None:
        require_free(edge.metrics.port)
    control.check(rules, ports, edge)
    folder = control.folder(settings.state)
    python = interpreter(settings)
    modern = fastapi_environment(settings)
    base = {**os.environ, **settings.environment, **(environment or {})}
    # A configured command is the project's own words for its root; the built-in ones need manage.py, or the packages beside them.
    home = settings.root if settings.django_command else import_path(settings.root)
    django = {**base, "DJANGO_SETTINGS_MODULE": snapshot.settings.module}
    shared = {
        **base,
        **shared_environment(python, home, snapshot.settings.module, base, routing.replica(snapshot)),
    }
    code = digest.of_code(settings.output, settings.package)
    with Group(folder / "logs") as group:
        legacy = group.start(
            "django",
            sides.django_command(str(python), home, settings.django_command, ports.django),
            port=ports.django,
            cwd=home,
            env=django,
        )
        fastapi = group.start(
            "fastapi",
            sides.fastapi_command(str(modern), settings.package, settings.fastapi_command, ports.fastapi),
            port=ports.fastapi,
            cwd=settings.output,
            env=shared,
        )
        group.wait_ready(legacy)
        group.wait_ready(fastapi)
        control.write_routes(settings.state, rules)
        tapping.put(folder, on=False)  # a `segue shadow` that was killed has left it in
        if edge.certificate is not None:
            tls.put(folder, edge.certificate)
        boot = reload.put_boot(folder, envoy.bootstrap(ports, str(folder), edge))
        gateway = group.start(
            "envoy",
            [
                control.envoy_binary(), "-c", str(boot), "--concurrency", "1", "--disable-hot-restart",
                "--file-flush-interval-msec", "200", "-l", "warning",
            ],
            port=ports.gateway,
            cwd=folder,
            env=base,
        )  # fmt: skip
        group.wait_ready(gateway)
        _wait_routes(ports)
        running = Running(ports, os.getpid(), code, tls=edge.certificate is not None, made=envoy.made())
        control.save_running(settings.state, running)
        try:
            follow_ledger(settings, snapshot, rules, running)
            yield Service(running, group, shared)
        finally:
            control.forget_running(settings.state)


def run(settings: Config, *, port: int | None, shadow: int | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM. FastAPI dying is survived (Django answers); it is started
    again. Django or Envoy dying ends the command with exit code 1. ``shadow`` is the percentage of reads that a process of its own
    compares on both sides (None: as in segue.toml)."""
    ledger.read(settings.ledger_file)
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    with started(settings, port=port) as service:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        console.print(f"Gateway  [bold]{service.url}[/]")
        console.print(f"FastAPI  {service.fastapi_url}/docs")
        console.print(f"Django   {service.django_url}")
        if settings.metrics:
            console.print(f"Metrics  http://{settings.metrics}/metrics")
        console.print(
            "Shift traffic from another terminal: [bold]segue shift ROUTE --to 100[/]. Ctrl-C stops."
        )
        share = settings.shadow_share if shadow is None else shadow
        if share:
            start_shadow(service, settings, share)
        log = access_log.file(control.folder(settings.state))
        certificate = control.edge(settings).certificate
        seen = tls.stamp(certificate) if certificate is not None else ()
        told = ""
        toml = Written(settings)
        while not stopping:
            time.sleep(0.2)
            if toml.anew():
                follow_limits(settings, service.running)
            if certificate is not None and tls.stamp(certificate) != seen:
                seen = _renew(settings, certificate, service.running.ports)
            tapping.sweep(control.folder(settings.state))
            if settings.log_size:
                told = _rotate(log, service.running.ports, settings.log_size, told)
            for child in service.group.dead():
                if child.name == "shadow":
                    service.group.children.remove(child)
                    console.print(
                        f"[yellow]Live reads are no longer compared: see {child.log}.[/] Serving goes on."
                    )
                elif child.name == "fastapi":
                    console.print("[yellow]FastAPI stopped; Django answers its reads. Starting it again.[/]")
                    service.restart(child, settings)
                else:
                    raise EnvironmentProblem(
                        f"{child.name} stopped (exit code {child.process.returncode}).",
                        hint=f"See {child.log}.",
                    )
    console.print("Stopped.")
    return 0


class Written:
    """Whether somebody has written ``segue.toml``, and has ended: an editor that makes it empty first, or writes it in pieces, leaves what can be read
    in between and has none of the limits."""

    def __init__(self, settings: Config) -> None:
        self._file = settings.folder / FILE_NAME
        self._known = self._last = self._stamp()

    def anew(self) -> bool:
        """Since it was last said. It has been the same twice when it is said."""
        now, before = self._stamp(), self._last
        self._last = now
        if now == self._known or now != before:
            return False
        self._known = now
        return True

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size


def follow_limits(settings: Config, running: Running) -> None:
    """Let the gateway ask of the sides what ``segue.toml`` says now: ``gateway.django``, ``gateway.fastapi`` and ``patience``. A file that cannot be
    read changes nothing."""
    try:
        if reload.follow(settings.state, running.ports, control.edge(load(settings.folder))):
            console.print("The limits of the sides have changed and are in use.")
    except SegueError as error:
        console.print(
            f"[yellow]segue.toml has changed and is not in use, the limits stay:[/] {escape(str(error))}",
            soft_wrap=True,
        )


def _rotate(log: Path, ports: Ports, megabytes: int, told: str) -> str:
    """Begin the log anew if it is large. What keeps it from that (a folder that may no longer be written) is said once, ``told`` being
    what was said last: it is no reason to end serving."""
    try:
        access_log.rotate(log, ports, megabytes * 1_000_000)
        return ""
    except OSError as error:
        said = f"{log} cannot be begun anew and grows: {error.strerror}."
        if said != told:
            console.print(f"[yellow]{escape(said)}[/]", soft_wrap=True)
        return said


def _renew(settings: Config, certificate: tls.Certificate, ports: Ports) -> tuple[int, ...]:
    """Give Envoy the files that have changed; what cannot be used (a key that is yet to come) leaves the old certificate in use."""
    seen = tls.stamp(certificate)
    try:
        tls.judge(certificate)
        # Envoy takes fewer kinds of keys than Python, and says so in its log only.
        control.check([], ports, Edge(certificate=certificate))
        tls.put(control.folder(settings.state), certificate)
        console.print("The certificate has changed and is in use.")
    except EnvironmentProblem as error:
        console.print(
            f"[yellow]The certificate has changed and cannot be used, the old one stays:[/] {escape(str(error))}",
            soft_wrap=True,
        )
    return seen


def start_shadow(service: Service, settings: Config, share: int) -> Child:
    """Start ``segue shadow`` beside the service; it may end without ending the service."""
    command = [sys.executable, "-m", "segue", "shadow", "-C", str(settings.folder), "--share", str(share)]
    child = service.group.start("shadow", command, port=0, cwd=settings.folder, env=os.environ)
    console.print(f"{share} % of the reads are compared on both sides: {child.log}", soft_wrap=True)
    return child


def follow_ledger(settings: Config, snapshot: Snapshot, rules: list[Rule], running: Running) -> None:
    """Serve as the ledger says now: since ``rules`` were made of it, a command may have changed it that found no gateway to tell."""
    with ledger.locked(settings.state, wait=30.0):
        wanted = control.rules(settings, snapshot, read_ledger(settings).entries)
        if wanted != rules:
            control.swap(settings.state, wanted, running)


def fastapi_environment(settings: Config) -> Path:
    """The generated project's own environment: its dependencies and the bridge, no Django."""
    return ensure_environment(settings.state / "venv", requirements(settings.output))


def requirements(output: Path, *more: str) -> list[str]:
    """What the generated project depends on, with the bridge (and its extras, and those of ``more``) as this version of Segue has it."""
    import tomllib

    file = output / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentProblem(
            f"{file} cannot be read: {error}.", hint="Run `segue generate` first."
        ) from error
    wanted = [str(d) for d in project.get("dependencies", [])]
    others = [d for d in wanted if not _BRIDGE.match(d)]
    extras = next((found[1] or "" for d in wanted if (found := _BRIDGE.match(d))), "")
    named = [name for name in extras.strip("[]").split(",") if name]
    extras = ",".join([*named, *more])
    return [bridge_requirement(f"[{extras}]" if extras else ""), *others]


_BRIDGE = re.compile(r"segue[-_]bridge(\[[^\]]*\])?")


def gateway_port(settings: Config, port: int | None) -> int:
    """The port to listen on, ``port`` before that of segue.toml, 0 for any free one. Raises :class:`EnvironmentProblem` for a
    busy one, and where this project is being served already."""
    wanted = settings.gateway_port if port is None else port
    if control.find_running(settings.state) is not None:
        raise _served_already()
    if wanted:
        require_free(wanted)
    return wanted or free_port()


def _wait_routes(ports: Ports, timeout: float = 10.0) -> None:
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        if control.active_version(ports):
            return
        time.sleep(0.01)
    raise EnvironmentProblem(
        "Envoy did not load its routes.", hint="See the log in .segue/gateway/logs/envoy.log."
    )
