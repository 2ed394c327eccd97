"""What the rules of aggregates have to know of one sort of aggregate."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import quote
from segue.translate.kinds import Kind, Scalar
from segue.translate.query.computed import totalled

Make = Callable[[Frame, ast.expr | None, bool], ast.expr]


@dataclass(frozen=True, slots=True)
class Sort:
    """``make(frame, column, distinct)`` writes the call, ``kind(frame, column kind, call)`` tells what it gives.

    ``word`` ends the name that Django gives it (``price__sum``). ``floating``: it is made a float. ``steady``: rows that are
    there twice change nothing. ``absent`` writes what the outer join of a row without related ones gives, where that is not NULL;
    ``finish`` what ``default`` makes of it.
    """

    make: Make
    kind: Callable[[Frame, Kind, CallSite], Kind]
    word: str
    floating: bool = False
    steady: bool = False
    absent: Callable[[Frame, ast.expr], ast.expr] | None = None
    finish: Callable[[Frame, ast.expr], ast.expr] | None = None

    def written(self, frame: Frame, node: ast.expr, kind: Kind, column: ast.expr | None) -> ast.expr:
        """The call as what Django answers: an average of numbers as a float, whatever the database makes of that of integers
        (``NumericOutputFieldMixin``)."""
        if not self.floating or kind != Scalar("float", True):
            return totalled(frame, node, kind, column)
        return quote(
            "{0}({1}, {2})",
            frame.imported("sqlalchemy", "cast"),
            node,
            frame.imported("sqlalchemy", "Float"),
        )

    def ended(self, frame: Frame, node: ast.expr) -> ast.expr:
        """With its default."""
        return node if self.finish is None else self.finish(frame, node)


def sql_call(sql: str) -> Make:
    """``func.sum(column)``."""

    def make(frame: Frame, column: ast.expr | None, distinct: bool) -> ast.expr:
        func = frame.imported("sqlalchemy", "func")
        if column is None:
            return quote(f"{{0}}.{sql}()", func)
        if distinct:
            column = quote("{0}.distinct()", column)
        return quote(f"{{0}}.{sql}({{1}})", func, column)

    return make
