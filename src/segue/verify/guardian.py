"""Starts a command and ends it with whoever started this script: ``python -I guardian.py COMMAND …``.

Standard input is a pipe that the starter holds open. When it closes, by will or because the starter was killed, the
command's process group is interrupted as by Ctrl-C, so that a test runner can take its databases away, and killed
``GRACE`` seconds later. Exits as the command did; 127 when it cannot be started, with the reason on standard error.
Imports nothing of Segue: it is started often, and must be there at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 10.0
NOT_STARTED = "guardian: "


def main() -> int:
    """Run the command of the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the pipe counts
    try:
        child = subprocess.Popen(
            sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_as_usual
        )
    except OSError as error:
        sys.stderr.write(f"{NOT_STARTED}{error.strerror}\n")
        return 127
    closed = threading.Event()
    threading.Thread(target=_watch, args=(child.pid, closed), daemon=True).start()
    code = child.wait()
    if closed.is_set():
        _signal(child.pid, signal.SIGKILL)  # its workers
    return code if code >= 0 else 128 - code


def _as_usual() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _watch(group: int, closed: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    closed.set()
    _signal(group, signal.SIGINT)
    time.sleep(GRACE)
    _signal(group, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):  # it has ended
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main())
