"""JSON lines over the standard streams of a child process."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


class Pipe:
    """Takes standard output for itself: what else prints there goes to the error output."""

    def __init__(self) -> None:
        self._in = sys.stdin.buffer
        self._out = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)

    def read(self) -> Any:
        """The next document; None when whoever started this process is gone."""
        line = self._in.readline()
        return json.loads(line) if line.strip() else None

    def write(self, document: Any) -> None:
        """Send one document."""
        self._out.write(json.dumps(document, default=str).encode() + b"\n")
        self._out.flush()
