"""``faults.md``: the faults by kind, and what was not found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PAGE, RECORDED, EXPLAINED = HERE / "faults.md", HERE / "recorded.json", HERE / "explained.toml"
_INTRODUCTION = """\
# Seeded faults

Written by `python -m bench.faults.run`; do not edit. One fault at a time is put into the generated code (its syntax tree is changed in one place), and `segue verify explore`
asks both sides about the operations that run the changed code, at most six of them, until they differ or one sends more queries.

**How long.** Each operation gets as many cases as in 120 s of a whole run with two processes on an idle machine: the speed is measured in processor time on the whole project. {speeds}.
Asking just the operations concerned is no advantage: their cases depend on the seed and on themselves, not on which others are asked; sequences with other operations are
missing, which makes it harder.

**Which faults.** Random samples (seed {seed}) of the places where a kind fits, drawn anew for this run. The *fresh* kinds were written when explore was finished; what an earlier run with other samples did
not find of them has since been made part of explore, as a class (rows, bodies, words of the code, rates), so they are fresh as places only. Faults that keep the code from loading are not counted. Places where
a fault provably changes nothing are not seeded: by the rules of `bench/faults/invisible.py`, which look at the code alone (table below). No fault is taken out of the sample by hand. There are none of mails, tasks, caches or
receivers: none of these projects' native operations has any (they are tested in `tests/verify`).
"""


def page(recorded: Mapping[str, Any], explained: Mapping[str, str]) -> str:
    """The whole page. ``explained``: kind and place without its line → why it cannot be seen."""
    every = [
        {**result, "case": case}
        for case, entry in recorded.items()
        for result in entry.get("results", {}).values()
        if result["verdict"] != "broken"
    ]
    speeds = "; ".join(
        f"{c}: {e['per_second']} cases/s per process, {e['each']} per operation" for c, e in recorded.items()
    )
    seed = ", ".join(sorted({str(e.get("seed", "")) for e in recorded.values()}))
    lines = [_INTRODUCTION.format(speeds=speeds, seed=seed)]
    lines += [
        "| faults | seeded | found | rate | cannot be seen | rate without them |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    groups = [
        ("fresh kinds", [r for r in every if r["fresh"]]),
        ("known kinds, fresh sample", [r for r in every if not r["fresh"]]),
        *((case, [r for r in every if r["case"] == case]) for case in recorded),
        ("**all**", every),
    ]
    lines += [_row(name, these, explained) for name, these in groups if these]
    lines += [
        "",
        "| kind | | seeded | found | cases until found, median | most |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for kind in sorted({r["kind"] for r in every}, key=lambda k: (":" not in k, k)):
        these = [r for r in every if r["kind"] == kind]
        cases = sorted(r["cases"] for r in these if r["verdict"] == "found")
        told = (str(cases[len(cases) // 2]), str(cases[-1])) if cases else ("–", "–")
        label = "fresh" if these[0]["fresh"] else "known"
        lines.append(f"| {kind} | {label} | {len(these)} | {len(cases)} | {told[0]} | {told[1]} |")
    lines += ["", "## Not found", ""]
    lines += [
        "*Equivalent* faults change nothing that any client or database could see, *SQLite* ones nothing on that database; the reasons were read from the code, not "
        "proven. The others are gaps.", "",
        "| project | fault | where | why |", "|---|---|---|---|",
    ]  # fmt: skip
    for r in every:
        if r["verdict"] != "found":
            lines.append(f"| {r['case']} | {r['kind']} | `{r['place']}` | {explained.get(key(r), '')} |")
    lines += ["", "## Not seeded, by rule", "", "| project | kind and rule | places |", "|---|---|---:|"]
    for case, entry in recorded.items():
        lines += [
            f"| {case} | {rule} | {count} |" for rule, count in sorted(entry.get("left_out", {}).items())
        ]
    return "\n".join(lines) + "\n"


def key(result: Mapping[str, Any]) -> str:
    """Kind and place without the line, which moves."""
    return f"{result['kind']} {result['place'].rpartition(':')[0]}"


def _row(name: str, these: Iterable[Mapping[str, Any]], explained: Mapping[str, str]) -> str:
    these = list(these)
    found = sum(r["verdict"] == "found" for r in these)
    same = sum(
        r["verdict"] != "found" and explained.get(key(r), "").startswith(("Equivalent", "SQLite"))
        for r in these
    )
    rest = len(these) - same
    return f"| {name} | {len(these)} | {found} | {found / len(these):.1%} | {same} | {found / rest if rest else 1:.1%} |"
