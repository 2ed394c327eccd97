"""Locals that a loop makes something else than they begin with, which type checkers have to be told: ``total = 0``, then ``total += price``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, Scalar


def annotate(
    frame: Frame, before: Mapping[str, Val], after: Mapping[str, Val], left: Sequence[Mapping[str, Val]] = ()
) -> None:
    """``total = 0`` → ``total: int | Decimal = 0`` where a round of the loop leaves another type than it found; ``left`` is what the locals
    are where it is left."""
    _annotate_left(frame, before, left)
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


def _annotate_left(frame: Frame, before: Mapping[str, Val], left: Sequence[Mapping[str, Val]]) -> None:
    """``kind = "a"``, and ``kind = None`` before a ``break``."""
    for key, value in before.items():
        kinds = [widen(value.kind), *(widen(env[key].kind) for env in left if key in env)]
        plain = all(k == Const(None) or (isinstance(k, Scalar) and k.type != "Any") for k in kinds)
        if key.startswith("#") or value.node is None or not plain:
            continue
        parts = [set(annotation(frame.ctx, kind)[0].split(" | ")) for kind in kinds]
        every = set().union(*parts)
        known = parts[0] if kinds[0] != Const(None) else {"None", *sorted(every - {"None"})[:1]}
        if every - known:
            _say(frame, frame.renames.get(key, key), *kinds)


def _say(frame: Frame, local: str, *kinds: Kind) -> None:
    """Say it where the local is bound first; not where that stands in a block that is over."""
    for lines in (*frame.around, frame.lines):
        for index, line in enumerate(lines):
            if line.lstrip().startswith((f"{local} = ", f"{local}: ")):
                if line.startswith(f"{local} = "):
                    told = [annotation(frame.ctx, kind) for kind in kinds]
                    frame.use(*(needed for _, imports in told for needed in imports))
                    parts = dict.fromkeys(part for text, _ in told for part in text.split(" | "))
                    types = " | ".join(sorted(parts, key=lambda part: part == "None"))
                    lines[index] = f"{local}: {types}{line.removeprefix(local)}"
                return


__all__ = ["annotate"]
