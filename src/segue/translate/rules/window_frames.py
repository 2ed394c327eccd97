"""``RowRange(start, end)``, ``ValueRange(start, end)``: which rows around its own a window looks at.

Source: ``django.db.models.expressions.WindowFrame``, ``BaseDatabaseOperations.window_frame_rows_start_end``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, Kind
from segue.translate.rules.registry import function
from segue.translate.versions import since

_KEYWORDS = {"RowRange": "rows", "ValueRange": "range_"}


@dataclass(frozen=True, slots=True)
class WindowFrame(Kind):
    """``over(rows=(start, end))``: SQLAlchemy counts them as Django does, None being all there are."""

    keyword: str
    start: int | None
    end: int | None

    def argument(self) -> ast.keyword:
        """The argument of ``over()``."""
        return ast.keyword(self.keyword, literal((self.start, self.end)))


def _frame(frame: Frame, call: CallSite) -> Val:
    short = call.name.rpartition(".")[2]
    call.only("start", "end", at_most=2)
    ends: list[int | None] = []
    for position, key in enumerate(("start", "end")):
        given = call.argument(position, key)
        value = None if given is None else given.kind.value if isinstance(given.kind, Const) else ...
        if value is not None and type(value) is not int:
            raise frame.refuse("window", ast.unparse(call.node), f"Its {key} is computed.", call.node)
        ends.append(value)
    start, end = ends
    if short == "ValueRange" and (start or end):
        raise frame.refuse(
            "window", ast.unparse(call.node), "Django has no such range of values on PostgreSQL.", call.node
        )
    unusual = (start is not None and start > 0) or (end is not None and end < 0)
    backwards = start is not None and end is not None and start > end
    if backwards or (unusual and not since(frame.ctx.snapshot.versions.django, 5, 1)):
        raise frame.refuse("window", ast.unparse(call.node), "Django raises ValueError.", call.node)
    return Val(WindowFrame(_KEYWORDS[short], start, end))


for _name in _KEYWORDS:
    function(f"django.db.models.expressions.{_name}", f"django.db.models.{_name}")(_frame)
