"""The request of a plain view of Django's: ``request.POST``, ``request.FILES``, ``request.body``, ``request.content_type``.

Source: ``django.http.request.HttpRequest``; ``segue_bridge.http.posted``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, QueryParameters, Request, Response, Scalar, UploadedFiles
from segue.translate.rules.registry import attribute, function
from segue.translate.serializers.by_view import current_view

_POSTED = "segue_bridge.http.posted"
TO_LOGIN = "segue.plain.to_login"


def of_plain_view(frame: Frame, owner: Val) -> bool:
    """Whether it is the request of a plain view, and no other."""
    kind = owner.kind
    view = current_view(frame.ctx)
    return isinstance(kind, Request) and kind.raw and view is not None and view.route.kind == "django"


@attribute(Request, "POST")
def post(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.POST``: the fields of a form sent by POST; empty for any other method."""
    if not of_plain_view(frame, owner):
        return None
    return Val(QueryParameters(), _read(frame, "form"))


@attribute(Request, "body")
def body(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.body``: the bytes that were sent."""
    if not of_plain_view(frame, owner):
        return None
    return Val(Scalar("bytes"), _read(frame, "raw_body"))


@attribute(Request, "content_type")
def content_type(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``request.content_type``."""
    if not of_plain_view(frame, owner):
        return None
    return Val(Scalar("str"), ast.Attribute(frame.state("call"), "content_type", ast.Load()))


def plain_files(frame: Frame, owner: Val) -> Val:
    """``request.FILES`` of a plain view."""
    return Val(UploadedFiles(), _read(frame, "files"))


def _read(frame: Frame, helper: str) -> ast.expr:
    frame.is_async = True
    return quote("(await {0}({1}))", frame.imported(_POSTED, helper), frame.state("call"))


@function(TO_LOGIN)
def to_login(frame: Frame, call: CallSite) -> Val:
    """What ``login_required`` and its like answer, written by :mod:`segue.translate.plain.layers`."""
    url, name = call.args[1], call.args[2]
    assert isinstance(url.kind, Const)
    assert isinstance(name.kind, Const)
    parts = [frame.state("call"), literal(url.kind.value)]
    if name.kind.value != "next":
        parts.append(literal(name.kind.value))
    helper = frame.imported("segue_bridge.http.login_redirect", "to_login")
    return Val(Response(302), ast.Call(helper, parts, []))


__all__ = ["body", "content_type", "of_plain_view", "plain_files", "post", "to_login"]
