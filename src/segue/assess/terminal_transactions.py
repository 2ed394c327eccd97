"""Transactions of both sides as a person reads them in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from segue.assess.model import short_place
from segue.assess.transaction_places import Found
from segue.assess.transactions import Boundaries


def render(found: Sequence[Boundaries], notes: Sequence[str], console: Console) -> None:
    """An operation per paragraph, those that differ first, then what holds for all."""
    differ = sum(bool(b.differs) for b in found)
    console.print(
        f"[bold]{len(found)}[/] operations write or have to do with transactions; "
        f"[{'red' if differ else 'green'}]{differ}[/] have on one side what the other has not"
    )
    for one in sorted(found, key=lambda b: not b.differs):
        colour = "red" if one.differs else "bold"
        console.print(
            f"[{colour}]{one.method}[/] {one.route}{': ' + ', '.join(one.differs) if one.differs else ''}",
            highlight=False,
        )
        for who, side in (("Django", one.django), ("FastAPI", one.generated)):
            text = "stays on Django" if side is None else _told(side)
            console.print(Text(f"  {who:8}{text}", style="dim" if side is None else ""), soft_wrap=True)
    for line in notes:
        console.print(Text(line, style="dim"), soft_wrap=True)


def _told(side: Found) -> str:
    parts = ["one transaction per request"] if side.whole else []
    for what, places in (
        ("block", side.blocks), ("lock", side.locks), ("on commit", side.hooks), ("by hand", side.marks),
        ("in the request's transaction" if side.whole else "committed at once", side.alone),
    ):  # fmt: skip
        if places:
            parts.append(f"{what}: {', '.join(map(short_place, places))}")
    return "; ".join(parts) or "nothing"
