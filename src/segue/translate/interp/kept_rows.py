"""Rows that a queryset in a local keeps from when it was first evaluated: reading it again asks nothing.

``frame.env`` has the local of the rows under ``#rows:`` and the queryset's own, and under ``#given:`` how many lines there were when it
may first have been evaluated: on some way to here, by a function of the project's that was given it, or under another name of the same queryset
(:mod:`segue.translate.interp.same_set`). Where its rows are not at hand they are read anew, which is refused behind a write.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.snapshot.model import Function
from segue.translate.functions.writing import may_write, may_write_any_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.same_set import held_in, holds_sets, others, places
from segue.translate.interp.since import written_since
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, QuerySet
from segue.translate.load.models import concrete

ROWS, GIVEN = "#rows:", "#given:"
_WHY = "Django keeps the rows that were read first, and something may have been written since."


def kept_rows(frame: Frame, value: Val, at: ast.AST) -> Val | None:
    """The local of the rows that ``value`` keeps. Raises ``Refused`` where they are not at hand and may be from before a write."""
    if isinstance(value.kind, QuerySet) and value.kind.query.anew:
        return None
    here = places(frame, value)
    rows = frame.env.get(ROWS + value.text) if here == {value.text} else None
    if rows is None:
        _check(frame, here, value, at)
    return rows


def _check(frame: Frame, here: set[str], value: Val, at: ast.AST) -> None:
    for place in here:
        given = frame.env.get(GIVEN + place)
        if given is not None and may_write(frame.ctx, _so_far(frame)[_place(given) :]):
            raise frame.refuse("read-order", value.text, _WHY, at)
    unnamed = not here and isinstance(value.kind, QuerySet) and value.kind.query.read
    if unnamed and may_write(frame.ctx, [value.text]):
        raise frame.refuse(
            "read-order", ast.unparse(at) if isinstance(at, ast.expr) else value.text, _WHY, at
        )


def note_rows(frame: Frame, value: Val) -> None:
    """What is said here reads the rows of ``value``, a local or what one holds."""
    if isinstance(value.kind, QuerySet) and value.kind.query.anew:
        return
    for place in places(frame, value):
        for same in (place, *others(frame, place)):
            note_place(frame, same)
            frame.evaluated.append(same)


def note_place(frame: Frame, place: str, lines: int = 0) -> None:
    """What the local ``place`` holds may have been evaluated by here, or in the last so many lines."""
    frame.env.setdefault(GIVEN + place, Val(Const(max(len(_so_far(frame)) - lines, 0)), name(place)))


def evaluated(frame: Frame, value: Val) -> bool:
    """Whether a queryset that ``value`` is, or holds, may have been evaluated on some way to here."""
    return any(begin + place in frame.env for place in held_in(frame, value) for begin in (ROWS, GIVEN))


def earlier(one: Val, other: Val) -> Val:
    """That of two places which comes first."""
    return one if _place(one) <= _place(other) else other


def _place(given: Val) -> int:
    assert isinstance(given.kind, Const)
    assert isinstance(given.kind.value, int)
    return given.kind.value


def forget_rows(frame: Frame, value: Val) -> None:
    """``update()`` and ``delete()`` empty the queryset that they are called on; of other names for it Segue only knows that they may be it."""
    if isinstance(value.kind, QuerySet) and value.kind.query.anew:
        return
    for begin in (ROWS, GIVEN):
        frame.env.pop(begin + value.text, None)
    for place in others(frame, value.text):
        frame.env.pop(ROWS + place, None)


def hand_on(frame: Frame, function: Function, given: dict[str, Val], at: ast.AST) -> None:
    """Note the querysets that ``function`` is given and may evaluate. Raises ``Refused`` where it would read anew what is kept."""
    for parameter, value in given.items():
        if not holds_sets(value.kind) or not places(frame, value):
            continue
        if not _evaluates(function, parameter):
            continue
        rows = frame.env.get(ROWS + value.text)
        if rows is not None and written_since(frame, rows.text):
            raise frame.refuse("read-order", value.text, _WHY, at)
        kept_rows(frame, value, at)
        note_rows(frame, value)


def check_rounds(frame: Frame, lines: list[str], read: list[str], at: ast.AST) -> None:
    """``read`` are locals from before a loop of which ``lines``, its rounds, evaluate the querysets. Raises ``Refused`` where a round may
    write what they show: the next one reads the rows of the first in Django."""
    for local in sorted(set(read)):
        if _changes(frame, lines, local):
            raise frame.refuse("read-order", local, _WHY, at)


def _changes(frame: Frame, lines: list[str], local: str) -> bool:
    """Whether ``lines`` may write what the queryset in ``local`` shows: anything but rows of classes that its statement does not name."""
    held = next(
        (v.kind for v in frame.env.values() if v.text == local and isinstance(v.kind, QuerySet)), None
    )
    said = [line for line in _so_far(frame) if re.match(rf"\s*{re.escape(local)}\b.* = ", line)]
    if held is None or held.query.prefetch or not said:
        return may_write(frame.ctx, lines)
    shown = {
        concrete(frame.ctx, held.query.model).cls.rpartition(".")[2],
        *re.findall(r"\w+", "\n".join(said)),
    }
    return may_write_any_of(frame.ctx, lines, shown)


def _so_far(frame: Frame) -> list[str]:
    return [line for lines in (*frame.around, frame.lines) for line in lines]


def _evaluates(function: Function, parameter: str) -> bool:
    """Whether it does more with the queryset than to call its methods, which make others, and to give it back."""
    tree = ast.parse(textwrap.dedent(function.source))
    harmless = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) or (isinstance(node, ast.Return) and node.value is not None)
    }
    return any(
        isinstance(node, ast.Name)
        and node.id == parameter
        and isinstance(node.ctx, ast.Load)
        and id(node) not in harmless
        for node in ast.walk(tree)
    )


__all__ = [
    "GIVEN",
    "ROWS",
    "check_rounds",
    "earlier",
    "evaluated",
    "forget_rows",
    "hand_on",
    "kept_rows",
    "note_place",
    "note_rows",
]
