"""``segue schema check`` of one case, on SQLite and on PostgreSQL, as counts."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segue.environment import uv_binary


def psycopg_folder(folder: Path, python: Path) -> Path:
    """A folder with psycopg for ``python``, to stand on the project's path: most cases have no driver for PostgreSQL."""
    if not folder.is_dir():
        subprocess.run(
            [uv_binary(), "pip", "install", "--quiet", "--target", str(folder), "--python", str(python), "psycopg[binary]"],
            check=True,
        )  # fmt: skip
    return folder


def run_schema(folder: Path, segue: Callable[..., dict[str, Any]], server: str) -> dict[str, Any]:
    """Generate, then check on both databases. Keys ``sqlite`` and ``postgresql``, each with counts and seconds."""
    segue(folder, "generate", "--json")
    out: dict[str, Any] = {}
    for name, where in (("sqlite", ["--sqlite"]), ("postgresql", ["--server", server])):
        begin = time.monotonic()
        found = segue(folder, "schema", "check", "--json", *where)
        out[name] = {
            "tables": found["tables"],
            "refused": len(found["refused"]),
            "differences": len(found["differences"]),
            "autogenerate": len(found["autogenerate"]),
            "own": len(found["drifted"]),
            "seconds": round(time.monotonic() - begin),
        }
    return out
