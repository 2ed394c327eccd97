"""Functions of ``typing`` that do nothing when they run."""

from __future__ import annotations

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.rules.registry import function


@function("typing.cast")
def cast(frame: Frame, call: CallSite) -> Val | None:
    """``cast(T, x)`` is ``x``; what the type says is for type checkers."""
    if len(call.raw_args) != 2 or call.node.keywords:
        return None
    return frame.eval(call.raw_args[1])
