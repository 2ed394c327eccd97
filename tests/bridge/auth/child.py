"""The other side in a process of its own, with settings of its own: one JSON line in, one out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class Child:
    """``python SCRIPT SETTINGS``, which answers each line of its input. The script is one of this folder, or a path."""

    def __init__(self, script: str | Path, given: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / script), json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, value: Any) -> Any:
        """The answer to one value."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
