"""``segue assess --blockers``: what stands in the way, and what to do about it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segue.assess.model import Assessment, Blocker, short_place

_SHOWN_OPERATIONS = 4
_LONGEST_CONSTRUCT = 90


def render(assessment: Assessment, console: Console) -> None:
    """A paragraph for each blocker, the one that holds most operations back first."""
    if not assessment.blockers:
        console.print("Nothing stands in the way.\n")
        return
    held = sum(1 for e in assessment.own if e.reasons)
    console.print(
        f"[bold]{len(assessment.blockers)} blocker{'s' if len(assessment.blockers) != 1 else ''}[/] hold "
        f"{held} operations back. The number is how many operations have this reason and no other; "
        "behind it another may show.\n"
    )
    for blocker in assessment.blockers:
        console.print(_paragraph(blocker))
        console.print()


def _paragraph(blocker: Blocker) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", width=4)
    table.add_column(overflow="fold")
    construct = " ".join(blocker.construct.split())
    if len(construct) > _LONGEST_CONSTRUCT:
        construct = construct[: _LONGEST_CONSTRUCT - 1] + "…"
    table.add_row(
        f"[bold]{blocker.unblocks}[/]",
        f"[bold]{escape(construct)}[/]  [dim]{escape(short_place(blocker.place))}[/]",
    )
    table.add_row("", f"{escape(blocker.why)} [dim]\\[{escape(blocker.code)}][/]")
    table.add_row("", f"[green]→[/] {escape(blocker.advice)}")
    shown = blocker.operations[:_SHOWN_OPERATIONS]
    more = len(blocker.operations) - len(shown)
    listed = ", ".join(shown) + (f" and {more} more" if more else "")
    table.add_row("", f"[dim]{escape(listed)}[/]")
    return table
