"""A child process that is spoken to in JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from segue.errors import EnvironmentProblem

LONGEST = 2000  # characters of its error output that are shown


class Child:
    """Started with ``spec`` as the first line; it ends when its standard input does, so also when this process
    is killed. Its error output goes into an unnamed temporary file."""

    def __init__(
        self, name: str, command: Sequence[str], spec: Any, *, cwd: Path, env: Mapping[str, str]
    ) -> None:
        self.name = name
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._rest = b""
        self._send(spec)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, document: Any, timeout: float = 60.0) -> Any:
        """Its answer to ``document``. Raises :class:`EnvironmentProblem` when it has ended, or takes too long."""
        self._send(document)
        return self.read(timeout)

    def read(self, timeout: float) -> Any:
        """The next document it writes, within ``timeout`` seconds; raises as :meth:`ask` does."""
        until = time.monotonic() + timeout
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._out, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if not waiting.select(max(0.0, until - time.monotonic())):
                    raise self._trouble(f"{self.name} did not answer within {timeout:.0f} s.")
                block = os.read(self._out.fileno(), 1 << 20)
                if not block:
                    raise self._trouble(f"{self.name} stopped.")
                self._rest += block
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    def close(self) -> None:
        """End it: by the end of its input, after ten seconds by force."""
        for stream in (self._in, self._out):
            with contextlib.suppress(BrokenPipeError):  # it has ended already
                stream.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._errors.close()

    def _send(self, document: Any) -> None:
        try:
            self._in.write(json.dumps(document).encode() + b"\n")
            self._in.flush()
        except BrokenPipeError:
            raise self._trouble(f"{self.name} stopped.") from None

    def _trouble(self, message: str) -> EnvironmentProblem:
        self._errors.seek(0)
        text = self._errors.read().decode("utf-8", "replace").strip()
        return EnvironmentProblem(
            message,
            hint="Check that `manage.py check` passes, that the database answers and that the generated code "
            "imports; the lines above are its own.",
            detail=text[-LONGEST:],
        )
