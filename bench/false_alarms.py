"""Django against itself on real projects: what is reported, and what was learnt. ``python -m bench.false_alarms [CASE ...]``.

The projects are those of :mod:`bench.conformance.run`, with the same ``--projects`` and ``--work``; every DRF
operation of their own takes part, translated or not. Writes ``bench/false_alarms.json`` and ``docs/false-alarms.md``.
A case that is not run keeps its last record. Exit code 1 if any run reports a difference.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.conformance.run import HERE, cases, prepare, segue
from segue.files import write_atomic

RECORD = Path(__file__).with_suffix(".json")
PAGE = HERE.parents[1] / "docs" / "false-alarms.md"
MOST = 40  # lines of one project on the page


def measure(folder: Path, *, seconds: int, count: int) -> dict[str, Any]:
    """``segue verify noise`` on one project. Raises ``RuntimeError`` when it cannot be run."""
    segue(folder, "assess", "--json")
    found = segue(folder, "verify", "noise", "--json", "--seconds", str(seconds), "--cases", str(count))
    asked = [o for o in found["operations"] if o["cases"]]
    return {
        "operations": len(found["operations"]),
        "asked": len(asked),
        "cases": found["cases"],
        "different": found["different"],
        "seconds": round(found["seconds"]),
        "learnt": [
            {"sort": p["sort"], "path": p["path"], "operations": len(p["operations"]), "needs_yes": p["needs_yes"]}
            for p in found["learnt"]
        ],
        "differences": [
            {"operation": o["operation"], "what": d["what"], "kind": d["kind"]}
            for o in found["operations"]
            for d in o["differences"]
        ],
    }  # fmt: skip


def page(record: dict[str, dict[str, Any]]) -> str:
    """``docs/false-alarms.md``."""
    lines = [
        "# Real projects against themselves",
        "",
        "Written by `python -m bench.false_alarms`; do not edit. `segue verify noise` asks Django everything twice, the second time at a "
        "later clock and with unordered rows turned round ([noise](verify/noise.md)). *Differences* are answers and effects that no learnt "
        "rule explains: false alarms. *Places* are what was learnt, the same place of several operations counted once.",
        "",
        "| project | DRF operations | asked | requests compared | differences | places learnt | of them need a yes | seconds |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, item in sorted(record.items()):
        lines.append(
            f"| {name} | {item['operations']} | {item['asked']} | {item['cases']} | {item['different']} | {len(item['learnt'])} | "
            f"{sum(p['needs_yes'] for p in item['learnt'])} | {item['seconds']} |"
        )
    for name, item in sorted(record.items()):
        lines += ["", f"## {name}", ""]
        if not item["learnt"]:
            lines.append("Nothing.")
            continue
        lines += ["| sort | place | operations | needs a yes |", "|---|---|---:|---|"]
        for place in item["learnt"][:MOST]:
            yes = "yes" if place["needs_yes"] else ""
            lines.append(f"| {place['sort']} | `{place['path']}` | {place['operations']} | {yes} |")
        if item["learnt"][MOST:]:
            lines += ["", f"And {len(item['learnt']) - MOST} more, in `bench/false_alarms.json`."]
        lines += [
            f"\nDiffers: {d['operation']}, {d['what']}: `{d['kind']}`" for d in item["differences"]
        ]  # fmt: skip
    missing = sorted(set(cases()) - set(record))
    if missing:
        lines += ["", f"Never run so far: {', '.join(missing)}."]
    return "\n".join([*lines, ""])


def main() -> int:
    """Run the cases named (all by default), record, write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / ".cache" / "conformance")
    parser.add_argument("--projects", type=Path)
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    record: dict[str, dict[str, Any]] = (
        json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    )
    bad = False
    for name, case in cases().items():
        if options.cases and name not in options.cases:
            continue
        folder = prepare(name, case, options.work.resolve(), options.projects)
        if folder is None:
            sys.stderr.write(f"{name}: not run, --projects has no checkout of it\n")
            continue
        record[name] = found = measure(folder, seconds=options.seconds, count=options.count)
        bad |= bool(found["different"])
        sys.stderr.write(f"{name}: {found['different']} differences in {found['cases']} requests\n")
        write_atomic(RECORD, json.dumps(dict(sorted(record.items())), indent=1, ensure_ascii=False) + "\n")
        write_atomic(PAGE, page(record))
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
