"""Exception handlers: the exception they are given, and what DRF's own handler makes of it.

Source: ``rest_framework.views.exception_handler``. Where Django has ``Http404`` and its own ``PermissionDenied``, DRF
answers as for its ``NotFound`` and ``PermissionDenied``, but ``isinstance`` still tells them apart.
"""

from __future__ import annotations

import ast
import builtins

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import (
    Const,
    ErrorResponse,
    Failure,
    HandledView,
    HandlerContext,
    Raised,
    Request,
    Scalar,
)
from segue.translate.rules.exception_parts import ANY, NOT_PYTHONS, OF_DJANGO, may_have
from segue.translate.rules.exceptions import caught_one
from segue.translate.rules.registry import attribute, function, method

_DRF = "rest_framework.exceptions."
_HTTP404 = ("django.http.response.Http404", "django.http.Http404")
# Classes of ``django.db`` that the bridge has with their hierarchy.
_DATABASE = ("DatabaseError", "DataError", "IntegrityError", "OperationalError")
_DJANGO_DENIED = "django.core.exceptions.PermissionDenied"
_OF_SIMPLEJWT = "rest_framework_simplejwt.exceptions.AuthenticationFailed"
_INVALID_TOKEN = "rest_framework_simplejwt.exceptions.InvalidToken"
# Classes of DRF that are one class on both sides.
_SAME = (
    "ValidationError", "ParseError", "AuthenticationFailed", "NotAuthenticated", "MethodNotAllowed", "NotAcceptable",
    "UnsupportedMediaType", "Throttled", "NotFound", "PermissionDenied",
)  # fmt: skip


@function("rest_framework.views.exception_handler")
def exception_handler(frame: Frame, call: CallSite) -> Val:
    """DRF's own handler: the answer, or None for an exception that it does not know."""
    call.only(at_most=2)
    error, context = call.argument(0, "exc"), call.argument(1, "context")
    if error is not None and isinstance(error.kind, Raised) and context is not None:
        return _of_made(frame, error, call)
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


def _of_made(frame: Frame, error: Val, call: CallSite) -> Val:
    """An error that the handler has made itself: ``exc = NotFound(); return exception_handler(exc, context)``."""
    assert isinstance(error.kind, Raised)
    known = frame.ctx.snapshot.classes.get(error.kind.cls)
    mro = known.mro if known is not None else (error.kind.cls,)
    drf = any(one.startswith(_DRF) for one in mro)
    if error.node is None or not (drf or error.kind.cls in (*_HTTP404, _DJANGO_DENIED)):
        raise frame.refuse(
            "exception-handler", ast.unparse(call.node), "Segue does not see what DRF makes of it.", call.node
        )
    # These get 401 or 403 by what ``APIView.handle_exception`` has put on the one that was raised.
    if any(one.endswith((".NotAuthenticated", ".AuthenticationFailed")) for one in mro):
        raise frame.refuse(
            "exception-handler", ast.unparse(call.node), "Its challenge is that of no request.", call.node
        )
    made = frame.imported("segue_bridge.http.failures", "answer_of")
    return Val(ErrorResponse(), quote("{0}({1}, {2})", made, frame.state("call"), error.node))


@function("rest_framework.views.set_rollback")
def undo(frame: Frame, call: CallSite) -> Val:
    """``set_rollback()``: what the view wrote is undone, where ``ATOMIC_REQUESTS`` holds."""
    call.only()
    frame.emit(
        f"{ast.unparse(frame.imported('segue_bridge.http.failures', 'set_rollback'))}({ast.unparse(frame.state('call'))})"
    )
    return const(None)


def _other(frame: Frame, error: Val, names: list[str], node: ast.AST) -> Val:
    """``isinstance`` of an exception that DRF leaves to Django."""
    if any(n in ("builtins.Exception", "builtins.BaseException") for n in names):
        return const(True)
    found: list[ast.expr] = []
    for one in names:
        if one.startswith(_DRF) or one in (
            *_HTTP404,
            _DJANGO_DENIED,
            "rest_framework.serializers.ValidationError",
        ):
            continue
        if one.removeprefix("django.db.utils.") in _DATABASE:
            found.append(frame.imported("segue_bridge.db.errors", one.rpartition(".")[2]))
            continue
        cls = frame.ctx.snapshot.classes.get(one)
        if cls is not None and f"{_DRF}APIException" in cls.mro:
            continue
        if one.endswith((".DoesNotExist", ".MultipleObjectsReturned")) and not one.startswith("django.core."):
            why = (
                "Those of other models are of the same class in the generated service, and come here as well."
            )
            raise frame.refuse("exception-handler", ast.unparse(node), why, node)
        found.append(ast.parse(caught_one(frame, one, node), mode="eval").body)
    if not found:
        return const(False)
    assert error.node is not None
    wanted: ast.expr = found[0] if len(found) == 1 else ast.Tuple(found, ast.Load())
    return Val(Scalar("bool"), quote("isinstance({0}, {1})", error.node, wanted))


def made_is_a(frame: Frame, error: Val, names: list[str]) -> bool | None:
    """``isinstance(exc, …)`` of an exception that the function has made itself; None where its class is not known."""
    assert isinstance(error.kind, Raised)
    cls = error.kind.cls
    known = frame.ctx.snapshot.classes.get(cls)
    if known is not None:
        mro = set(known.mro)
    elif cls.startswith(_DRF) and cls.removeprefix(_DRF) in _SAME:
        mro = {cls, f"{_DRF}APIException"}
    elif cls in (*_HTTP404, _DJANGO_DENIED, "django.core.exceptions.ValidationError"):
        mro = {cls}
    else:
        return None
    mro |= {"builtins.Exception", "builtins.BaseException"}
    mro |= set(_HTTP404) if mro & set(_HTTP404) else set()
    wanted = {
        f"{_DRF}ValidationError" if n == "rest_framework.serializers.ValidationError" else n for n in names
    }
    return bool(mro & wanted)


def is_a(frame: Frame, error: Val, names: list[str], node: ast.AST) -> Val:
    """``isinstance(exc, …)``: decided, or asked of the same class on the other side."""
    kind = error.kind
    assert isinstance(kind, Failure)
    known = [
        n
        for n in names
        if n.startswith(_DRF)
        or n in _HTTP404
        or n in (_DJANGO_DENIED, _INVALID_TOKEN, "rest_framework.serializers.ValidationError")
    ]
    if not kind.api:
        return _other(frame, error, names, node)
    assert error.node is not None
    if any(n in ("builtins.Exception", "builtins.BaseException") for n in names):
        return const(True)
    _keeps_its_class(frame, names, node)
    if f"{_DRF}APIException" in known:
        return _any_of_drf(frame, error, known)
    classes = []
    for name in known:
        last = name.rpartition(".")[2]
        if name == _INVALID_TOKEN:
            if "AuthenticationFailed" not in kind.without:
                classes.append(frame.imported("segue_bridge.auth.jwt", last))
            continue
        if name in _HTTP404:
            last = "Http404"
        elif name == _DJANGO_DENIED:
            last = "Forbidden"
        if last in kind.without:
            continue
        if last not in (*_SAME, "Http404", "Forbidden"):
            raise frame.refuse(
                "exception-handler", f"isinstance({last})", "Segue does not know this exception.", node
            )
        classes.append(frame.imported("segue_bridge.errors", last))
    if not classes:
        return const(False)
    wanted: ast.expr = classes[0] if len(classes) == 1 else ast.Tuple(classes, ast.Load())
    return Val(Scalar("bool"), quote("isinstance({0}, {1})", error.node, wanted))


def _any_of_drf(frame: Frame, error: Val, known: list[str]) -> Val:
    """``APIException``: all that come here but Django's two, unless they are asked for as well."""
    assert isinstance(error.kind, Failure)
    others = [
        frame.imported("segue_bridge.errors", last)
        for last, asked in (
            ("Http404", any(n in _HTTP404 for n in known)), ("Forbidden", _DJANGO_DENIED in known)
        )
        if not (asked or last in error.kind.without)
    ]  # fmt: skip
    assert error.node is not None
    if not others:
        return const(True)
    wanted: ast.expr = others[0] if len(others) == 1 else ast.Tuple(others, ast.Load())
    return Val(Scalar("bool"), quote("not isinstance({0}, {1})", error.node, wanted))


def _keeps_its_class(frame: Frame, names: list[str], node: ast.AST) -> None:
    """The project's own exceptions of the API are raised as their nearest class of DRF, or as ``APIException``."""
    for dotted, cls in frame.ctx.snapshot.classes.items():
        if f"{_DRF}APIException" not in cls.mro or dotted.startswith(_DRF):
            continue
        if dotted == _INVALID_TOKEN or (dotted == _OF_SIMPLEJWT and dotted not in names):
            continue  # the bridge raises classes of that name, which are DRF's AuthenticationFailed as well
        if dotted in names or any(n in cls.mro and n != f"{_DRF}APIException" for n in names):
            raise frame.refuse(
                "exception-handler",
                f"isinstance({', '.join(n.rpartition('.')[2] for n in names)})",
                f"{dotted} does not keep its class in the generated service.",
                node,
            )


_OF_DRF = frozenset(
    {"status_code", "detail", "default_code", "default_detail", "get_codes", "get_full_details"}
)


def has(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``hasattr(exc, "get_codes")``: all exceptions of DRF have it, those of Django and Python do not.

    One of the project's own may. Raises ``Refused`` then.
    """
    kind = owner.kind
    assert isinstance(kind, Failure)
    python = getattr(builtins, kind.cls, None) if not kind.api and kind.cls else None
    if isinstance(python, type) and attr in NOT_PYTHONS and not (kind.cls in ANY and attr in OF_DJANGO):
        _no_own_one_has(frame, attr, node, f"builtins.{kind.cls}")
        return const(False)
    if attr not in _OF_DRF or (not kind.api and attr in ("status_code", "detail")):
        raise frame.refuse(
            "exception-handler", ast.unparse(node), "Segue cannot tell which exceptions have that.", node
        )
    if not kind.api:
        _no_own_one_has(frame, attr, node)
        return const(False)
    return _any_of_drf(frame, owner, [])


def _no_own_one_has(frame: Frame, attr: str, node: ast.AST, behind: str = "builtins.BaseException") -> None:
    for dotted in may_have(frame.ctx, attr, behind):
        raise frame.refuse("exception-handler", ast.unparse(node), f"{dotted} may have that, too.", node)


def given_or(frame: Frame, owner: Val, attr: str, default: Val, node: ast.AST) -> Val:
    """``getattr(exc, "default_code", default)``: Django's ``Http404`` has none of what DRF's exceptions have."""
    kind = owner.kind
    assert isinstance(kind, Failure)
    if attr == "code" and kind.api:
        _made_as_in_drf(frame, node)
        return default
    if not kind.api or attr not in ("status_code", "detail", "default_code", "default_detail"):
        raise frame.refuse(
            "exception-handler", ast.unparse(node), "Segue cannot tell which exceptions have that.", node
        )
    assert owner.node is not None
    if attr.startswith("default_"):
        _defaults_of_drf(frame, attr, node)
    if kind.cls and "Http404" not in kind.cls and "Forbidden" not in kind.cls:
        return Val(Scalar("Any"), quote(f"{{0}}.{attr}", owner.node))
    if default.node is None:
        raise frame.refuse("exception-handler", ast.unparse(node), "The default is no plain value.", node)
    names = [frame.imported("segue_bridge.errors", one) for one in ("Http404", "Forbidden")]
    return Val(
        Scalar("Any"),
        quote(
            f"{{0}}.{attr} if not isinstance({{0}}, {{1}}) else {{2}}",
            owner.node,
            ast.Tuple(list(names), ast.Load()),
            default.node,
        ),
    )


@attribute(Raised, "status_code")
def status_of_made(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``exc.status_code`` of an error of DRF's that the function has made."""
    if owner.node is None or made_is_a(frame, owner, [f"{_DRF}APIException"]) is not True:
        return None
    return Val(Scalar("int"), ast.Attribute(owner.node, attr, ast.Load()))


@attribute(Failure, "status_code")
def status_of(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``exc.status_code``: 403 for 401 where there is no challenge, as ``handle_exception`` has set it."""
    _narrowed(frame, owner, attr, node)
    assert owner.node is not None
    return Val(Scalar("int"), ast.Attribute(owner.node, attr, ast.Load()))


@attribute(Failure, "detail", "wait", "default_detail", "default_code")
def of_failure(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """Attributes that DRF's exceptions have; Django's ``Http404`` has none of them."""
    _narrowed(frame, owner, attr, node)
    assert owner.node is not None
    if attr.startswith("default_"):
        _defaults_of_drf(frame, attr, node)
    return Val(Scalar("Any"), ast.Attribute(owner.node, attr, ast.Load()))


def _defaults_of_drf(frame: Frame, attr: str, node: ast.AST) -> None:
    """The project's own exceptions of the API are raised as a class of DRF, whose defaults are others."""
    for dotted, cls in frame.ctx.snapshot.classes.items():
        given = cls.attributes.get(attr)
        if f"{_DRF}APIException" in cls.mro and given is not None and not given.defined_in.startswith(_DRF):
            raise frame.refuse(
                "exception-handler", f"exc.{attr}", f"{dotted} has one of its own, which it loses.", node
            )


def _made_as_in_drf(frame: Frame, node: ast.AST) -> None:
    """No exception of DRF has a ``code``; one of the project's may."""
    for dotted, cls in frame.ctx.snapshot.classes.items():
        if f"{_DRF}APIException" not in cls.mro or dotted.startswith(_DRF):
            continue
        if "code" in cls.attributes or not cls.methods.get("__init__", _DRF).startswith(_DRF):
            raise frame.refuse("exception-handler", ast.unparse(node), f"{dotted} may have one.", node)


@method(Raised, "get_codes", "get_full_details")
def told_of_made(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``exc.get_codes()`` of an error of DRF's that the function has made or caught."""
    call.only()
    if owner.node is None or made_is_a(frame, owner, [f"{_DRF}APIException"]) is not True:
        return None
    return Val(Scalar("Any"), ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), [], []))


@method(Failure, "get_codes", "get_full_details")
def told(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``exc.get_codes()``, ``exc.get_full_details()``."""
    call.only()
    _narrowed(frame, owner, call.name, call.node)
    assert owner.node is not None
    return Val(Scalar("Any"), ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), [], []))


def _narrowed(frame: Frame, owner: Val, attr: str, node: ast.AST) -> None:
    assert isinstance(owner.kind, Failure)
    named = {"Http404", "Forbidden"} if not owner.kind.cls else set(owner.kind.cls.strip("()").split(", "))
    if (named & {"Http404", "Forbidden"}) - owner.kind.without:
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
    key = call.args[0].kind
    if isinstance(key, Const) and key.value in ("request", "view"):
        return Val(Request() if key.value == "request" else HandledView())
    raise frame.refuse(
        "exception-handler", "context", "Only the request and the view are known here.", call.node
    )
