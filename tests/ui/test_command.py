"""The command in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.gateway.project import GET, unserved

from segue.commands import ui
from segue.errors import DamagedFile, EnvironmentProblem, UsageError


@contextmanager
def command(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "segue", "ui", "-C", str(folder), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_others_need_the_token_that_is_printed_and_a_signal_ends_it_well(tmp_path: Path) -> None:
    unserved(tmp_path)
    with command(tmp_path, "--host", "0.0.0.0", "--port", "0") as process:
        assert process.stdout is not None
        printed = process.stdout.readline().split()[-1]
        assert "not encrypted" in process.stdout.readline()
        assert process.stdout.readline() == "Ctrl-C stops.\n"
        url, _, token = printed.partition("?token=")
        assert len(token) > 40
        home = url.replace("0.0.0.0", "127.0.0.1")
        with httpx.Client(base_url=home, trust_env=False, timeout=60) as client:
            assert client.get("/").status_code == 401
            entered = client.get(f"/?token={token}", follow_redirects=True)
            assert (entered.status_code, str(entered.url)) == (200, home)
            assert GET in entered.text
            assert "server" not in entered.headers
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert rest.strip().endswith("Stopped.")
        assert token not in rest


def test_what_cannot_be_listened_on_is_told(tmp_path: Path) -> None:
    unserved(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentProblem, match=f"Nothing can listen on 127.0.0.1 port {port}: "):
            ui.run(tmp_path, host="127.0.0.1", port=port, token=False)
    for host in ("no.such.name.invalid", "a" * 70, ""):
        with pytest.raises((UsageError, EnvironmentProblem)):
            ui.run(tmp_path, host=host, port=0, token=False) if host else ui._listening("256.1.1.1", 0)
    (tmp_path / "segue.toml").write_text("[")
    with pytest.raises(DamagedFile, match="is not valid TOML"):
        ui.run(tmp_path, host="127.0.0.1", port=0, token=False)
