"""What round trips have been run, one row a test, kept between runs; and the page that shows them."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("recorded.json")
PAGE = _ROOT / "docs" / "round-trips.md"
_HEAD = """\
# Round trips

What Django and `segue_bridge` must read of each other, as random cases: made by one side, judged by the other or by both. Written by
`python -m bench.roundtrips.run`; the expected values come from {versions} in the same run.

| what | made by | judged by | cases | mismatches | test |
|---|---|---|---:|---:|---|
"""
_NAMES = (
    ("Django", "django"),
    ("DRF", "djangorestframework"),
    ("simplejwt", "djangorestframework-simplejwt"),
    ("Celery", "celery"),
)


def read() -> dict[str, Any]:
    """``wanted``: the names of all rows at the last whole collection; ``rows``: by name, what was run."""
    if not RECORD.is_file():
        return {"wanted": [], "rows": {}}
    found: dict[str, Any] = json.loads(RECORD.read_text())
    return found


def write(known: dict[str, Any]) -> None:
    """In one step: a run that is cut leaves the rows that it has done. Rows of tests that are gone are forgotten."""
    if known["wanted"]:
        known = {**known, "rows": {n: r for n, r in known["rows"].items() if n in known["wanted"]}}
    _replace(RECORD, json.dumps(known, indent=1, sort_keys=True) + "\n")


def page(cases: int) -> tuple[int, int, list[str]]:
    """Write the page: all cases, mismatches, and the names of rows that are missing or too short."""
    known = read()
    rows = known["rows"]
    names = sorted(known["wanted"] or rows, key=lambda n: (n.split("[")[0], rows.get(n, {}).get("what", n)))
    text = _HEAD.format(versions=", ".join(f"{name} {version(package)}" for name, package in _NAMES))
    run = {name: rows[name] for name in names if name in rows}
    for name, row in run.items():
        place = name.split("[")[0].replace("::", " `") + "`"
        text += f"| {row['what']} | {row['made']} | {row['judged']} | {row['cases']} | {row['mismatches']} | {place} |\n"
    total = sum(row["cases"] for row in run.values())
    wrong = sum(row["mismatches"] for row in run.values())
    text += f"\n{len(run)} rows, {total} cases, {wrong} mismatches"
    if run:
        times = sorted(row["at"] for row in run.values())
        text += f"; run from {times[0]} to {times[-1]} UTC"
    text += ".\n"
    missing = [name for name in names if name not in rows]
    if missing:
        text += f"\nNot run yet: {', '.join(f'`{name}`' for name in missing)}.\n"
    _replace(PAGE, text)
    return total, wrong, missing + [name for name, row in run.items() if row["cases"] < cases]


def _replace(file: Path, text: str) -> None:
    made = file.with_name(f".{file.name}.{os.getpid()}")
    made.write_text(text)
    made.replace(file)
