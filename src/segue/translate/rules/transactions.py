"""``transaction.set_rollback(True)`` and ``transaction.get_rollback()``. Source: ``django.db.transaction``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const
from segue.translate.rules.registry import function


@function("django.db.transaction.set_rollback")
def set_rollback(frame: Frame, call: CallSite) -> Val:
    """The innermost block rolls back when it ends."""
    call.only("rollback", "using", at_most=2)
    rollback, using = call.argument(0, "rollback"), call.argument(1, "using")
    if using is not None and not (isinstance(using.kind, Const) and using.kind.value in (None, "default")):
        raise frame.refuse(
            "using", ast.unparse(call.node), "Another database than the default one.", call.node
        )
    if rollback is None or not isinstance(rollback.kind, Const) or not isinstance(rollback.kind.value, bool):
        raise frame.refuse("atomic", ast.unparse(call.node), "Whether it rolls back is computed.", call.node)
    frame.emit(f"{ast.unparse(frame.db)}.set_rollback({rollback.kind.value})")
    return const(None)
