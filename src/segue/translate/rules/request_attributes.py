"""``request.project = project`` in a view's method, and ``request.project`` in what it calls afterwards."""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refusal, Refused
from segue.translate.interp import carried
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import PUT, Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, EarlyRequest, Instance, Request, Scalar, User
from segue.translate.rules.given_attributes import gives, gives_so_far, note_put
from segue.translate.rules.registry import attribute, method
from segue.translate.views.rules.around import ATTRIBUTES

# What DRF's and Django's requests have themselves, or Django's and widespread middleware gives them.
_OF_FRAMEWORKS = frozenset(
    {
        "user", "auth", "data", "DATA", "FILES", "POST", "GET", "META", "COOKIES", "QUERY_PARAMS", "query_params", "method",
        "version", "versioning_scheme", "parsers", "authenticators", "negotiator", "parser_context", "content_type", "stream",
        "successful_authenticator", "accepted_renderer", "accepted_media_type", "force_plaintext_errors", "is_form_media_type",
        "path", "path_info", "body", "headers", "session", "site", "scheme", "encoding", "resolver_match", "urlconf",
        "upload_handlers", "content_params", "csrf_processing_done", "csrf_cookie_needs_update", "current_app", "current_page",
        "LANGUAGE_CODE", "auser", "scope", "environ", "accepted_types", "is_secure", "is_ajax", "get_host", "get_port", "htmx",
        "build_absolute_uri", "get_full_path", "get_signed_cookie", "accepts", "read", "readline", "close", "tenant", "toolbar",
        "otp_device", "limited", "axes_locked_out", "csp_nonce", "sentry", "id",
        "user_agent", "waffles", "waffle_tests",
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
    if owner.kind.raw or _is_known(frame, attr):
        raise frame.refuse("assign-attribute", text, "Django or DRF may look at it themselves.", call.node)
    if (
        frame.scope is None
        or frame.loops
        or frame.no_hoist
        or frame.hint == "permissions"
        or not carried.is_open(frame.ctx)
    ):
        raise frame.refuse(
            "assign-attribute",
            text,
            "Segue follows what the view's own method puts there, outside of loops and of expressions; put it there in the method itself.",
            call.node,
        )
    if not isinstance(value.kind, Const | Scalar | Instance | User) or value.node is None:
        raise frame.refuse("assign-attribute", text, "Segue does not know what is put there.", call.node)
    if not note_put(frame.ctx, attr):
        why = "Other code asks whether the request has that, and may run before; give it a name of its own."
        raise frame.refuse("assign-attribute", text, why, call.node)
    kind = widen(value.kind)
    local = _settled(frame, attr, value)
    frame.env[PUT + carried.parameter(attr)] = Val(kind, local)
    known = carried.on_request(frame.ctx)
    known[attr] = join(known[attr], kind) if attr in known else kind
    return const(None)


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
        or attr.startswith("_")
        or attr in _OF_FRAMEWORKS
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
    kind = carried.on_request(frame.ctx).get(attr)
    if kind is None:
        if _is_known(frame, attr):
            return None
        why = "Nothing that Segue sees puts this on the request."
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
    given = gives_so_far(frame.ctx, attr) if isinstance(owner.kind, EarlyRequest) else gives(frame.ctx, attr)
    return None if given is False and attr in _OF_FRAMEWORKS else given


__all__ = ["Missing", "by_middleware", "held"]
