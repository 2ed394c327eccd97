"""A denial with a message of the permission's own (:mod:`segue.translate.permissions.own_message`)."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, Object, Scalar
from segue.translate.permissions.own_message import DENIED
from segue.translate.rules.registry import method


@method(Object, DENIED)
def denied(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``call.require(granted, "…")``: as ``permission_denied`` with that message."""
    message = call.args[0]
    granted = call.args[1] if len(call.args) > 1 else const(False)
    text = isinstance(message.kind, Const | Scalar) and (message.kind == Scalar("str") or _is_text(message))
    if not text or message.node is None or granted.node is None:
        raise frame.refuse("permission", ast.unparse(call.node), "Its message is no plain text.", call.node)
    frame.emit(ast.unparse(quote("{0}.require({1}, {2})", frame.state("call"), granted.node, message.node)))
    return const(None)


def _is_text(value: Val) -> bool:
    return isinstance(value.kind, Const) and isinstance(value.kind.value, str)
