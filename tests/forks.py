"""A Python process that is started once and forked for every piece of code: each begins with the same imports done.

Starting Django or SQLAlchemy takes a second; a fork takes some milliseconds, and what one piece of code changes in the
process the next does not see.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

SERVER = """
import io, json, os, sys, traceback

def serve():
    given, answers = sys.stdin.buffer, os.dup(1)
    os.dup2(2, 1)  # what the code prints is no answer
    while True:
        line = given.readline()
        if not line:
            return
        code = given.read(int(line))
        read, write = os.pipe()
        child = os.fork()
        if not child:
            os.close(read)
            try:
                names = {"__name__": "__main__"}
                exec(compile(code, "<asked>", "exec"), names)
                found = {"result": names["result"]}
            except BaseException:
                found = {"error": traceback.format_exc()}
            with os.fdopen(write, "w") as out:
                json.dump(found, out)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as out:
            text = out.read()
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = text or json.dumps({"ended": ended}).encode()
        os.write(answers, b"%d\\n" % len(text))
        while text:
            text = text[os.write(answers, text):]

serve()
"""


class Ended(Exception):
    """The code ended its process by itself: ``code`` is what it exited with, negative for a signal."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Forks:
    """``start`` is run once, in an environment ``environment``; :meth:`run` forks from there."""

    def __init__(self, start: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", start + SERVER],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, code: str) -> Any:
        """What ``code`` assigns to ``result``, through JSON. Raises AssertionError with its traceback, and Ended."""
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None
        assert answers is not None
        raw = code.encode()
        given.write(b"%d\n" % len(raw) + raw)
        given.flush()
        line = answers.readline()
        assert line, "the process that runs the code has ended"
        found = json.loads(answers.read(int(line)))
        assert "error" not in found, found["error"]
        if "ended" in found:
            raise Ended(found["ended"])
        return found["result"]

    def close(self) -> None:
        """End the process."""
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None
        assert answers is not None
        given.close()
        self._process.wait(20)
        answers.close()
