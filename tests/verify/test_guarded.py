"""A test runner ends with whoever started it, and is given time to tear down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from segue.errors import EnvironmentProblem
from segue.verify import guarded

# A runner with a worker of its own: both say who they are; the runner needs a moment to take its database away.
RUNNER = """
import os, pathlib, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"])
pathlib.Path("started").write_text(f"{os.getpid()} {worker.pid}")
try:
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    pathlib.Path("torn-down").touch()
"""
# Of a job in the background the shell makes SIGINT ignored, and so it is in all that it starts.
STARTER = """
import os, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from segue.verify import guarded
guarded.run([sys.executable, "-c", sys.argv[1]], cwd=Path("."), env=os.environ, timeout=float(sys.argv[2]))
"""


def _start(folder: Path, timeout: float) -> tuple[subprocess.Popen[bytes], list[int]]:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, RUNNER, str(timeout)], cwd=folder, stderr=subprocess.DEVNULL
    )
    _until(lambda: (folder / "started").is_file() and len((folder / "started").read_text().split()) == 2)
    return starter, [int(pid) for pid in (folder / "started").read_text().split()]


def _until(true: object) -> None:
    end = time.monotonic() + 30
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None], ids=str)
def test_it_is_interrupted_and_nothing_is_left(tmp_path: Path, how: signal.Signals | None) -> None:
    starter, processes = _start(tmp_path, 60 if how else 1.0)
    if how is not None:
        os.kill(starter.pid, how)
    assert starter.wait(30) != 0
    _until((tmp_path / "torn-down").is_file)
    _until(lambda: not any(psutil.pid_exists(pid) for pid in processes))


def test_how_it_ends_is_told(tmp_path: Path) -> None:
    def run(code: str) -> guarded.Ended:
        return guarded.run([sys.executable, "-c", code], cwd=tmp_path, env=os.environ, timeout=30)

    told = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (told.code, told.stdout, told.stderr) == (3, "out\n", "err\n")
    assert run("import os; os.kill(os.getpid(), 9)").code == 128 + 9
    assert run("import sys; sys.exit(len(sys.stdin.read()))").code == 0, "no standard input"
    with pytest.raises(EnvironmentProblem, match="no-such-command cannot be run: No such file"):
        guarded.run(["no-such-command"], cwd=tmp_path, env=os.environ, timeout=30)
