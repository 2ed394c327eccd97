"""Locals that a loop makes something else than they begin with, which type checkers have to be told: ``total = 0``, then ``total += price``."""

from __future__ import annotations

from collections.abc import Mapping

from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Scalar


def annotate(frame: Frame, before: Mapping[str, Val], after: Mapping[str, Val]) -> None:
    """``total = 0`` → ``total: int | Decimal = 0`` where a round of the loop leaves another type than it found."""
    for key, value in before.items():
        there, now = after.get(key), frame.env.get(key)
        if key.startswith("#") or there is None or now is None or value.node is None:
            continue
        if (
            now.kind != Scalar("Any")
            or not isinstance(value.kind, Scalar)
            or not isinstance(there.kind, Scalar)
        ):
            continue
        if value.kind == there.kind or "Any" in (value.kind.type, there.kind.type):
            continue
        _say(frame, frame.renames.get(key, key), value.kind, there.kind)


def _say(frame: Frame, local: str, *kinds: Scalar) -> None:
    """Say it where the local is bound first; not where that stands in a block that is over."""
    for lines in (*frame.around, frame.lines):
        for index, line in enumerate(lines):
            if line.lstrip().startswith((f"{local} = ", f"{local}: ")):
                if line.startswith(f"{local} = "):
                    told = [annotation(frame.ctx, kind) for kind in kinds]
                    frame.use(*(needed for _, imports in told for needed in imports))
                    types = " | ".join(dict.fromkeys(text for text, _ in told))
                    lines[index] = f"{local}: {types}{line.removeprefix(local)}"
                return


__all__ = ["annotate"]
