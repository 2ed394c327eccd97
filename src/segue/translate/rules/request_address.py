"""Where a request went to: ``request.path``, ``get_full_path()``, ``get_host()``, ``scheme``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import EarlyRequest, Request, Scalar
from segue.translate.rules.registry import attribute, method

_COMMON = "django.middleware.common.CommonMiddleware"


@attribute(Request, "path", "path_info")
def path(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.path``; ``request.path_info`` is the same where nothing stands before it."""
    before = frame.ctx.snapshot.settings.values.get("FORCE_SCRIPT_NAME")
    if before is not None and before.data is not None:
        raise frame.refuse("request", f"request.{attr}", "FORCE_SCRIPT_NAME is set.", node)
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), "url_path", ast.Load()))


@attribute(EarlyRequest, "scheme")
@attribute(Request, "scheme")
def scheme(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.scheme``."""
    return Val(Scalar("str"), quote('"https" if {0}.secure else "http"', frame.state("call")))


@method(EarlyRequest, "is_secure")
@method(Request, "is_secure")
def is_secure(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.is_secure()``."""
    call.only(at_most=0)
    return Val(Scalar("bool"), ast.Attribute(frame.state("call"), "secure", ast.Load()))


@method(EarlyRequest, "get_host")
@method(Request, "get_host")
def get_host(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.get_host()``: ``CommonMiddleware`` has asked before, so that the host is an allowed one."""
    call.only(at_most=0)
    if _COMMON not in frame.ctx.snapshot.settings.middleware:
        why = "Without CommonMiddleware it is here that a host which is not allowed is refused."
        raise frame.refuse("request", "request.get_host()", why, call.node)
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), "host", ast.Load()))


@method(EarlyRequest, "get_full_path")
@method(Request, "get_full_path")
def get_full_path(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``request.get_full_path()``."""
    call.only(at_most=0)
    made = frame.imported("segue_bridge.http.urls", "full_path")
    return Val(Scalar("str"), quote("{0}({1})", made, frame.state("call")))


@attribute(EarlyRequest, "content_type")
def content_type(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``request.content_type`` of Django's request, without parameters (DRF's has them)."""
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), "content_type", ast.Load()))
