"""Branches of code that only reads otherwise: where one writes, or calls what Segue does not know, Django does such a request.

``if not self.phases.exists(): return Phase.objects.create(…)`` in a permission, or in a view of GET, runs once in the life
of a row. Nothing is written before it there, so that Django may do the whole request instead. Anywhere else it refuses.
So does a branch of a helper, a model or a receiver that calls another package's code (``if template: return Formatter().parse(…)``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from segue.refusal import Refused
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import quote
from segue.translate.kinds import ViewSelf

LEAVABLE = ("kernel", "leavable")
WRITTEN = ("kernel", "written before")
"""Memo: whether what runs before the view of the route in hand (the project's own authentication, permissions, throttles, ``initial``)
writes something on some way."""
BEHIND = ("middleware", "behind the view")
"""Memo, only while the code of a middleware is translated: whether what comes next runs after the view, so that nothing is left to Django
any more. What stands behind an early ``return self.get_response(request)`` does not."""
_WRITES = frozenset({"create", "save", "get_or_create", "update_or_create", "bulk_create", "delete"})
# What translates the function another way first.
_TRIED_AGAIN = frozenset(
    {"dynamic-keywords", "expression", "values", "aggregate", "getattr", "setattr", "ordering", "date-format", "permission-name"}
)  # fmt: skip


# A call of a package's that has no rule. What a view does itself stays refused: a branch of it may be what it is for.
_UNKNOWN = "unknown-call"


@contextmanager
def leavable(ctx: Context, possible: bool = True) -> Iterator[None]:
    """What is translated inside runs before the request has written anything, or writes nothing otherwise."""
    before = ctx.memo.get(LEAVABLE)
    ctx.memo[LEAVABLE] = possible and not ctx.memo.get(WRITTEN)
    try:
        yield
    finally:
        ctx.memo[LEAVABLE] = before


def may_leave(frame: Frame, body: list[ast.stmt], refused: Refused) -> bool:
    """Whether a branch that is refused may be left to Django."""
    if frame.ctx.memo.get(BEHIND):
        return False
    if not frame.ctx.memo.get(LEAVABLE) or frame.in_atomic or refused.refusal.code in _TRIED_AGAIN:
        return False
    before = [line for lines in (*frame.around, frame.lines) for line in lines]
    if may_write(frame.ctx, before):
        return False
    of_view = frame.receiver is not None and isinstance(frame.receiver.kind, ViewSelf)
    if refused.refusal.code == _UNKNOWN and not of_view and frame.scope is None and not _changes(body):
        return True
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in _WRITES
        for s in body
        for n in ast.walk(s)
    )


def _changes(body: list[ast.stmt]) -> bool:
    """Whether the branch puts anything into an object, so that what was done before it may have been done for it."""
    return any(
        isinstance(n, ast.Attribute | ast.Subscript) and not isinstance(n.ctx, ast.Load)
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


__all__ = ["LEAVABLE", "WRITTEN", "leavable", "leave", "may_leave"]
