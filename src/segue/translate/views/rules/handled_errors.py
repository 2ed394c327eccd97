"""``super().handle_exception(exc)`` in a view's own: DRF's answer, or that of the project's ``EXCEPTION_HANDLER``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import ErrorResponse, Failure, Raised, Response
from segue.translate.rules.failures import made_is_a
from segue.translate.rules.registry import framework
from segue.translate.views.error_handler import has_own

_APIS = (
    "rest_framework.exceptions.APIException", "django.http.response.Http404", "django.core.exceptions.PermissionDenied",
)  # fmt: skip


@framework("rest_framework.views.APIView.handle_exception")
def handle_exception(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Of what was raised, or of an error that the hook has made itself; others go on to Django."""
    call.only(at_most=1)
    error = call.argument(0, "exc")
    if error is None or error.node is None or not isinstance(error.kind, Failure | Raised):
        raise _refused(frame, call, "It is called with something else.")
    if isinstance(error.kind, Raised):
        api = made_is_a(frame, error, list(_APIS))
        if not api and error.kind.cls not in ("Invalid", "django.core.exceptions.ValidationError"):
            raise _refused(frame, call, "Segue does not see what DRF makes of it.")
    else:
        api = error.kind.api
    if has_own(frame.ctx):
        answer = frame.imported("segue_bridge.http.failures", "handle_exception")
        frame.is_async = True
        return Val(Response(), quote("await {0}({1}, {2})", answer, frame.state("call"), error.node))
    if not api:
        frame.emit(f"raise {error.text}")
        frame.alive = False
        return const(None)
    answer = frame.imported("segue_bridge.http.failures", "answer")
    return Val(ErrorResponse(), quote("{0}({1}, {2})", answer, frame.state("call"), error.node))


def _refused(frame: Frame, call: CallSite, why: str) -> Exception:
    return frame.refuse("override-handle-exception", ast.unparse(call.node), why, call.node)
