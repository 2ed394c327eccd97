"""``segue schema check`` of one case and its reverse, on SQLite and on PostgreSQL, as counts."""

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
    """Generate, then check on both databases. Keys ``sqlite`` and ``postgresql``, each with counts and seconds; ``reverse`` in
    each: what Django says of a database that the baseline built (``left``: what it complains of or has still to do)."""
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
            "reverse": _reverse(segue(folder, "schema", "check", "--reverse", "--json", *where)),
        }
    return out


def _reverse(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "marked": found["migrations"],
        "apps_migrated": len(found["made"]),
        "tables_missing": sum(len(tables) for tables in found["missing"].values()),
        "left": sum(len(found[key]) for key in ("pending", "again", "drift", "errors")),
        "rows_missing": sum(len(rows["missing"]) for rows in found["rows"]),
        "rows_surplus": sum(len(rows["surplus"]) for rows in found["rows"]),
    }
