"""``request.tenant = …`` in middleware: kept with the request for what stands further in, or left out where nothing may read it."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import EarlyRequest, Instance, NextHandler, Scalar
from segue.translate.middleware.request import RESERVED
from segue.translate.rules.given_attributes import HERE, LEFT_OUT, given_here
from segue.translate.rules.registry import method
from segue.translate.views.rules.around import ATTRIBUTES, GONE_ON, KEPT


@method(EarlyRequest, "__setattr__")
def keep(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Kept where every request that comes to a view gets it. What only some get, or what has no form in the service, is left
    out: code that reads it is refused."""
    attr, value = str(getattr(call.args[0].kind, "value", "")), call.args[1]
    text, ctx = f"request.{attr}", frame.ctx
    kept = ctx.memo.get(KEPT)
    if not isinstance(kept, set):
        raise frame.refuse("assign-attribute", text, "Segue keeps only what middleware gives.", call.node)
    if attr in RESERVED:
        raise frame.refuse("assign-attribute", text, "Django or DRF look at it themselves.", call.node)
    known = ctx.memo.setdefault(ATTRIBUTES, {})
    assert isinstance(known, dict)
    kind = widen(value.kind)
    certain = attr in kept or (
        _is_entry(frame) and frame.captured == frame.sure and not frame.loops and not ctx.memo.get(GONE_ON)
    )
    if not certain or value.node is None or not isinstance(kind, Scalar | Instance):
        if attr in given_here(ctx):
            why = "Not every request gets it." if not certain else "Segue has no rule for keeping this."
            raise frame.refuse("assign-attribute", text, why, call.node)
        ctx.memo[LEFT_OUT] = tuple(sorted({*_left_out(frame), attr}))
        return const(None)
    if known.setdefault(attr, kind) != kind:
        raise frame.refuse("assign-attribute", text, "It is another thing elsewhere.", call.node)
    ctx.memo[HERE] = tuple(sorted({*given_here(ctx), attr}))
    state = quote("{0}.state", frame.state("call"))
    frame.emit(f"{ast.unparse(ast.Attribute(state, attr, ast.Store()))} = {value.text}")
    return const(None)


def _is_entry(frame: Frame) -> bool:
    """Whether this is the function that calls ``get_response``, which every request runs."""
    return any(isinstance(value.kind, NextHandler) for value in frame.env.values())


def _left_out(frame: Frame) -> tuple[str, ...]:
    found = frame.ctx.memo.get(LEFT_OUT)
    return found if isinstance(found, tuple) else ()


__all__ = ["keep"]
