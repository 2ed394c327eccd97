"""Lookups through ``__date``, ``__year`` … on date and time columns.

Django computes them in the current time zone; the bridge's helpers do the same.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Scalar
from segue.translate.query.lookups import TABLE, Target

_RESULT = {"date": "date", "time": "time"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """An expression that already has its SQLAlchemy form."""

    node: ast.expr
    nullable: bool = False

    def against(self, frame: Frame, at: ast.AST) -> ast.expr:
        """The form itself."""
        return self.node

    @property
    def key(self) -> str:
        """For :func:`segue.translate.functions.shape.shape_of`."""
        return ast.unparse(self.node)


def compare(
    frame: Frame, on: Target, names: tuple[str, ...], lookup: str, value: Val, at: ast.AST
) -> ast.expr:
    """``column__<names>__<lookup> = value``."""
    if on.type not in ("date", "datetime", "time") or len(names) != 1:
        raise frame.refuse("transform", "__".join(names), f"Transform on a column of type {on.type}.", at)
    transform = names[0]
    if on.type == "date" and transform == "date":
        return TABLE[lookup](frame, on, value, at)
    helper = frame.imported(
        "segue_bridge.db.query", "date_part" if transform not in _RESULT else f"{transform}_of"
    )
    if transform in _RESULT:
        column = quote("{0}({1})", helper, on.column)
    else:
        column = quote("{0}({1}, {2})", helper, on.column, literal(transform))
    result = Target(column, on.field, _RESULT.get(transform, "int"), on.nullable)
    if isinstance(value.kind, Scalar) and value.kind.type == "str" and result.type == "date":
        assert value.node is not None
        value = Val(
            Scalar("date"),
            quote("{0}({1})", frame.imported("segue_bridge.db.coerce", "date_text"), value.node),
        )
    return TABLE[lookup](frame, result, value, at)
