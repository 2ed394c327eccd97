"""``request.tenant = …`` in middleware: kept with the request for what stands further in, or left out where nothing may read it."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    EarlyRequest,
    Instance,
    Kind,
    NextHandler,
    Scalar,
    Unknown,
)
from segue.translate.middleware.request import RESERVED
from segue.translate.rules.given_attributes import (
    HERE,
    LEFT_OUT,
    PERHAPS,
    given_here,
    note_lost,
    perhaps_here,
)
from segue.translate.rules.registry import method
from segue.translate.views.rules.around import ATTRIBUTES, GONE_ON, KEPT, looked_at

_EMPTY = Unknown("empty")
_KEEPS = "Segue keeps plain values, objects and new dicts of plain values."


@method(EarlyRequest, "__setattr__")
def keep(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``call.state`` keeps it. Where only some requests get it, who reads it asks whether it is there. What has no form in the
    service is left out: code that reads it is refused."""
    attr, value = str(getattr(call.args[0].kind, "value", "")), call.args[1]
    text, ctx = f"request.{attr}", frame.ctx
    kept = ctx.memo.get(KEPT)
    if not isinstance(kept, set):
        raise frame.refuse("assign-attribute", text, "Segue keeps only what middleware gives.", call.node)
    if attr in RESERVED:
        raise frame.refuse("assign-attribute", text, "Django or DRF look at it themselves.", call.node)
    known = ctx.memo.setdefault(ATTRIBUTES, {})
    assert isinstance(known, dict)
    kind = _by_key(value)
    if value.node is None or not (isinstance(kind, Scalar | Instance | DictOf) or kind == Const(None)):
        if attr in given_here(ctx) or attr in perhaps_here(ctx):
            raise frame.refuse("assign-attribute", text, _KEEPS, call.node)
        note_lost(ctx, [attr], frame.refuse("assign-attribute", text, _KEEPS, call.node).refusal)
        ctx.memo[LEFT_OUT] = tuple(sorted({*_left_out(frame), attr}))
        return const(None)
    if attr in _left_out(frame):
        raise frame.refuse("assign-attribute", text, "It is a thing elsewhere that is not kept.", call.node)
    joined = join(known[attr], kind) if attr in known else kind
    if isinstance(joined, Unknown) or (joined != known.get(attr) and attr in looked_at(ctx)):
        raise frame.refuse("assign-attribute", text, "It is another thing elsewhere.", call.node)
    known[attr] = joined
    certain = attr in kept or (
        _is_entry(frame) and frame.captured == frame.sure and not frame.loops and not ctx.memo.get(GONE_ON)
    )
    if certain or attr in given_here(ctx):
        ctx.memo[HERE] = tuple(sorted({*given_here(ctx), attr}))
        ctx.memo[PERHAPS] = tuple(sorted({*perhaps_here(ctx)} - {attr}))
    else:
        ctx.memo[PERHAPS] = tuple(sorted({*perhaps_here(ctx), attr}))
    state = quote("{0}.state", frame.state("call"))
    place = ast.unparse(ast.Attribute(state, attr, ast.Store()))
    frame.emit(f"{place} = {value.text}")
    frame.forget(place)
    return const(None)


def _by_key(value: Val) -> Kind:
    """The kind; a new dict of plain values is one by whatever keys: who reads one that is not there has a ``KeyError``, as in Django."""
    kind = widen(value.kind)
    if not isinstance(kind, DictOf):
        return kind
    values = [widen(held) for _, held in kind.items] + ([] if kind.value in (None, _EMPTY) else [kind.value])
    plain = all(isinstance(held, Scalar | Const) for held in values) and kind.key in (None, Scalar("str"))
    made = isinstance(value.node, ast.Dict)  # nobody else has it, and could put more into it
    return DictOf((), Scalar("Any")) if plain and made else Unknown("a dict of objects")


def _is_entry(frame: Frame) -> bool:
    """Whether this is the function that calls ``get_response``, which every request runs."""
    return any(isinstance(value.kind, NextHandler) for value in frame.env.values())


def _left_out(frame: Frame) -> tuple[str, ...]:
    found = frame.ctx.memo.get(LEFT_OUT)
    return found if isinstance(found, tuple) else ()


__all__ = ["keep"]
