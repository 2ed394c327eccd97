"""Rows that a queryset in a local keeps from when it was first evaluated: reading it again asks nothing.

``frame.env`` has the local of the rows under ``#rows:`` and the queryset's own, and under ``#given:`` how many lines there were when it
may first have been evaluated: on some way to here, or by a function of the project's that was given it. Where its rows are not at hand
they are read anew, which is refused behind a write.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.snapshot.model import Function
from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame
from segue.translate.interp.since import written_since
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, QuerySet
from segue.translate.load.models import concrete

ROWS, GIVEN = "#rows:", "#given:"
_WHY = "Django keeps the rows that were read first, and something may have been written since."


def kept_rows(frame: Frame, value: Val, at: ast.AST) -> Val | None:
    """The local of the rows that ``value`` keeps. Raises ``Refused`` where they are not at hand and may be from before a write."""
    rows, given = frame.env.get(ROWS + value.text), frame.env.get(GIVEN + value.text)
    if rows is None and given is not None and may_write(frame.ctx, _so_far(frame)[_place(given) :]):
        raise frame.refuse("read-order", value.text, _WHY, at)
    return rows


def note_rows(frame: Frame, value: Val) -> None:
    """What is said here reads the rows of ``value``, a local."""
    frame.env.setdefault(GIVEN + value.text, Val(Const(len(_so_far(frame))), name(value.text)))


def earlier(one: Val, other: Val) -> Val:
    """That of two places which comes first."""
    return one if _place(one) <= _place(other) else other


def _place(given: Val) -> int:
    assert isinstance(given.kind, Const)
    assert isinstance(given.kind.value, int)
    return given.kind.value


def forget_rows(frame: Frame, value: Val) -> None:
    """``update()`` and ``delete()`` empty the queryset that they are called on."""
    for begin in (ROWS, GIVEN):
        frame.env.pop(begin + value.text, None)


def hand_on(frame: Frame, function: Function, given: dict[str, Val], at: ast.AST) -> None:
    """Note the querysets that ``function`` is given and may evaluate. Raises ``Refused`` where it would read anew what is kept."""
    for parameter, value in given.items():
        if not isinstance(value.kind, QuerySet) or not isinstance(value.node, ast.Name):
            continue
        if not _evaluates(function, parameter):
            continue
        rows = frame.env.get(ROWS + value.text)
        if rows is not None and written_since(frame, rows.text):
            raise frame.refuse("read-order", value.text, _WHY, at)
        kept_rows(frame, value, at)
        note_rows(frame, value)


def check_rounds(frame: Frame, lines: list[str], keys: list[str], at: ast.AST) -> None:
    """``keys`` are those of ``#given:`` that ``lines``, the rounds of a loop, have first read, of querysets from before it. Raises
    ``Refused`` where a round writes such rows: the next one reads those of the first in Django."""
    for key in keys:
        local = key.removeprefix(GIVEN)
        held = next((v for v in frame.env.values() if v.text == local and isinstance(v.kind, QuerySet)), None)
        if held is None or not isinstance(held.kind, QuerySet):
            continue
        cls = re.escape(concrete(frame.ctx, held.kind.query.model).cls.rpartition(".")[2])
        if any(
            re.search(rf"update\({cls}\)|delete_matching\(select\({cls}\)|\b{cls}\(", line) for line in lines
        ):
            raise frame.refuse("read-order", local, _WHY, at)


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


__all__ = ["GIVEN", "ROWS", "check_rounds", "earlier", "forget_rows", "hand_on", "kept_rows", "note_rows"]
