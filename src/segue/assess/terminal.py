"""The assessment as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from segue.assess import terminal_blockers
from segue.assess.model import Assessment, Endpoint, short_place

_COLOURS = {"native": "green", "refused": "yellow", "unknown": "dim"}
_BAR = 40
_WIDE = 110  # columns that the table of endpoints needs
_MOST_REASONS = 12


def render(assessment: Assessment, console: Console, *, blockers: bool = False) -> None:
    """Print the summary; with ``blockers`` what stands in the way and what to do about it, and nothing else."""
    _headline(assessment, console)
    if blockers:
        terminal_blockers.render(assessment, console)
        return
    _kinds(assessment, console)
    _endpoints(assessment.own, "Endpoints", console)
    if assessment.plain:
        _endpoints(assessment.plain, "Plain Django views", console)
    _reasons(assessment, console)
    _coupling(assessment, console)
    _waves(assessment, console)
    for warning in assessment.warnings:
        console.print(f"[yellow]note[/] {escape(warning)}")


def _headline(assessment: Assessment, console: Console) -> None:
    total = len(assessment.own)
    console.print()
    console.print(
        f"[bold]{escape(assessment.project)}[/]  Django {assessment.django}, DRF {assessment.drf or '–'}, "
        f"Python {assessment.python}, {', '.join(assessment.databases) or 'no database'}"
    )
    if assessment.translated and total:
        filled = round(_BAR * assessment.native / total)
        bar = Text("█" * filled, style="green") + Text("░" * (_BAR - filled), style="dim")
        share = round(100 * assessment.native / total)
        line = (
            f" {assessment.native} of {total} operations native ({share} %), {assessment.refused} on Django"
        )
        console.print(bar + Text(line))
    else:
        console.print(f"{total} operations")
    others = len(assessment.endpoints) - total
    extra = [
        f"{others} operations of third-party views" if others else "",
        _plain(assessment),
        f"{assessment.models_own} own models of {assessment.models_all}",
    ]
    console.print(f"[dim]{', '.join(part for part in extra if part)}[/]\n")


def _plain(assessment: Assessment) -> str:
    """What is said of plain views: ``7 of 9 operations of plain Django views native; 12 pages, left to Django``."""
    total, pages = len(assessment.plain), assessment.pages
    share = f"{assessment.plain_native} of {total}" if assessment.translated else str(total)
    counted = f"{share} operations of plain Django views{' native' if assessment.translated else ''}"
    left = f"{pages} page{'s' if pages != 1 else ''}, left to Django"
    return "; ".join(part for part in (counted if total else "", left if pages else "") if part)


def _kinds(assessment: Assessment, console: Console) -> None:
    table = Table(title="Operations by kind", title_justify="left", box=None, pad_edge=False)
    table.add_column("kind")
    for name in ("all", "native", "refused"):
        table.add_column(name, justify="right")
    for kind in assessment.kinds:
        table.add_row(kind.kind, str(kind.total), str(kind.native), str(kind.refused))
    console.print(table)
    console.print()


def _endpoints(endpoints: Sequence[Endpoint], title: str, console: Console) -> None:
    if console.width < _WIDE:
        _narrow_endpoints(endpoints, title, console)
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("method")
    table.add_column("route", overflow="fold")
    table.add_column("verdict")
    table.add_column("reason", overflow="fold")
    table.add_column("where", overflow="fold")
    for endpoint in endpoints:
        reason, place = _reason(endpoint)
        colour = _COLOURS[endpoint.verdict]
        table.add_row(
            endpoint.method,
            escape(endpoint.route),
            f"[{colour}]{endpoint.verdict}[/]",
            escape(reason),
            f"[dim]{escape(place)}[/]",
        )
    console.print(table)
    console.print()


def _narrow_endpoints(endpoints: Sequence[Endpoint], title: str, console: Console) -> None:
    """A line per endpoint; the reason and its place below."""
    console.print(f"[italic]{title}[/]")
    for endpoint in endpoints:
        colour = _COLOURS[endpoint.verdict]
        console.print(
            f"[{colour}]{endpoint.verdict:8}[/]{endpoint.method:8}{escape(endpoint.route)}", soft_wrap=True
        )
        if endpoint.reasons:
            reason, place = _reason(endpoint)
            console.print(f"        {escape(reason)}  [dim]{escape(place)}[/]", soft_wrap=True)
    console.print()


def _reason(endpoint: Endpoint) -> tuple[str, str]:
    if not endpoint.reasons:
        return "", short_place(str(endpoint.where))
    first = endpoint.reasons[0]
    more = f" (+{len(endpoint.reasons) - 1})" if len(endpoint.reasons) > 1 else ""
    return f"{first.code}: {first.construct}{more}", short_place(first.place)


def _reasons(assessment: Assessment, console: Console) -> None:
    if not assessment.reasons:
        return
    table = Table(title="What stands in the way", title_justify="left", box=None, pad_edge=False)
    table.add_column("reason", overflow="fold")
    table.add_column("operations", justify="right")
    table.add_column("alone", justify="right")
    table.add_column("places", overflow="fold")
    shown = assessment.reasons[:_MOST_REASONS]
    for group in shown:
        places = group.places[:3]
        more = len(group.places) - len(places)
        text = ", ".join(map(short_place, places)) + (f" and {more} more" if more else "")
        why = f"[bold]{escape(group.code)}[/]\n{escape(group.why)}"
        table.add_row(why, str(group.operations), str(group.unblocks), escape(text))
    console.print(table)
    hidden = len(assessment.reasons) - len(shown)
    note = "alone: operations for which it is the only reason found."
    note += f" {hidden} more reasons, and what to do," if hidden else " What to do:"
    note += " with --blockers."
    console.print(f"[dim]{note}[/]\n")


def _coupling(assessment: Assessment, console: Console) -> None:
    if not assessment.edges:
        return
    edges = sorted(assessment.edges, key=lambda e: (-e.weight, e.source, e.target))[:8]
    text = ", ".join(f"{e.source} → {e.target} ({e.weight})" for e in edges)
    more = len(assessment.edges) - len(edges)
    console.print(f"[bold]Coupling between apps[/]  {escape(text)}{f' and {more} more' if more else ''}")
    if assessment.third_party:
        names = ", ".join(f"{item.distribution} {item.version}".strip() for item in assessment.third_party)
        console.print(f"[bold]Third-party apps[/]  {escape(names)}")
    counts: dict[str, int] = {}
    for effect in assessment.effects:
        counts[effect.kind] = counts.get(effect.kind, 0) + 1
    if counts:
        listed = ", ".join(f"{kind.replace('_', ' ')} {count}" for kind, count in sorted(counts.items()))
        console.print(f"[bold]Effects beyond rows[/]  {listed}")
    console.print()


def _waves(assessment: Assessment, console: Console) -> None:
    table = Table(title="Suggested waves", title_justify="left", box=None, pad_edge=False)
    table.add_column("wave")
    table.add_column("operations", justify="right")
    table.add_column("what", overflow="fold")
    table.add_column("first", overflow="fold")
    for wave in assessment.waves:
        first = ", ".join(f"{e.method} {e.route}" for e in wave.endpoints[:3])
        table.add_row(
            str(wave.number) if wave.number else "–",
            str(len(wave.endpoints)),
            f"[bold]{wave.title}[/]\n{wave.why}",
            f"[dim]{escape(first)}[/]",
        )
    console.print(table)
    console.print()
