"""``request.data["x"] = …`` and ``request.data.pop("x")``: later reads of ``request.data`` see the body changed.

What a form does then is the business of ``segue_bridge.schema.data.FormData``; a body that is no object fails on
both sides.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Payload, Scalar
from segue.translate.rules.registry import method

_PLAIN = ("str", "int", "float", "bool", "Any")


@method(Payload, "__setitem__")
def set_item(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.data["x"] = value``."""
    key, value = call.args
    plain = isinstance(value.kind, Const) or (isinstance(value.kind, Scalar) and value.kind.type in _PLAIN)
    if owner.node is None or key.node is None or value.node is None or not plain:
        raise frame.refuse(
            "assign-item", ast.unparse(call.node), "Only plain values are put into the body.", call.node
        )
    target = ast.Subscript(owner.node, key.node, ast.Store())
    frame.emit(f"{ast.unparse(target)} = {value.text}")
    return Val(Const(None))


@method(Payload, "pop")
def pop(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.data.pop("x")`` and ``request.data.pop("x", default)``."""
    call.only(at_most=2)
    parts = [v.node for v in call.args if v.node is not None]
    if owner.node is None or not parts or len(parts) != len(call.args):
        raise frame.refuse("request-data", ast.unparse(call.node), "The key has no form.", call.node)
    made = ast.Call(ast.Attribute(owner.node, "pop", ast.Load()), list(parts), [])
    return Val(Scalar("Any"), frame.hoist("taken", made, call.node))


@method(Payload, "copy")
def copy(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``data.copy()``: a body of its own, which can be changed (``QueryDict.copy``); one that is no object fails on both
    sides."""
    call.only(at_most=0)
    if owner.node is None:
        raise frame.refuse("request-data", ast.unparse(call.node), "The body has no form here.", call.node)
    return Val(Payload(), ast.Call(ast.Attribute(owner.node, "copy", ast.Load()), [], []))
