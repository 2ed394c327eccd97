"""MariaDB for tests and measurements: the machine's, else that of Debian's package, which is unpacked and not installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.debian import CACHE, unpacked
from tests.services import NOBODY, free_port

PACKAGE = "mariadb-server-core"
_TABLES = ("mysql_system_tables.sql", "mysql_system_tables_data.sql", "mysql_performance_tables.sql")


@dataclass(frozen=True)
class Maria:
    """A running server. Its only user is ``root``, without a password, from this machine."""

    port: int
    log: Path

    def url(self, database: str) -> str:
        """The address that the generated side takes."""
        return f"mysql://root@127.0.0.1:{self.port}/{database}"

    def django(self, database: str) -> dict[str, Any]:
        """Django's entry of ``DATABASES``."""
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": database,
            "USER": "root",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def create(self, name: str, collation: str = "utf8mb4_general_ci") -> str:
        """Make an empty database and return its address."""
        import pymysql

        with contextlib.closing(pymysql.connect(host="127.0.0.1", port=self.port, user="root")) as connection:
            connection.cursor().execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE {collation}")
        return self.url(name)


@dataclass(frozen=True)
class _Program:
    """``server`` is the program, ``base`` the folder that has its ``share``, ``libraries`` those it may lack on this machine."""

    server: Path
    base: Path
    libraries: tuple[Path, ...]

    def command(self, data: Path, *options: str) -> list[str]:
        # MariaDB refuses to run as root unless it is told whom to become
        user = ["--user=nobody"] if os.getuid() == 0 else []
        share = self.base / "share" / "mysql"
        if not share.is_dir():
            share = self.base / "share" / "mariadb"
        return [
            *(str(self.server), "--no-defaults", f"--basedir={self.base}", f"--datadir={data}"),
            *(f"--lc-messages-dir={share}", "--innodb-log-file-size=8M", *user, *options),
        ]

    @property
    def environment(self) -> dict[str, str]:
        paths = [*map(str, self.libraries), os.environ.get("LD_LIBRARY_PATH", "")]
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(p for p in paths if p)}


def _program() -> _Program:
    found = shutil.which("mariadbd")
    if found and (Path(found).resolve().parents[1] / "share" / "mysql" / _TABLES[0]).is_file():
        return _Program(Path(found), Path(found).resolve().parents[1], ())
    base = unpacked(PACKAGE) / "usr"
    return _Program(base / "sbin" / "mariadbd", base, tuple(base.glob("lib/*-linux-gnu")))


@pytest.fixture(scope="session")
def maria() -> Iterator[Maria]:
    """A MariaDB."""
    with running_maria() as server:
        yield server


@contextlib.contextmanager
def running_maria(*options: str) -> Iterator[Maria]:
    """Start it in a temporary folder on a free port; stopped and removed at the end. ``options`` as on its command line.

    Raises ``RuntimeError`` with its log where it does not start.
    """
    program = _program()
    folder = Path(tempfile.mkdtemp(prefix="segue-maria-"))
    data = folder / "data"
    data.mkdir()
    if os.getuid() == 0:
        folder.chmod(0o755)
        for path in (folder, data):
            os.chown(path, NOBODY, NOBODY)
    log = folder / "log"
    process = None
    try:
        _install(program, data, log)
        port = free_port()
        with log.open("ab") as output:
            process = subprocess.Popen(
                program.command(
                    data, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}",
                    "--skip-log-bin", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve", *options,
                ),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=program.environment,
            )  # fmt: skip
        _wait(process, port, log)
        yield Maria(port, log)
    finally:
        if process is not None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _install(program: _Program, data: Path, log: Path) -> None:
    """What ``mariadb-install-db`` does, which asks for more of the machine (host names, PAM) than a test needs."""
    share = program.base / "share" / "mysql"
    texts = [(share / name).read_text(encoding="utf-8") for name in _TABLES]
    # one statement a line: its reader ends one at ";" and the end of the line only
    statements = "create database mysql;\nuse mysql;\nSET @auth_root_socket=NULL;\n" + "".join(texts)
    with log.open("ab") as output:
        done = subprocess.run(
            program.command(data, "--bootstrap", "--log-warnings=0", "--enforce-storage-engine=", "--max_allowed_packet=8M"),
            input=statements.encode(), stdout=output, stderr=subprocess.STDOUT, env=program.environment, check=False, timeout=120,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"MariaDB could not make its own tables:\n{log.read_text()}")


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 1) as connection,
        ):
            connection.settimeout(5)
            if connection.recv(1):  # its greeting
                return
        time.sleep(0.05)
    raise RuntimeError(f"MariaDB did not start within a minute:\n{log.read_text()}")


def mysqlclient() -> Path:
    """The folder of the driver that Django documents (PyPI has no wheel of it): built once, by the C compiler of the machine and
    Debian's header files. Raises ``RuntimeError`` where it cannot be built."""
    folder = CACHE / f"mysqlclient-py{sys.version_info.major}.{sys.version_info.minor}"
    if not folder.exists():
        headers = unpacked("libmariadb-dev") / "usr"
        (libraries,) = headers.glob("lib/*-linux-gnu")
        environment = {
            **os.environ,
            "MYSQLCLIENT_CFLAGS": f"-I{headers / 'include' / 'mariadb'}",
            "MYSQLCLIENT_LDFLAGS": f"-L{libraries} -lmariadb -Wl,-rpath,{libraries}",
        }
        with tempfile.TemporaryDirectory(dir=CACHE) as made:  # several test processes may do it at once
            command = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                made,
                "mysqlclient>=2.2",
            ]
            if subprocess.run(
                [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
            ).returncode:
                command = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", made, "--python", sys.executable, "mysqlclient>=2.2"]  # fmt: skip
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, check=False, timeout=300
            )
            if done.returncode:
                raise RuntimeError(
                    f"mysqlclient could not be built (it needs a C compiler):\n{done.stderr[-3000:]}"
                )
            with contextlib.suppress(OSError):  # another one was quicker
                os.rename(made, folder)
                Path(made).mkdir()
    return folder
