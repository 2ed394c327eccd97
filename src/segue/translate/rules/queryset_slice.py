"""``queryset[0]``, ``queryset[:10]``."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.kept_rows import kept_rows
from segue.translate.interp.since import written_since
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, ListOf, QuerySet, RelatedManager, Scalar
from segue.translate.query.build import limited, limited_again, query_of


def subscript(frame: Frame, owner: Val, node: ast.Subscript) -> Val:
    """One row, or LIMIT/OFFSET."""
    from segue.translate.rules.queryset_evaluate import fetched_rows

    if isinstance(owner.kind, RelatedManager):
        raise frame.refuse("subscript", ast.unparse(node), "A manager has no items.", node)
    query = query_of(owner)
    if (rows := kept_rows(frame, owner, node)) is not None and written_since(frame, rows.text):
        raise frame.refuse(
            "slice",
            ast.unparse(node),
            "The rows were read before, and Django takes it of those; something may have been written since.",
            node,
        )
    if isinstance(node.slice, ast.Slice):
        step = _step(frame, node.slice.step, node)
        if step:
            bare = node.slice.lower is None and node.slice.upper is None
            plain = ast.Subscript(node.value, ast.Slice(node.slice.lower, node.slice.upper), ast.Load())
            some = owner if bare else subscript(frame, owner, ast.copy_location(plain, node))
            rows = fetched_rows(frame, some, node)
            assert rows.node is not None
            return Val(rows.kind, ast.Subscript(rows.node, ast.Slice(step=literal(step)), ast.Load()))
        bounds = [_bound(frame, part) for part in (node.slice.lower, node.slice.upper)]
        if query.sliced:
            low, high = (_constant(frame, bound, node) for bound in bounds)
            return limited_again(frame, owner, low or 0, high, node)
        return limited(frame, owner, bounds[0], bounds[1])
    index = frame.eval(node.slice)
    if not isinstance(index.kind, Const) or not isinstance(index.kind.value, int) or index.kind.value < 0:
        raise frame.refuse("slice", ast.unparse(node), "The index is not a constant.", node)
    at = index.kind.value
    if query.sliced:
        one = limited_again(frame, owner, at, at + 1, node)
    else:
        one = limited(frame, owner, literal(at) if at else None, literal(at + 1))
    rows = fetched_rows(frame, one, node)
    assert rows.node is not None
    assert isinstance(rows.kind, ListOf)
    return Val(rows.kind.item, quote("{0}({1})", frame.imported("segue_bridge.db.reads", "item"), rows.node))


def _step(frame: Frame, part: ast.expr | None, node: ast.Subscript) -> int:
    """The step of a slice, which makes a list of it (``QuerySet.__getitem__``); 0 and None make none."""
    value = None if part is None else frame.eval(part)
    if value is None or (isinstance(value.kind, Const) and value.kind.value in (None, 0)):
        return 0
    if not isinstance(value.kind, Const) or type(value.kind.value) is not int:
        raise frame.refuse("slice", ast.unparse(node), "Its step is not a constant.", node)
    return value.kind.value


def _constant(frame: Frame, bound: ast.expr | None, node: ast.Subscript) -> int | None:
    if bound is None:
        return None
    if not isinstance(bound, ast.Constant) or not isinstance(bound.value, int):
        raise frame.refuse("slice", ast.unparse(node), "A slice of a slice with computed bounds.", node)
    return bound.value


def _bound(frame: Frame, part: ast.expr | None) -> ast.expr | None:
    if part is None:
        return None
    value = frame.eval(part)
    if isinstance(value.kind, Const) and isinstance(value.kind.value, int) and value.kind.value >= 0:
        return value.node
    if isinstance(value.kind, Const) and value.kind.value is None:
        return None
    if isinstance(value.kind, Scalar) and value.kind.type == "int" and not value.kind.nullable:
        raise frame.refuse(
            "slice", ast.unparse(part), "A computed bound may be negative, which Django refuses.", part
        )
    raise frame.refuse("slice", ast.unparse(part), "The bound is not a constant.", part)


__all__ = ["QuerySet"]
