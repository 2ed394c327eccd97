"""Exceptions: DRF's, Django's and Python's, raised and caught."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import model_label
from segue.translate.interp.statements.raising import converted_in
from segue.translate.interp.value import Val, is_pure, literal, name, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    Global,
    Instance,
    Kind,
    LibraryObject,
    ListOf,
    QuerySet,
    Raised,
    Scalar,
    Unknown,
    User,
)
from segue.translate.language import is_text
from segue.translate.rules import invalid
from segue.translate.rules.exception_text import check
from segue.translate.rules.own_exceptions import held_by, own_exception, own_names
from segue.translate.rules.registry import attribute, function

_DRF = (
    "APIException",
    "ValidationError",
    "ParseError",
    "AuthenticationFailed",
    "NotAuthenticated",
    "PermissionDenied",
    "NotFound",
    "MethodNotAllowed",
    "NotAcceptable",
    "UnsupportedMediaType",
    "Throttled",
)
_BUILTIN = (
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "AttributeError",
    "RuntimeError",
    "Exception",
    "NotImplementedError",
    "LookupError",
    "ArithmeticError",
    "ZeroDivisionError",
    "OverflowError",
    "AssertionError",
    "UnicodeDecodeError",
    "UnicodeError",
    "StopIteration",
    "PermissionError",
    "BufferError",
    "EOFError",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "ImportError",
    "IsADirectoryError",
    "ModuleNotFoundError",
    "NameError",
    "NotADirectoryError",
    "RecursionError",
    "UnicodeEncodeError",
    "UnicodeTranslateError",
)
_CAUGHT = {
    "django.core.exceptions.ObjectDoesNotExist": ("segue_bridge.db.errors", "ObjectDoesNotExist"),
    "django.core.exceptions.MultipleObjectsReturned": ("segue_bridge.db.errors", "MultipleObjectsReturned"),
    "django.db.utils.IntegrityError": ("segue_bridge.db.errors", "IntegrityError"),
    "django.db.IntegrityError": ("segue_bridge.db.errors", "IntegrityError"),
    "django.db.models.deletion.ProtectedError": ("segue_bridge.db.errors", "ProtectedError"),
    "django.db.models.ProtectedError": ("segue_bridge.db.errors", "ProtectedError"),
    "django.db.models.deletion.RestrictedError": ("segue_bridge.db.errors", "RestrictedError"),
    "django.db.models.RestrictedError": ("segue_bridge.db.errors", "RestrictedError"),
    "django.http.response.Http404": ("segue_bridge.errors", "Http404"),
    "django.http.Http404": ("segue_bridge.errors", "Http404"),
    "django.core.exceptions.PermissionDenied": ("segue_bridge.errors", "Forbidden"),
    # What a field says of a value in a lookup, and validators of a new password; full_clean() has none of its own here.
    "django.core.exceptions.ValidationError": ("segue_bridge.errors", "Invalid"),
    "django.core.mail.message.BadHeaderError": ("segue_bridge.mail.message", "BadHeaderError"),
    "rest_framework_simplejwt.exceptions.TokenError": ("segue_bridge.auth.jwt", "TokenError"),
    "decimal.InvalidOperation": ("decimal", "InvalidOperation"),
    "json.decoder.JSONDecodeError": ("json", "JSONDecodeError"),
    **{f"rest_framework.exceptions.{n}": ("segue_bridge.errors", n) for n in _DRF},
}
# Modules of the standard library that compute and ask nobody, and smtplib, which sends mails on both sides: their exceptions
# are theirs on both sides.
_PURE_LIBRARY = frozenset(
    {
        "base64",
        "binascii",
        "configparser",
        "csv",
        "email",
        "html",
        "ipaddress",
        "smtplib",
        "statistics",
        "struct",
        "xml",
        "zlib",
    }
)


def _plain_arguments(frame: Frame, call: CallSite) -> list[ast.expr]:
    parts: list[ast.expr] = []
    for value, node in zip(call.args, call.raw_args, strict=True):
        parts.append(_plain(frame, value, node))
    return parts


def _plain(frame: Frame, value: Val, node: ast.expr) -> ast.expr:
    check(frame, value.kind, node)  # an exception of an exception has the text of the inner one
    if isinstance(value.kind, Instance | QuerySet | User | Unknown) or value.node is None:
        why = value.kind.why if isinstance(value.kind, Unknown) else ""
        raise frame.refuse(
            "exception-detail", ast.unparse(node), why or "This has no text in the generated code.", node
        )
    return value.node


def _drf(frame: Frame, call: CallSite) -> Val:
    cls = call.name.rpartition(".")[2]
    if cls == "ValidationError":
        _not_in_clean(frame, call)
    return _made(frame, call)


def _made(frame: Frame, call: CallSite) -> Val:
    cls = call.name.rpartition(".")[2]
    made = ast.Call(frame.imported("segue_bridge.errors", cls), _plain_arguments(frame, call), [])
    for key, value in call.kwargs.items():
        if key not in ("detail", "code", "method", "media_type", "wait", "available_renderers"):
            raise frame.refuse(
                "exception-detail", ast.unparse(call.node), f"Segue does not know {key}.", call.node
            )
        made.keywords.append(ast.keyword(key, _plain(frame, value, call.node)))
    return Val(Raised(f"rest_framework.exceptions.{cls}"), made)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _not_in_clean(frame: Frame, call: CallSite) -> None:
    if frame.ctx.memo.get(("kernel", "in-clean")):
        raise frame.refuse(
            "exception-class",
            ast.unparse(call.node),
            "Model.full_clean() does not catch DRF's error.",
            call.node,
        )


for _name in _DRF:
    function(f"rest_framework.exceptions.{_name}")(_drf)
function("rest_framework.serializers.ValidationError")(_drf)


@function("django.http.response.Http404", "django.http.Http404")
def http404(frame: Frame, call: CallSite) -> Val:
    """``Http404("text")``: DRF answers ``{"detail": "text"}``, or "Not found." without text."""
    call.only(at_most=1)
    return Val(
        Raised("django.http.response.Http404"),
        ast.Call(frame.imported("segue_bridge.errors", "Http404"), _plain_arguments(frame, call), []),
    )


@function("django.core.exceptions.PermissionDenied")
def permission_denied(frame: Frame, call: CallSite) -> Val:
    """Django's ``PermissionDenied(text)``: DRF's handler turns it into its own with the same text."""
    call.only(at_most=1)
    made = ast.Call(frame.imported("segue_bridge.errors", "Forbidden"), _plain_arguments(frame, call), [])
    return Val(Raised("django.core.exceptions.PermissionDenied"), made)


@function("django.core.exceptions.ValidationError")
def django_validation_error(frame: Frame, call: CallSite) -> Val:
    """Django's ``ValidationError``: while a serializer validates DRF turns it into its own; elsewhere it is a 500."""
    if frame.ctx.memo.get(("kernel", "in-password-rule")):
        return invalid.made(frame, call)
    if not frame.ctx.memo.get(("kernel", "in-validation")):
        if frame.function.name.endswith((".to_internal_value", ".run_validation")):
            raise frame.refuse(
                "django-validation-error",
                ast.unparse(call.node),
                "DRF catches it where the serializer is a field of another.",
                call.node,
            )
        return invalid.made(frame, call)
    converted_in(frame.ctx).add(frame.function.name)
    params = call.kwargs.get("params")
    if params is not None:
        message = call.argument(0, "message")
        if (
            message is None
            or message.node is None
            or params.node is None
            or not isinstance(params.kind, DictOf)
        ):
            raise frame.refuse(
                "django-validation-error", ast.unparse(call.node), "params= is no dict.", call.node
            )
        # DRF fills the message in (``rest_framework.fields.get_error_detail``).
        filled = ast.BinOp(message.node, ast.Mod(), params.node)
        made = ast.Call(
            frame.imported("segue_bridge.errors", "ValidationError"), [ast.List([filled], ast.Load())], []
        )
        return Val(Raised("rest_framework.exceptions.ValidationError"), made)
    return _made(frame, CallSite(frame, call.node, "rest_framework.exceptions.ValidationError"))


def _builtin(frame: Frame, call: CallSite) -> Val:
    call.only()
    cls = call.name.rpartition(".")[2]
    return Val(Raised(call.name), ast.Call(name(cls), _plain_arguments(frame, call), []))


for _name in _BUILTIN:
    function(f"builtins.{_name}")(_builtin)


def project_exception(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """An exception class of the project; of DRF's subclasses the base with its class attributes."""
    cls = frame.ctx.snapshot.classes.get(dotted)
    if dotted.endswith(".DoesNotExist"):
        label = model_label(frame, dotted.rpartition(".")[0])
        if label is not None:
            made = ast.Call(
                frame.imported("segue_bridge.db.errors", "ObjectDoesNotExist"),
                _plain_arguments(frame, call),
                [],
            )
            return Val(Raised(dotted), made)
    own = own_exception(frame, dotted, call.node)
    if own is not None:
        given = [ast.keyword(key, _plain(frame, value, call.node)) for key, value in call.kwargs.items()]
        return Val(Raised(dotted), ast.Call(own, _plain_arguments(frame, call), given))
    if cls is None or "rest_framework.exceptions.APIException" not in cls.mro:
        return None
    if "rest_framework.exceptions.ValidationError" in cls.mro:
        _not_in_clean(frame, call)
    if any(frame.ctx.snapshot.functions.get(f"{c}.__init__") for c in cls.mro):
        raise frame.refuse("exception-class", dotted, "The exception has an __init__ of its own.", call.node)
    base = next(
        (c for c in cls.mro if c.startswith("rest_framework.exceptions.")),
        "rest_framework.exceptions.APIException",
    )
    parts = _plain_arguments(frame, call)
    keywords = [
        ast.keyword(k, _plain(frame, v, call.node)) for k, v in call.kwargs.items() if k in ("detail", "code")
    ]
    if any(map(_is_none, (*parts, *(k.value for k in keywords)))):
        # ``detail=None`` and ``code=None`` are what the class has (``APIException.__init__``).
        keywords += [ast.keyword(key, part) for key, part in zip(("detail", "code"), parts, strict=False)]
        keywords, parts = [k for k in keywords if not _is_none(k.value)], []
    attributes = {
        k: cls.attributes[k].value.data
        for k in ("status_code", "default_detail", "default_code")
        if k in cls.attributes
    }
    perhaps: list[ast.expr] = []
    told = call.argument(0, "detail")
    if told is not None and told.node is not None and _may_be_none(told.kind):
        perhaps = [told.node if is_pure(told.node) else frame.hoist("detail", told.node, call.node)]
        keywords = [k for k in keywords if k.arg != "detail"]
        keywords += [ast.keyword("code", part) for part in parts[1:]]
        parts = []
    code = call.argument(1, "code")
    if code is not None and _may_be_none(code.kind):
        raise frame.refuse("exception-class", dotted, "Its code may be None.", call.node)
    if not parts and not any(k.arg == "detail" for k in keywords):
        detail = cls.attributes.get("default_detail")
        shown = value_of(frame, detail.value) if detail is not None and is_text(detail.value) else None
        if detail is not None and is_text(detail.value) and (shown is None or shown.node is None):
            raise frame.refuse("gettext", dotted, "Segue cannot write down its text.", call.node)
        parts = [literal(attributes.get("default_detail", "A server error occurred."))]
        if shown is not None and shown.node is not None:
            parts = [shown.node]
        # None is the class's own text, as it is where nothing is given (``APIException.__init__``).
        parts = [quote("{0} if {0} is not None else {1}", part, *parts) for part in perhaps] or parts
    if len(parts) < 2 and not any(k.arg == "code" for k in keywords):
        keywords.append(ast.keyword("code", literal(attributes.get("default_code", "error"))))
    made = ast.Call(frame.imported("segue_bridge.errors", "APIException"), parts, keywords)
    known = {
        "ValidationError": 400,
        "ParseError": 400,
        "PermissionDenied": 403,
        "NotFound": 404,
        "NotAuthenticated": 401,
        "AuthenticationFailed": 401,
    }
    short = base.rpartition(".")[2]
    if short in known and known[short] == attributes.get("status_code", known[short]):
        made.func = frame.imported("segue_bridge.errors", short)
        return Val(Raised(dotted), made)
    if short not in ("APIException", "ParseError", "PermissionDenied", "NotFound", "NotAcceptable"):
        raise frame.refuse(
            "exception-class", dotted, f"With a status of its own it is not answered as {short}.", call.node
        )
    if short != "APIException":  # ``except NotFound`` catches it, whatever its status
        made.func = frame.imported("segue_bridge.errors", short)
    made.keywords.append(ast.keyword("status_code", literal(attributes.get("status_code", 500))))
    return Val(Raised(dotted), made)


def _may_be_none(kind: Kind) -> bool:
    return isinstance(kind, Scalar | Instance) and (kind.nullable or getattr(kind, "type", "") == "Any")


def caught(frame: Frame, handler: ast.ExceptHandler) -> tuple[str, Val | None]:
    """Text of the exception class(es) of an ``except`` clause, and what the variable is."""
    if handler.type is None:
        raise frame.refuse("bare-except", "except:", "It would catch errors that only one side has.", handler)
    nodes = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    texts: list[str] = []
    for node in nodes:
        value = frame.eval(node)
        if isinstance(value.kind, LibraryObject):
            texts.append(value.text)
            continue
        if not isinstance(value.kind, Global):
            raise frame.refuse("except", ast.unparse(node), "Segue does not know this exception.", handler)
        texts.append(caught_one(frame, value.kind.ref.name, node))
    unique = list(dict.fromkeys(texts))
    text = unique[0] if len(unique) == 1 else f"({', '.join(unique)})"
    return text, Val(Raised(text))


def caught_one(frame: Frame, dotted: str, node: ast.AST) -> str:
    """The text of the class of the generated service for the exception ``dotted``. Refuses what has none."""
    if dotted in ("builtins.Exception", "builtins.BaseException"):
        raise frame.refuse(
            "broad-except", ast.unparse(node), "It would catch errors that only one side has.", node
        )
    if dotted.startswith("builtins.") and dotted.rpartition(".")[2] in _BUILTIN:
        return dotted.rpartition(".")[2]
    own = own_exception(frame, dotted, node)
    if own is not None:
        return ast.unparse(own)
    owner, _, last = dotted.rpartition(".")
    if last in ("DoesNotExist", "MultipleObjectsReturned") and model_label(frame, owner) is not None:
        wanted = "ObjectDoesNotExist" if last == "DoesNotExist" else last
        return ast.unparse(frame.imported("segue_bridge.db.errors", wanted))
    known = _CAUGHT.get(dotted)
    if known is None and dotted.partition(".")[0] in _PURE_LIBRARY:
        known = (owner, last)  # what such a function raises, it raises in the generated code as well
    if known is None and owner in ("requests.exceptions", "httpx", "httpx._exceptions"):
        # Both sides ask by the same library; its classes are named as Python's own are (ConnectionError).
        return ast.unparse(frame.module(owner.removesuffix("._exceptions"))) + f".{last}"
    if known is None:
        raise frame.refuse("except", dotted, "Segue does not know this exception.", node)
    return ast.unparse(frame.imported(*known))


@attribute(Raised, "detail")
def detail(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``error.detail`` of DRF's exceptions."""
    assert isinstance(owner.kind, Raised)
    if owner.node is not None and owner.kind.cls not in own_names(frame.ctx):
        return Val(Scalar("Any"), quote("{0}.detail", owner.node))
    return None


@attribute(Raised, "*")
def held(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """What an exception of the project holds: ``error.code``."""
    assert isinstance(owner.kind, Raised)
    names = held_by(frame.ctx, owner.kind.cls)
    if names is None or attr not in names or owner.node is None:
        return None
    return Val(Scalar("Any"), ast.Attribute(owner.node, attr, ast.Load()))


__all__ = ["Const", "ListOf"]
