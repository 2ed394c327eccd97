"""Rows that a queryset in a local keeps from when it was first evaluated: reading it again asks nothing.

``frame.env`` has the local of the rows under ``#rows:`` and the queryset's own. A function of the project's that is given the queryset
may evaluate it as well; its rows are not at hand here, so that they are read anew, which is refused behind a write.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame
from segue.translate.interp.since import written_since
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, QuerySet

ROWS, GIVEN = "#rows:", "#given:"
_WHY = "Django keeps the rows that were read first, and something may have been written since."


def kept_rows(frame: Frame, value: Val, at: ast.AST) -> Val | None:
    """The local of the rows that ``value`` keeps. Raises ``Refused`` where only another function has them, from before a write."""
    given = frame.env.get(GIVEN + value.text)
    if given is not None and isinstance(given.kind, Const):
        assert isinstance(given.kind.value, int)
        if may_write(frame.ctx, _so_far(frame)[given.kind.value :]):
            raise frame.refuse("read-order", value.text, _WHY, at)
    return frame.env.get(ROWS + value.text)


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
        frame.env.setdefault(GIVEN + value.text, Val(Const(len(_so_far(frame))), name(value.text)))


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


__all__ = ["GIVEN", "ROWS", "forget_rows", "hand_on", "kept_rows"]
