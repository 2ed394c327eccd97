"""A run of interleavings as people read it in a terminal, and as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from segue.verify.interleave.evidence import InterleaveReport, Outcome, Result
from segue.verify.interleave.outcome import DEADLOCK
from segue.verify.interleave.words import NAMES

MOST = 6  # results that are shown whole
_WORDS = {
    "serial": "as if one request had waited for the other",
    "lost update": "all requests were told that all is well, and a write is lost",
    "stale answer": "right rows, and an answer that no order of the requests gives",
    "refused": "a request was told no (4xx), as in no order of them",
    "error": "a request was answered with 5xx",
    DEADLOCK: "the requests waited for each other, and PostgreSQL ended one",
}


def as_json(report: InterleaveReport) -> dict[str, Any]:
    """The whole report."""
    return {
        "schedules": report.schedules,
        "alike": sum(r.alike for r in report.compared),
        "different": report.different,
        "kinds": dict(sorted(report.kinds.items())),
        "seconds": round(report.seconds, 1),
        "notes": [*report.notes, *_left_out(report)],
        "results": [_result(r) for r in report.results],
    }


def _left_out(report: InterleaveReport) -> list[str]:
    noisy = sum(r.noisy for r in report.results)
    apart = sum(not r.concurrent and not r.noisy for r in report.results)
    lines = []
    if noisy:
        lines.append(f"groups that Django answers in two ways under one schedule, not compared: {noisy}")
    if apart:
        lines.append(
            f"groups without a common point after the first statement, which ran one after the other only, not counted: {apart}"
        )
    return lines


def _result(result: Result) -> dict[str, Any]:
    data = dataclasses.asdict(result)
    return {**data, "kinds": dict(result.kinds), "different": result.different}


def render(report: InterleaveReport, console: Console) -> None:
    """Figures, what Django itself does to concurrent requests, then differences."""
    colour = "red" if report.different else "green" if report.schedules else "yellow"
    alike = sum(r.alike for r in report.compared)
    console.print(
        f"[{colour}]{report.different} differences[/] in [bold]{report.schedules}[/] schedules of {len(report.compared)} "
        f"groups of requests ({report.seconds:.0f} s); {alike} schedules came out alike one by one"
    )
    if not report.schedules:
        console.print("[yellow]No requests ran at the same time: this says nothing about either side.[/]")
    for kind, count in report.kinds.most_common():
        console.print(f"  {count:5} {kind}: {_WORDS[kind]}", highlight=False)
    for note in [*report.notes, *_left_out(report)]:
        console.print(Text(note, style="dim"), soft_wrap=True)
    _anomalies(report, console)
    for result in [r for r in report.results if r.different][:MOST]:
        show(result, console)


def _anomalies(report: InterleaveReport, console: Console) -> None:
    """What can go wrong on Django: told, no difference."""
    lines = []
    for result in report.results:
        bad = {k: n for k, n in result.kinds.items() if k not in ("serial", "refused") and n}
        if bad and not result.different:
            requests = " with ".join(f"{r.method} {r.path}" for r in result.requests)
            lines.append(f"{requests}: {', '.join(f'{k} in {n}' for k, n in bad.items())} of {result.words}")
    if lines:
        console.print("[yellow]On both sides[/] (Django has it, and FastAPI the same):")
        for line in lines[: 2 * MOST]:
            console.print(Text(f"  {line}"), soft_wrap=True)
        if len(lines) > 2 * MOST:
            console.print(f"  and {len(lines) - 2 * MOST} more groups of requests, with --json")


def show(result: Result, console: Console) -> None:
    """One group of requests that can end on one side as it cannot on the other."""
    console.print()
    for name, request, points in zip(NAMES, result.requests, result.points, strict=False):
        console.print(f"[bold]{name}[/] {request.method} {request.path} ({request.persona})", highlight=False)
        if request.body:
            console.print(Text(f"  {request.body[:300]}"), soft_wrap=True)
        console.print(Text(f"  waits at: {', '.join(points)}", style="dim"), soft_wrap=True)
    for who, outcomes in (("Django", result.only_django), ("FastAPI", result.only_fastapi)):
        for outcome in outcomes[:MOST]:
            console.print(f"[red]only {who}[/] ends as {outcome.kind}: {_WORDS[outcome.kind]}")
            console.print(
                Text(f"  schedule {outcome.words[0]}{_more(outcome)}: {_told(outcome)}"), soft_wrap=True
            )
            for path, mine, others in outcome.against[:3]:
                console.print(
                    Text(f"  {path}: {_short(mine)}; the other side has {_short(others)}"), soft_wrap=True
                )
            if outcome.rows_alike:
                console.print("  the rows are those of the other side", style="dim")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _more(outcome: Outcome) -> str:
    return f" and {len(outcome.words) - 1} others" if len(outcome.words) > 1 else ""


def _told(outcome: Outcome) -> str:
    if outcome.kind == DEADLOCK:
        return DEADLOCK
    told: Mapping[str, Any] = json.loads(outcome.told)
    rows = json.dumps(told["rows"], ensure_ascii=False)
    return f"statuses {', '.join(map(str, outcome.statuses))}; {rows[:600]}"
