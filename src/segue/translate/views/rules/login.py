"""``login``, ``logout`` and ``update_session_auth_hash`` (``django.contrib.auth``)."""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate import backends
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, Global, Instance, Request, User
from segue.translate.load.models import concrete
from segue.translate.load.needs import column
from segue.translate.middleware.known import CSRF
from segue.translate.middleware.stack import entries
from segue.translate.middleware.subclasses import extends
from segue.translate.models.classes import PART
from segue.translate.rules import custom_signals
from segue.translate.rules.plain_request import of_plain_view
from segue.translate.rules.registry import function
from segue.translate.rules.user import entity_of
from segue.translate.views import sessions
from segue.translate.views.authentication import base

_AUTH = "django.contrib.auth."
_CHANGES = {"log_in": "in", "log_out": "out"}


@function(f"{_AUTH}login")
def login(frame: Frame, call: CallSite) -> Val:
    """``login(request, user)``: the session is the user's, then ``user_logged_in``."""
    request = _request(frame, call)
    call.only("request", "user", "backend", at_most=3)
    user = _user(frame, call)
    backend = _backend(frame, call, user)
    _say(frame, call, "log_in", user.node, quote("IDENTITY"), backend)
    _send(frame, call, "user_logged_in", request, user)
    return const(None)


@function(f"{_AUTH}logout")
def logout(frame: Frame, call: CallSite) -> Val:
    """``logout(request)``: ``user_logged_out``, then nothing is left of the session."""
    _request(frame, call)
    call.only("request", at_most=1)
    listening = [r for r in frame.ctx.snapshot.receivers if r.signal.rpartition(".")[2] == "user_logged_out"]
    if listening:
        title = f"user_logged_out → {listening[0].function}"
        raise frame.refuse("signal", title, "It is told a user or None, whoever asked.", call.node)
    if of_plain_view(frame, call.args[0]):  # Django tells the receivers who was logged in
        frame.is_async = True
        frame.emit(f"await {ast.unparse(frame.state('call'))}.visitor()")
    _say(frame, call, "log_out")
    return const(None)


@function(f"{_AUTH}update_session_auth_hash")
def stay_logged_in(frame: Frame, call: CallSite) -> Val:
    """``update_session_auth_hash(request, user)``: this session outlives a new password."""
    _request(frame, call)
    call.only("request", "user", at_most=2)
    user = call.argument(1, "user")
    if user is None or not isinstance(user.kind, User) or user.node is None:
        user = _user(frame, call)
    _say(frame, call, "stay_logged_in", user.node, quote("IDENTITY"))
    return const(None)


def _request(frame: Frame, call: CallSite) -> Val:
    request = call.argument(0, "request")
    if request is None or not isinstance(request.kind, Request):
        raise frame.refuse("login", ast.unparse(call.node), "Its first argument is no request.", call.node)
    if request.kind.raw and not of_plain_view(frame, request):
        raise frame.refuse(
            "login",
            ast.unparse(call.node),
            "Given Django's own request, this leaves request.user of DRF's as it was. Give it the request of the view.",
            call.node,
        )
    if frame.no_hoist:
        raise frame.refuse(
            "login",
            ast.unparse(call.node),
            "It is called inside of an expression. Make it a statement of its own.",
            call.node,
        )
    if frame.loops:
        raise frame.refuse(
            "login", ast.unparse(call.node), "Who asks changes from round to round of a loop.", call.node
        )
    return request


def _user(frame: Frame, call: CallSite) -> Val:
    """The user as an entity that is there."""
    user = call.argument(1, "user")
    if user is not None and isinstance(user.kind, User) and user.kind.authenticated:
        user = entity_of(frame, user)
    label = frame.ctx.snapshot.settings.user_model
    if (
        user is None
        or user.node is None
        or not isinstance(user.kind, Instance)
        or user.kind.nullable
        or concrete(frame.ctx, user.kind.model).label != concrete(frame.ctx, label).label
    ):
        raise frame.refuse(
            "login", ast.unparse(call.node), "Segue cannot tell that this is a user who is there.", call.node
        )
    if backends.ties_sessions(frame.ctx):
        column(frame.ctx, user.kind.site, "password")
    return user


def _backend(frame: Frame, call: CallSite, user: Val) -> ast.expr:
    """What the session says of where its user comes from."""
    given = call.argument(2, "backend")
    if given is not None and not (isinstance(given.kind, Const) and given.kind.value in (None, "")):
        if isinstance(given.kind, Const) and isinstance(given.kind.value, str):
            return literal(given.kind.value)
        raise frame.refuse("login", ast.unparse(call.node), "The backend is computed here.", call.node)
    known = backends.names(frame.ctx)
    if len(known) == 1:
        return literal(known[0])
    if (
        PART,
        ("backend", concrete(frame.ctx, frame.ctx.snapshot.settings.user_model).label),
    ) not in frame.ctx.memo:
        raise frame.refuse(
            "login",
            ast.unparse(call.node),
            "Which of AUTHENTICATION_BACKENDS has found the user is not known here.",
            call.node,
        )
    assert user.node is not None
    return quote("{0}({1})", frame.imported("segue_bridge.http.login", "found_by"), user.node)


def _say(frame: Frame, call: CallSite, helper: str, *arguments: ast.expr | None) -> None:
    ctx = frame.ctx
    where = frame.where(call.node)
    if helper == "log_in" and extends(ctx.snapshot, [defined for _, defined in entries(ctx.snapshot)], CSRF):
        why = "The project's own CsrfViewMiddleware writes the cookie of the new token."
        raise frame.refuse("login", ast.unparse(call.node), why, call.node)
    sessions.declare(ctx, where)
    ctx.memo["middleware", "sessions"] = True
    if arguments:
        base(ctx, where)
        frame.use(Import(f"{ctx.program.package}.access", "IDENTITY"))
    made = frame.imported("segue_bridge.http.login", helper)
    parts = [frame.state("call"), *(a for a in arguments if a is not None)]
    frame.is_async = True
    frame.emit(ast.unparse(ast.Await(ast.Call(made, parts, []))))
    if helper in _CHANGES:
        frame.changes_user.add(_CHANGES[helper])


def _send(frame: Frame, call: CallSite, signal: str, request: Val, user: Val) -> None:
    """``signal.send(sender=user.__class__, request=request, user=user)``."""
    assert isinstance(user.kind, Instance)
    from segue.snapshot.model import GlobalRef

    sender = Val(Global(GlobalRef("model", concrete(frame.ctx, user.kind.model).cls)))
    custom_signals.send_all(frame, signal, sender, {"request": request, "user": user}, call)
