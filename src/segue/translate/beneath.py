"""Where one thing before every route keeps all of a project on Django: what is refused beneath it.

A middleware, the exception handler or a change of Django itself refuses each operation before its own code is looked at. Who
takes it away wants to know what comes next, and whether anything would be native then.
"""

from __future__ import annotations

from dataclasses import replace

from segue.refusal import Refusal, Refused
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.translate.context import Context
from segue.translate.models import translate_models
from segue.translate.views.resources import Facts, translate_route

PASSES = 6
"""How many middleware one behind the other are looked through."""
_OURS = "segue-defect"  # what stumbles where something is missing says nothing of the project


def add(ctx: Context) -> None:
    """Give every refused operation of ``ctx`` the reasons that would come next, behind its own; none becomes native.

    For a program without native operations. The reasons are those of one more translation without the handler, and of more of them
    without the middleware that refused in the one before.
    """
    found: dict[tuple[str, str], dict[Refusal, None]] = {
        (one.route_id, one.method): dict.fromkeys(one.reasons) for one in ctx.program.refused
    }
    accepted = set(ctx.accepted_middleware)
    for _ in range(PASSES):
        accepted |= _middleware(found)
        below = _without(ctx.snapshot, ctx, frozenset(accepted))
        if below is None:
            return
        for one in below.refused:
            told = found.get((one.route_id, one.method))
            if told is not None:
                told.update(dict.fromkeys(r for r in one.reasons if r.code != _OURS))
        if below.native or _middleware(found) <= accepted:
            break
    ctx.program.refused[:] = [
        replace(one, reasons=tuple(found[one.route_id, one.method])) for one in ctx.program.refused
    ]


def _middleware(found: dict[tuple[str, str], dict[Refusal, None]]) -> set[str]:
    return {reason.entry for reasons in found.values() for reason in reasons if reason.entry}


def _without(snapshot: Snapshot, ctx: Context, accepted: frozenset[str]) -> Program | None:
    """The routes alone, as if ``accepted`` did nothing and DRF's own handler answered; None where not even the models are translated."""
    below = Context(snapshot, Program(ctx.program.package), accepted_middleware=accepted, pure=ctx.pure)
    try:
        translate_models(below)
    except Refused:
        return None
    facts = Facts()
    for route in sorted(snapshot.routes, key=lambda r: r.order):
        if route.kind == "drf" and route.own:
            translate_route(below, facts, route)
    return below.program


__all__ = ["PASSES", "add"]
