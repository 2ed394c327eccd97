"""A command that does not outlive this process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.errors import EnvironmentProblem
from segue.verify import guardian

_SCRIPT = Path(guardian.__file__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: ``code`` is 128 + the signal for one that was killed."""

    code: int
    stdout: str
    stderr: str


def run(words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Ended:
    """Run ``words`` in a process group of their own and wait at most ``timeout`` seconds.

    When this process ends, however it does, or is interrupted, or the time is over, the group is interrupted and, if
    that does not help, killed (:mod:`.guardian`). Raises :class:`EnvironmentProblem` for a command that cannot be
    started, and ``subprocess.TimeoutExpired``.
    """
    guard = subprocess.Popen(
        [sys.executable, "-I", str(_SCRIPT), *words], cwd=cwd, env=dict(env), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert guard.stdin is not None
    # communicate() would close the pipe at once.
    pipe, guard.stdin = guard.stdin, None
    try:
        out, err = guard.communicate(timeout=timeout)
    except BaseException:
        pipe.close()
        guard.communicate()
        raise
    finally:
        pipe.close()
    if guard.returncode == 127 and err.startswith(guardian.NOT_STARTED):
        reason = err.removeprefix(guardian.NOT_STARTED).strip()
        raise EnvironmentProblem(f"{words[0]} cannot be run: {reason}.")
    return Ended(guard.returncode, out, err)
