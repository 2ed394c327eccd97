"""``super().permission_denied(request, **kwargs)``, ``super().check_permissions(request)``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, Request, Super, ViewSelf
from segue.translate.permissions.access import for_call, required
from segue.translate.rules.registry import framework
from segue.translate.specialise.endpoint import Endpoint


@framework("rest_framework.views.APIView.permission_denied")
def permission_denied(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``APIView.permission_denied``: 401 where nobody is known, else 403 with the permission's message."""
    call.only("message", "code", at_most=3)
    request = call.argument(0, "request")
    if request is None or not isinstance(request.kind, Request):
        raise frame.refuse(
            "permission-denied", ast.unparse(call.node), "Segue does not know this request.", call.node
        )
    passed = dict(call.passed_on.given) if call.passed_on is not None else {}
    parts: list[ast.expr] = []
    for position, key in ((1, "message"), (2, "code")):
        value = call.argument(position, key)
        if value is None:
            value = const(passed.get(key))
        if not isinstance(value.kind, Const) or not (
            value.kind.value is None or isinstance(value.kind.value, str)
        ):
            raise frame.refuse(
                "permission-denied", ast.unparse(call.node), f"Its {key} is no plain text.", call.node
            )
        parts.append(literal(value.kind.value))
    while parts and isinstance(parts[-1], ast.Constant) and parts[-1].value is None:
        parts.pop()
    made = quote("{0}.require(False)", frame.state("call"))
    assert isinstance(made, ast.Call)
    made.args += parts
    frame.emit(ast.unparse(made))
    return const(None)


@framework("rest_framework.views.APIView.check_permissions")
def check_permissions(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``APIView.check_permissions``: what ``get_permissions`` gives, one after another."""
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    request = call.argument(0, "request")
    if (
        not isinstance(kind, ViewSelf)
        or not isinstance(kind.endpoint, Endpoint)
        or request is None
        or not isinstance(request.kind, Request)
    ):
        raise frame.refuse(
            "check-permissions", ast.unparse(call.node), "Segue does not know this request.", call.node
        )
    lines, imports = required(kind.endpoint)
    frame.use(*imports)
    for line in lines:
        frame.emit(for_call(frame, line))
        frame.is_async = frame.is_async or "await " in line
    return const(None)
