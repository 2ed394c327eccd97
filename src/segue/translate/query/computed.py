"""What the database computes, as Django reads it: decimals, sums of large numbers, durations (``BaseExpression.convert_value``)."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import quote
from segue.translate.kinds import CutMoment, Kind, Scalar

MODULE = "segue_bridge.db.arithmetic"
# Not of keys: ``convert_value`` looks for names that end with IntegerField.
_LARGE = frozenset({"BigIntegerField", "PositiveBigIntegerField"})
_OF_TIME = frozenset({"date", "time", "datetime", "timedelta"})


def settled(frame: Frame, node: ast.expr, kind: Kind) -> ast.expr:
    """A computed decimal as Django has it (``SQLiteNumericMixin``); a column, and anything else, as it is."""
    wide = widen(kind)
    if not isinstance(wide, Scalar) or wide.type != "Decimal" or isinstance(node, ast.Attribute | ast.Tuple):
        return node
    return quote("{0}({1})", frame.imported(MODULE, "numeric"), node)


def computed_kind(kinds: list[Kind]) -> Kind | None:
    """A decimal, where decimals meet whole numbers (``_connector_combinations``); None for all else."""
    found = [widen(kind) for kind in kinds]
    types = {kind.type if isinstance(kind, Scalar) else "" for kind in found}
    if types != {"Decimal", "int"}:
        return None
    return Scalar("Decimal", any(isinstance(kind, Scalar) and kind.nullable for kind in found))


def totalled(frame: Frame, node: ast.expr, kind: Kind, column: ast.expr | None) -> ast.expr:
    """An aggregate of ``column`` as Django has it: PostgreSQL gives ``numeric`` for a sum of 64-bit numbers."""
    wide = widen(kind)
    text = wide.type if isinstance(wide, Scalar) else ""
    if text == "timedelta":
        return quote("{0}({1})", frame.imported(MODULE, "lasting"), node)
    if text == "int" and column is not None and _names_large(frame, column):
        return quote("{0}({1})", frame.imported(MODULE, "whole"), node)
    return settled(frame, node, kind)


def _names_large(frame: Frame, column: ast.expr) -> bool:
    """Whether a column of that name has 64 bits in some model."""
    key = ("computed", "large")
    if key not in frame.ctx.memo:
        frame.ctx.memo[key] = {
            field.attname
            for model in frame.ctx.snapshot.models.values()
            for field in model.fields
            if field.base.rpartition(".")[2] in _LARGE
        }
    large = frame.ctx.memo[key]
    assert isinstance(large, set)
    return any(isinstance(node, ast.Attribute) and node.attr in large for node in ast.walk(column))


def of_time(
    frame: Frame, op: ast.operator, nodes: list[ast.expr], kinds: list[Kind], at: ast.expr
) -> tuple[ast.expr, Kind] | None:
    """A moment and a duration added, the second taken from the first, or the time between two moments; None without any of them.

    Refuses what else is computed of dates and times.
    """
    types = [kind.type if isinstance(kind, Scalar) else "" for kind in kinds]
    if not _OF_TIME.intersection(types):
        return None
    null = any(isinstance(kind, Scalar) and kind.nullable for kind in kinds)
    # What is cut (``TruncDay``) is a text of the zone on SQLite.
    if not any(isinstance(kind, CutMoment) for kind in kinds):
        first, second = nodes
        if types == ["timedelta", "datetime"] and isinstance(op, ast.Add):
            types, first, second = ["datetime", "timedelta"], second, first
        if types == ["datetime", "timedelta"] and isinstance(op, ast.Add | ast.Sub):
            helper = frame.imported(MODULE, "later" if isinstance(op, ast.Add) else "earlier")
            return quote("{0}({1}, {2})", helper, _plain(first), _plain(second)), Scalar("datetime", null)
        if types == ["datetime", "datetime"] and isinstance(op, ast.Sub):
            helper = frame.imported(MODULE, "between")
            return quote("{0}({1}, {2})", helper, _plain(first), _plain(second)), Scalar("timedelta", null)
    raise frame.refuse(
        "expression",
        ast.unparse(at),
        "Segue has no rule for this arithmetic of dates, times or durations.",
        at,
    )


def _plain(node: ast.expr) -> ast.expr:
    """Without the ``literal()`` around a value: the helper gives it the type of the column."""
    match node:
        case ast.Call(ast.Name("literal"), [inner], []):
            return inner
    return node
