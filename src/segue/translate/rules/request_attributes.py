"""``request.project = project`` in a view's method, and ``request.project`` in what it calls afterwards."""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refusal, Refused
from segue.translate.context import Context
from segue.translate.interp import carried
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import PUT, Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, EarlyRequest, Instance, Request, Scalar, User
from segue.translate.middleware.request import RESERVED
from segue.translate.rules import request_state
from segue.translate.rules.given_attributes import gives, gives_so_far, note_put, why_lost
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.request_state import given_too
from segue.translate.views.rules.around import ATTRIBUTES, LATE, looked_at

# What DRF's and Django's requests have themselves, or Django's and widespread middleware gives them.
_OF_FRAMEWORKS = frozenset(
    {
        "user", "auth", "data", "DATA", "FILES", "POST", "GET", "META", "COOKIES", "QUERY_PARAMS", "query_params", "method",
        "version", "versioning_scheme", "parsers", "authenticators", "negotiator", "parser_context", "content_type", "stream",
        "successful_authenticator", "accepted_renderer", "accepted_media_type", "force_plaintext_errors", "is_form_media_type",
        "path", "path_info", "body", "headers", "session", "site", "scheme", "encoding", "resolver_match", "urlconf",
        "upload_handlers", "content_params", "csrf_processing_done", "csrf_cookie_needs_update", "current_app", "current_page",
        "LANGUAGE_CODE", "auser", "scope", "environ", "accepted_types", "is_secure", "is_ajax", "get_host", "get_port", "htmx",
        "build_absolute_uri", "get_full_path", "get_signed_cookie", "accepts", "read", "readline", "close",
        "otp_device", "limited", "axes_locked_out", "csp_nonce", "waffles", "waffle_tests", "readlines",
    }
)  # fmt: skip
# What packages' middleware gives requests, of names that projects use themselves.
_OF_PACKAGES = frozenset({"id", "tenant", "toolbar", "sentry", "user_agent"})
_GIVES_NONE = ("django.middleware.", "django.contrib.", "corsheaders.", "whitenoise.")
# Django's and DRF's own, and those of their middleware.
_PRIVATE = RESERVED | frozenset(
    {
        "_account_login_accessed", "_authenticate", "_authenticator", "_cache_update_cache", "_check_data_too_big",
        "_client_cache", "_code_cache", "_content_type", "_cors_enabled", "_csp_nonce", "_default_negotiator", "_file", "_files",
        "_get_files", "_load_data_and_files", "_load_stream", "_login_stage", "_multipart_parser_class", "_not_authenticated",
        "_parse", "_parsed_accept_list", "_post", "_post_parse_error", "_pos", "_read", "_readline", "_set_post",
        "_supports_form_parsing", "_supports_param_parsing", "_view_cls_wrapper", "_history_user", "_change_reason", "_hasattr",
    }
)  # fmt: skip


class Missing(Refused):
    """``request.x`` where nothing has put it there: an ``AttributeError`` in Django."""

    def __init__(self, refusal: Refusal, attr: str) -> None:
        super().__init__(refusal)
        self.attr = attr


@method(Request, "__setattr__")
def put(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A local, and known to what is translated afterwards. Raises ``Refused`` where the flow is not plain."""
    assert isinstance(owner.kind, Request)
    attr, value = str(getattr(call.args[0].kind, "value", "")), call.args[1]
    text = f"request.{attr}"
    if given_too(frame, attr) and not owner.kind.raw:
        if f"{attr} {LATE}" in looked_at(frame.ctx):
            why = "A middleware reads its own once the view has answered."
            raise frame.refuse("assign-attribute", text, why, call.node)
        request_state.put(frame, attr, value, call)
        return const(None)
    if owner.kind.raw or (attr != "user" and _is_known(frame, attr)):
        raise frame.refuse("assign-attribute", text, "Django or DRF may look at it themselves.", call.node)
    if not note_put(frame.ctx, attr):
        why = "Other code asks whether the request has that, and may run before; give it a name of its own."
        raise frame.refuse("assign-attribute", text, why, call.node)
    flow = carried.flow(frame.ctx)
    of_method = frame.scope is not None and not frame.no_hoist and _at_top(frame, attr)
    if attr == "user" or flow is None or not of_method or frame.hint == "permissions" or attr in flow.stored:
        if attr != "user" and gives(frame.ctx, attr, in_order=True) is not False:
            raise frame.refuse(
                "assign-attribute", text, "Middleware may have put it there as well.", call.node
            )
        request_state.put(frame, attr, value, call)
        return const(None)
    if not isinstance(value.kind, Const | Scalar | Instance | User) or value.node is None:
        raise frame.refuse("assign-attribute", text, "Segue does not know what is put there.", call.node)
    kind = widen(value.kind)
    local = _settled(frame, attr, value)
    frame.env[PUT + carried.parameter(attr)] = Val(kind, local)
    known = carried.on_request(frame.ctx)
    known[attr] = join(known[attr], kind) if attr in known else kind
    return const(None)


def _at_top(frame: Frame, attr: str) -> bool:
    """Whether all statements of the function that put ``attr`` anywhere stand in no branch and no loop, so that a local holds it."""
    definition = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    puts = [
        n
        for n in ast.walk(definition)
        if isinstance(n, ast.Attribute) and n.attr == attr and isinstance(n.ctx, ast.Store)
    ]
    top = [n for s in getattr(definition, "body", []) if isinstance(s, ast.Assign) for n in ast.walk(s)]
    return not frame.loops and all(any(n is t for t in top) for n in puts)


def _settled(frame: Frame, attr: str, value: Val) -> ast.expr:
    """A name that holds the value for the rest of the function: its own where it is bound once."""
    node = value.node
    assert node is not None
    if isinstance(node, ast.Constant):
        return node
    tree = ast.parse(textwrap.dedent(frame.function.source))
    if isinstance(node, ast.Name):
        legacy = next((k for k, v in frame.env.items() if v.node is not None and v.text == node.id), "")
        times = sum(
            (isinstance(n, ast.Name) and n.id == legacy and not isinstance(n.ctx, ast.Load))
            or (isinstance(n, ast.arg) and n.arg == legacy)
            for n in ast.walk(tree)
        )
        if legacy and times <= 1:
            return node
    known = frame.env.get(PUT + carried.parameter(attr))
    local = (
        known.node.id
        if known is not None and isinstance(known.node, ast.Name) and known.node.id == carried.parameter(attr)
        else frame.fresh(carried.parameter(attr))
    )
    frame.emit(f"{local} = {value.text}")
    frame.forget(local)
    return name(local)


def _is_known(frame: Frame, attr: str) -> bool:
    kept = frame.ctx.memo.get(ATTRIBUTES)
    return (
        not attr.isidentifier()
        or attr.startswith("__")
        or attr in _PRIVATE
        or _of_frameworks(frame.ctx, attr)
        or (isinstance(kept, dict) and attr in kept)
    )


@attribute(Request, "*")
def read(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """What was put there; a parameter in a function that did not do it itself."""
    assert isinstance(owner.kind, Request)
    if owner.kind.raw:
        return None
    here = held(frame, attr)
    if here is not None:
        return here
    kind, flow = carried.on_request(frame.ctx).get(attr), carried.flow(frame.ctx)
    if flow is not None and attr in flow.stored:
        return request_state.read(frame, attr, node)
    if kind is None:
        if _is_known(frame, attr):
            return None
        why = why_lost(frame.ctx, attr) or "Nothing that Segue sees puts this on the request."
        raise Missing(frame.refuse("request", f"request.{attr}", why, node).refusal, attr)
    if frame.scope is not None or not isinstance(kind, Const | Scalar | Instance | User):
        raise frame.refuse("request", f"request.{attr}", "It is put there in some branches only.", node)
    text, imports = annotation(frame.ctx, kind)
    if carried.parameter(attr) not in frame.state_used:
        frame.use(*imports)
    return frame.extra_state(carried.parameter(attr), lambda: text, kind)


def held(frame: Frame, attr: str) -> Val | None:
    """What this function itself has put there on each way to this place; None where that is not certain."""
    here = frame.env.get(PUT + carried.parameter(attr))
    return here if here is not None and isinstance(here.kind, Const | Scalar | Instance | User) else None


def by_middleware(frame: Frame, owner: Val, attr: str) -> bool | None:
    """Whether a request of this route has an attribute of middleware; None where that is not certain, or it is Django's."""
    if not isinstance(owner.kind, Request | EarlyRequest) or attr in carried.on_request(frame.ctx):
        return None
    if isinstance(owner.kind, EarlyRequest):
        given = gives_so_far(frame.ctx, attr)
    else:
        given = gives(frame.ctx, attr, in_order=request_state.in_order(frame.ctx))
    return None if given is False and _of_frameworks(frame.ctx, attr) else given


def _of_frameworks(ctx: Context, attr: str) -> bool:
    """Whether Django, DRF or a package's middleware may give requests an attribute of that name."""
    if attr in _OF_PACKAGES:
        return not all(
            entry.startswith(_GIVES_NONE) or _is_own(ctx, entry) for entry in ctx.snapshot.settings.middleware
        )
    return attr in _OF_FRAMEWORKS


def _is_own(ctx: Context, entry: str) -> bool:
    """Whether a middleware is the project's: what it gives is seen in its source."""
    known = ctx.snapshot.classes.get(entry)
    return entry in ctx.snapshot.functions or (known is not None and known.origin == "own")


__all__ = ["Missing", "by_middleware", "held"]
