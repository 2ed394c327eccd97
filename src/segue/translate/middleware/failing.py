"""``process_exception``: what a middleware answers in the place of a view that has failed."""

from __future__ import annotations

from segue.refusal import refuse
from segue.snapshot.model import Class
from segue.translate.context import Context
from segue.translate.functions.finish import keep
from segue.translate.functions.lift import Lifted, lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Parameter
from segue.translate.interp.scope import STATE, Scope
from segue.translate.kinds import Const, EarlyRequest, Failure, Kind, Maybe, Response
from segue.translate.middleware.sources import find, tree_of

HOOK = "process_exception"
_IDLE = (
    ["return await get_response(call)"],
    ["response = await get_response(call)", "return response"],
)


def failing(
    ctx: Context, cls: Class | None, request: EarlyRequest, receiver: Kind | None, name: str
) -> Lifted | None:
    """The hook as ``def name(call, error)``, whose None lets the exception go on; None where there is no hook, or it answers
    nothing. Django calls it for what DRF does not answer, outside of the view's transaction. Raises ``Refused``."""
    found = find(ctx.snapshot, cls.name, HOOK) if cls is not None else None
    if cls is None or found is None:
        return None
    tree = tree_of(found)
    names = [a.arg for a in tree.args.args] if tree is not None else []
    if len(names) != 3:
        raise refuse(
            "middleware", found.name, "It does not take the request and the exception alone.", found.where
        )
    made = lift(
        ctx,
        found,
        self_kind=receiver,
        arguments={names[1]: request, names[2]: Failure(False)},
        module_kind="middleware",
        name=f"{name}_exception",
        scope=Scope({"db": "call.db"}),
    )
    if made.returns == Const(None):
        return None
    kind = made.returns.kind if isinstance(made.returns, Maybe) else made.returns
    if not isinstance(kind, Response) or kind.drf:
        raise refuse("middleware", found.name, "Segue does not see what it answers.", found.where)
    if [s.name for s in made.state] not in ([], ["call"]) or len(made.explicit) != 1:
        raise refuse(
            "middleware", found.name, "It needs more than the request and the exception.", found.where
        )
    if made.is_async:
        raise refuse("middleware", found.name, "It asks the database.", found.where)
    keep(ctx, made)
    record, call = record_of(ctx, made), STATE["call"]
    if not any(parameter.name == "call" for parameter in record.parameters):
        record.parameters.insert(0, Parameter("call", lambda: call.annotation))
        record.imports |= call.imports
    return made


def is_idle(ctx: Context, made: Lifted) -> bool:
    """Whether a translated middleware only goes on to the view."""
    return record_of(ctx, made).lines in _IDLE


__all__ = ["HOOK", "failing", "is_idle"]
