"""A run as people read it in a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segue.verify.evidence import Difference, OperationResult, Report
from segue.verify.report.words import request_line, short, telling


def render(report: Report, console: Console, *, most: int = 6) -> None:
    """Summary, then up to ``most`` differences."""
    operations = len(report.operations)
    rate = f", {report.cases / report.seconds:.0f} per second" if report.seconds else ""
    colour = "green" if not report.different else "red"
    console.print(
        f"[{colour}]{report.different} differences[/] in [bold]{report.cases}[/] cases over {operations} operations"
        f"{f' ({report.seconds:.0f} s{rate})' if report.seconds else ''}"
    )
    if report.tests:
        tests = ", ".join(f"{n} {w}" for w, n in report.tests.items() if n and w != "exit")
        console.print(f"Tests on Django: {tests or 'none ran'}")
        standing = ", ".join(f"{n} {w}" for w, n in report.standing.items() if n)
        console.print(f"Of them: {standing or 'none asked anything'}")
    for note in report.notes:
        console.print(Text(note, style="dim"), soft_wrap=True)
    if report.noise:
        console.print(
            f"[dim]Django differs from itself in {len(report.noise)} places (clocks, random values): compared by form only, listed by --json[/]"
        )
    excess = [o for o in report.operations if o.excess_queries]
    for item in excess[:most]:
        console.print(
            f"[yellow]{item.key}[/] sent up to {item.worst_queries[1]} queries where Django sent {item.worst_queries[0]} "
            f"({item.excess_queries} cases)"
        )
    if report.violations:
        console.print(f"[red]{report.violations} answers that the generated OpenAPI schema does not allow[/]")
        for item in report.operations:
            for violation in item.violations[:most]:
                console.print(
                    Text(f"  {violation.request} {violation.status}: {violation.where}: {violation.what}")
                )
    bad = [o for o in report.operations if o.different]
    if bad:
        table = Table("operation", "cases", "differ", "function", box=None, pad_edge=False)
        for item in bad:
            table.add_row(item.key, str(item.cases), str(item.different), item.function)
        console.print(table)
    alike: dict[tuple[str, str], list[tuple[OperationResult, Difference]]] = {}
    for item in bad:
        for difference in item.differences:
            alike.setdefault((difference.kind, difference.errors[1]), []).append((item, difference))
    ordered = sorted(alike.values(), key=len, reverse=True)
    for group in ordered[:most]:
        show(*group[0], console)
        if len(group) > 1:
            others = ", ".join(dict.fromkeys(item.key for item, _ in group[1:]))
            console.print(f"  [dim]and alike: {others}[/]", highlight=False)
    if len(ordered) > most:
        console.print(f"[dim]{len(ordered) - most} more kinds of difference: see --html or --json[/]")


def show(item: OperationResult, difference: Difference, console: Console) -> None:
    """One difference: the request, what differs, where to look."""
    console.print()
    console.print(Text(request_line(difference), style="bold"))
    console.print(f"  [dim]{difference.what}, as {difference.persona}[/]", highlight=False)
    for number, step in enumerate(difference.sequence, 1):
        query = f"?{step['query']}" if step["query"] else ""
        line = f"  {number}. {step['method']} {step['path']}{query} as {step['persona']} {step['body'][:200]}"
        console.print(Text(line, style="dim"))
    if difference.body and not difference.sequence:
        console.print(Text(f"  {difference.body[:300]}", style="dim"))
    status = (difference.django.get("status"), difference.fastapi.get("status"))
    console.print(f"  Django {status[0]}, FastAPI {status[1]}")
    table = Table("where", "Django", "FastAPI", box=None, pad_edge=False)
    for path, one, other in telling(difference)[:8]:
        table.add_row(f"  {path}", short(one), short(other))
    console.print(table)
    for side, error in zip(("Django", "FastAPI"), difference.errors, strict=True):
        if error:
            console.print(Text(f"  {side} failed: {error}", style="dim"))
    if difference.file:
        console.print(
            f"  [dim]again: segue verify case {difference.file}[/]", highlight=False, soft_wrap=True
        )
    console.print(f"  [dim]FastAPI {item.function}; Django {item.place}[/]")
