"""Branches that write in code that only reads otherwise: where one cannot be translated, Django does such a request.

``if not self.phases.exists(): return Phase.objects.create(…)`` in a permission, or in a view of GET, runs once in the life
of a row. Nothing is written before it there, so that Django may do the whole request instead. Anywhere else it refuses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from segue.refusal import Refused
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import quote

LEAVABLE = ("kernel", "leavable")
_WRITES = frozenset({"create", "save", "get_or_create", "update_or_create", "bulk_create", "delete"})
# What translates the function another way first.
_TRIED_AGAIN = frozenset(
    {"dynamic-keywords", "expression", "values", "aggregate", "getattr", "setattr", "ordering", "date-format", "permission-name"}
)  # fmt: skip


@contextmanager
def leavable(ctx: Context, possible: bool = True) -> Iterator[None]:
    """What is translated inside runs before the request has written anything, or writes nothing otherwise."""
    before = ctx.memo.get(LEAVABLE)
    ctx.memo[LEAVABLE] = possible
    try:
        yield
    finally:
        ctx.memo[LEAVABLE] = before


def may_leave(frame: Frame, body: list[ast.stmt], refused: Refused) -> bool:
    """Whether a branch that is refused may be left to Django."""
    if not frame.ctx.memo.get(LEAVABLE) or frame.in_atomic or refused.refusal.code in _TRIED_AGAIN:
        return False
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _WRITES
        for s in body
        for n in ast.walk(s)
    )


def leave(frame: Frame, refused: Refused) -> None:
    """Emit what sends the request to Django."""
    reason = refused.refusal
    frame.use(Import("segue_bridge.leaving", "left_to_django"))
    place = f"{reason.file.rpartition('/site-packages/')[2]}:{reason.line}"
    frame.emit(f"# {reason.why} ({place})")
    raised = quote("left_to_django({0}, {1})", frame.db, ast.Constant(reason.construct[:60]))
    frame.emit(f"raise {ast.unparse(raised)}")
    frame.alive = False


__all__ = ["LEAVABLE", "leavable", "leave", "may_leave"]
