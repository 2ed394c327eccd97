"""``rest_framework.reverse.reverse`` with a name and the request: the same ``Link`` as hyperlinked fields use."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Request, Scalar
from segue.translate.rules.registry import function
from segue.translate.views.links import link


@function("rest_framework.reverse.reverse")
def reverse(frame: Frame, call: CallSite) -> Val | None:
    """``reverse("api-books", request=request)``; URL arguments are not translated here."""
    call.only("viewname", "request", at_most=1)
    view = call.argument(0, "viewname")
    request = call.kwargs.get("request")
    if view is None or not isinstance(view.kind, Const) or not isinstance(view.kind.value, str):
        raise frame.refuse("hyperlink", ast.unparse(call.node), "The name of the URL is computed.", call.node)
    if request is None or not isinstance(request.kind, Request) or request.kind.raw:
        raise frame.refuse("hyperlink", ast.unparse(call.node), "Without a request of DRF.", call.node)
    imported = link(frame.ctx, view.kind.value, frozenset(), frame.function.where)
    frame.use(imported)
    return Val(Scalar("str"), quote("{0}.url({1})", name(imported.name), frame.state("call")))
