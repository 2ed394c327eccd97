"""Lists of which type checkers cannot tell what they will hold: nothing is put into them under their own name."""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import ListOf, Unknown


def annotate(frame: Frame, value: Val) -> None:
    """``x = []`` → ``x: list[Any] = []`` where ``value`` is that empty list."""
    kind, line = value.kind, f"{value.text} = []"
    if isinstance(kind, ListOf) and isinstance(kind.item, Unknown) and line in frame.lines:
        frame.lines[frame.lines.index(line)] = f"{value.text}: list[Any] = []"
        frame.use(Import("typing", "Any"))


__all__ = ["annotate"]
