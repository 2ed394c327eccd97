"""Exception handlers: the exception they are given, and what DRF's own handler makes of it.

Source: ``rest_framework.views.exception_handler``. Where Django has ``Http404`` and its own ``PermissionDenied``, DRF
answers as for its ``NotFound`` and ``PermissionDenied``, but ``isinstance`` still tells them apart.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, ErrorResponse, Failure, HandlerContext, Request, Scalar
from segue.translate.rules.registry import attribute, function, method

_DRF = "rest_framework.exceptions."
_HTTP404 = ("django.http.response.Http404", "django.http.Http404")
_DJANGO_DENIED = "django.core.exceptions.PermissionDenied"
# Classes of DRF that are one class on both sides, and that nothing of Django becomes.
_SAME = (
    "ValidationError", "ParseError", "AuthenticationFailed", "NotAuthenticated", "MethodNotAllowed", "NotAcceptable",
    "UnsupportedMediaType", "Throttled",
)  # fmt: skip


@function("rest_framework.views.exception_handler")
def exception_handler(frame: Frame, call: CallSite) -> Val:
    """DRF's own handler: the answer, or None for an exception that it does not know."""
    call.only(at_most=2)
    error, context = call.argument(0, "exc"), call.argument(1, "context")
    if (
        error is None
        or not isinstance(error.kind, Failure)
        or context is None
        or not isinstance(context.kind, HandlerContext)
    ):
        raise frame.refuse(
            "exception-handler", ast.unparse(call.node), "It is called with something else.", call.node
        )
    if not error.kind.api:
        return const(None)
    assert error.node is not None
    answer = frame.imported("segue_bridge.http.failures", "answer")
    return Val(ErrorResponse(), quote("{0}({1}, {2})", answer, frame.state("call"), error.node))


def is_a(frame: Frame, error: Val, names: list[str], node: ast.AST) -> Val:
    """``isinstance(exc, …)``: decided, or asked of the same class on the other side."""
    kind = error.kind
    assert isinstance(kind, Failure)
    known = [
        n
        for n in names
        if n.startswith(_DRF)
        or n in _HTTP404
        or n in (_DJANGO_DENIED, "rest_framework.serializers.ValidationError")
    ]
    if not kind.api:
        if len(known) == len(names):
            return const(False)
        raise frame.refuse(
            "exception-handler",
            f"isinstance({', '.join(n.rpartition('.')[2] for n in names)})",
            "The handler looks at exceptions that DRF leaves to Django.",
            node,
        )
    assert error.node is not None
    classes = []
    for name in known:
        last = name.rpartition(".")[2]
        if name in _HTTP404:
            last = "Http404"
        elif last not in _SAME:
            raise frame.refuse(
                "exception-handler",
                f"isinstance({last})",
                "Django's Http404 and PermissionDenied are not of this class, and that is not kept apart here.",
                node,
            )
        classes.append(frame.imported("segue_bridge.errors", last))
    if not classes:
        return const(False)
    wanted: ast.expr = classes[0] if len(classes) == 1 else ast.Tuple(classes, ast.Load())
    return Val(Scalar("bool"), quote("isinstance({0}, {1})", error.node, wanted))


@attribute(Failure, "detail", "wait", "default_detail", "default_code")
def of_failure(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """Attributes that DRF's exceptions have; Django's ``Http404`` has none of them."""
    _narrowed(frame, owner, attr, node)
    assert owner.node is not None
    return Val(Scalar("Any"), ast.Attribute(owner.node, attr, ast.Load()))


@method(Failure, "get_codes", "get_full_details")
def told(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``exc.get_codes()``, ``exc.get_full_details()``."""
    call.only()
    _narrowed(frame, owner, call.name, call.node)
    assert owner.node is not None
    return Val(Scalar("Any"), ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), [], []))


def _narrowed(frame: Frame, owner: Val, attr: str, node: ast.AST) -> None:
    assert isinstance(owner.kind, Failure)
    if not owner.kind.cls or "Http404" in owner.kind.cls:
        raise frame.refuse(
            "exception-handler",
            f"exc.{attr}",
            "Not every exception that comes here has it (Http404 does not).",
            node,
        )


@attribute(ErrorResponse, "data", "status_code")
def of_answer(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``response.data``, ``response.status_code``."""
    assert owner.node is not None
    kind = Scalar("int") if attr == "status_code" else Scalar("Any")
    return Val(kind, ast.Attribute(owner.node, attr, ast.Load()))


@method(ErrorResponse, "__setattr__")
def change(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.status_code = 422``, ``response.data = {…}``."""
    attr, value = call.args
    assert isinstance(attr.kind, Const)
    if attr.kind.value not in ("data", "status_code") or value.node is None or owner.node is None:
        raise frame.refuse(
            "exception-handler",
            f"response.{attr.kind.value}",
            "Segue has no rule for changing this.",
            call.node,
        )
    target = ast.Attribute(owner.node, str(attr.kind.value), ast.Store())
    frame.emit(f"{ast.unparse(target)} = {value.text}")
    return const(None)


@method(HandlerContext, "__getitem__", "get")
def from_context(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``context["request"]``."""
    key = call.args[0]
    if not isinstance(key.kind, Const) or key.kind.value != "request":
        raise frame.refuse("exception-handler", "context", "Only the request is known here.", call.node)
    return Val(Request())
