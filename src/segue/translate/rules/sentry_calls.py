"""``sentry_sdk.capture_exception(error)`` and ``capture_message(…)``: the service tells Sentry as well, where it is told of one.

They reach no answer and no row. Without ``sentry_sdk.init`` in the service they do nothing (docs/bridge/trace.md).
"""

from __future__ import annotations

import ast

from segue.translate import distributions
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Raised
from segue.translate.rules.registry import function

_TEXTS = ("level",)


@function("sentry_sdk.api.capture_exception", "sentry_sdk.capture_exception")
def capture_exception(frame: Frame, call: CallSite) -> Val | None:
    """With the error that a handler has caught, or without one."""
    call.only("error", at_most=1)
    error = call.argument(0, "error")
    if error is not None and not (isinstance(error.kind, Raised) and error.node is not None):
        return None
    return _call(frame, call, "capture_exception", [error] if error is not None else [])


@function("sentry_sdk.api.capture_message", "sentry_sdk.capture_message")
def capture_message(frame: Frame, call: CallSite) -> Val | None:
    """With a text and a level that are written there."""
    call.only("message", *_TEXTS, at_most=2)
    given = [value for value in (call.argument(0, "message"), call.argument(1, "level")) if value is not None]
    if not all(isinstance(v.kind, Const) and isinstance(v.kind.value, str) for v in given):
        return None
    return _call(frame, call, "capture_message", given)


def _call(frame: Frame, call: CallSite, short: str, given: list[Val]) -> Val:
    if not distributions.of_module(frame.ctx.snapshot, "sentry_sdk"):
        why = "Segue does not know which release of sentry-sdk the service would need."
        raise frame.refuse("unknown-global", short, why, call.node)
    parts = [value.node for value in given if value.node is not None]
    return Val(Const(None), ast.Call(frame.imported("sentry_sdk", short), parts, []))


__all__ = ["capture_exception", "capture_message"]
