"""What live reads showed, for people and tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from segue.shadow.tally import Tally


def as_json(tallies: Mapping[str, Tally], refused: Mapping[str, str], share: int) -> dict[str, Any]:
    """The figures per operation."""
    return {
        "share": share,
        "operations": [
            {
                "operation": key, "reads": t.reads, "compared": t.compared, "equal": t.equal, "volatile": t.volatile, "different": t.different,
                "left": t.left, "silent": t.silent, "long": t.long, "crowded": t.crowded, "differing": dict(t.differing), "moving": dict(t.moving),
                "examples": t.examples,
            }
            for key, t in tallies.items()
        ],
        "refused": dict(refused),
    }  # fmt: skip


def show(tallies: Mapping[str, Tally], console: Console) -> None:
    """A table of what was compared, and where the differences are."""
    seen = {key: t for key, t in tallies.items() if t.reads or t.compared or t.silent or t.left or t.long}
    different = sum(t.different for t in seen.values())
    compared = sum(t.compared for t in seen.values())
    colour = "red" if different else "green" if compared else "yellow"
    console.print(
        f"[{colour}]{different} differences[/] in [bold]{compared}[/] live reads of {len(seen)} operations"
    )
    if not compared:
        console.print("[yellow]Nothing was compared: this says nothing about either side.[/]")
    if not seen:
        return
    table = Table(
        "operation", "reads", "compared", "equal", "volatile", "differ", "not compared", "first place",
        box=None, pad_edge=False,
    )  # fmt: skip
    for key, t in seen.items():
        table.add_row(
            escape(key), str(t.reads), str(t.compared), str(t.equal), str(t.volatile),
            f"[red]{t.different}[/]" if t.different else "0", _left(t),
            escape(next((p for p, _ in t.differing.most_common(1)), "")),
        )  # fmt: skip
    console.print(table)


def _left(t: Tally) -> str:
    words = (
        (t.left, "left to Django"), (t.silent, "no answer"), (t.long, "too long"), (t.crowded, "no room"),
    )  # fmt: skip
    return ", ".join(f"{number} {what}" for number, what in words if number)
