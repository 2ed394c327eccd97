"""``request.parser_context["kwargs"]``: what ``APIView.get_parser_context`` gives a request of DRF."""

from __future__ import annotations

import ast

from segue.translate.interp import carried
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Kind, ParserContext, Request, SerializerSelf, UrlArguments, ViewSelf
from segue.translate.rules import request_state
from segue.translate.rules.registry import attribute, method


@attribute(Request, "parser_context")
def parser_context(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Known where the code belongs to one operation: a view's, or a serializer's that is translated for its view."""
    assert isinstance(owner.kind, Request)
    if owner.kind.raw:
        return None
    endpoint = endpoint_of(frame.receiver.kind if frame.receiver is not None else None)
    if endpoint is None and request_state.in_order(frame.ctx):
        endpoint = carried.asked_of(frame.ctx)
    return None if endpoint is None else Val(ParserContext(endpoint))


def endpoint_of(receiver: Kind | None) -> object | None:
    """The operation that a method with this ``self`` is translated for."""
    if isinstance(receiver, ViewSelf):
        return receiver.endpoint  # type: ignore[no-any-return]
    if isinstance(receiver, SerializerSelf):
        return getattr(receiver.use, "view", None)
    return None


@method(ParserContext, "__getitem__", "get")
def entry(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``["kwargs"]``, ``["view"]`` and ``["request"]``."""
    assert isinstance(owner.kind, ParserContext)
    first = call.argument(0)
    key = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    known: dict[object, Kind] = {
        "kwargs": UrlArguments(owner.kind.endpoint),
        "view": ViewSelf(owner.kind.endpoint),
        "request": Request(),
    }
    return Val(known[key]) if key in known else None


@method(ParserContext, "__contains__")
def has_entry(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"view" in request.parser_context``."""
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const):
        return None
    return const(first.kind.value in ("view", "args", "kwargs", "request", "encoding"))
