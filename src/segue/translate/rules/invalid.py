"""Django's own ``ValidationError``: made in code that no serializer runs, caught, shown, and turned into DRF's.

Its counterpart is the bridge's ``Invalid``, which has the attributes that Django's has, and lacks those that it lacks.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, DictOf, Failure, Kind, ListOf, Raised, Scalar
from segue.translate.rules.registry import attribute, function
from segue.translate.serializers.facts import error_key

DJANGO = "django.core.exceptions.ValidationError"
_PARTS = frozenset({"message", "code", "params", "error_dict", "error_list", "message_dict"})


def made(frame: Frame, call: CallSite) -> Val:
    """``ValidationError(message, code=…, params=…)``: a text, a list of texts, or a dict of such by field."""
    call.only("message", "code", "params", at_most=3)
    message = call.argument(0, "message")
    if message is None or message.node is None or not _is_message(message.kind):
        raise frame.refuse(
            "django-validation-error",
            ast.unparse(call.node),
            "It is made of something else than texts, lists of them, or dicts of such by field.",
            call.node,
        )
    keywords = []
    for place, key in ((1, "code"), (2, "params")):
        given = call.argument(place, key)
        if given is None or (isinstance(given.kind, Const) and given.kind.value is None):
            continue
        if given.node is None or (key == "params" and not isinstance(given.kind, DictOf)):
            raise frame.refuse(
                "django-validation-error", ast.unparse(call.node), f"{key}= is no plain value.", call.node
            )
        keywords.append(ast.keyword(key, given.node))
    return Val(
        Raised(DJANGO), ast.Call(frame.imported("segue_bridge.errors", "Invalid"), [message.node], keywords)
    )


def _is_message(kind: Kind, *, inner: bool = False) -> bool:
    match kind:
        case Const(value=value):
            return isinstance(value, str) or (
                isinstance(value, list) and all(isinstance(v, str) for v in value)
            )
        case Scalar(type="str", nullable=False):
            return True
        case ListOf(item=item, type="list"):
            return _is_message(item, inner=True)
        case DictOf(items=items, value=value, key=None) if not inner:
            return all(_is_message(one, inner=True) for _, one in items) and (
                value is None or _is_message(value, inner=True)
            )
    return False


@attribute(Raised, "messages", "message", "message_dict")
def part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``error.messages``, ``error.message``, ``error.message_dict`` of one that was caught or handed to an exception handler."""
    assert isinstance(owner.kind, Raised)
    if owner.kind.cls != "Invalid" or owner.node is None:
        return None
    texts = ListOf(Scalar("str"))
    kind: Kind = {"messages": texts, "message_dict": DictOf((), texts)}.get(attr, Scalar("Any"))
    return Val(kind, ast.Attribute(owner.node, attr, ast.Load()))


def has_part(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``hasattr(error, "message_dict")``: asked of the error, which has what Django's has."""
    if attr == "messages":
        return const(True)
    if attr not in _PARTS or owner.node is None:
        raise frame.refuse("hasattr", ast.unparse(node), "Segue cannot tell whether it has that.", node)
    return Val(Scalar("bool"), quote(f"hasattr({{0}}, {attr!r})", owner.node))


@function("rest_framework.serializers.as_serializer_error", "rest_framework.fields.as_serializer_error")
def as_serializer_error(frame: Frame, call: CallSite) -> Val | None:
    """``serializers.as_serializer_error(exc)``: its details by field, those of no field under the key for such."""
    call.only(at_most=1)
    details = _details(frame, call.argument(0, "exc"))
    if details is None:
        return None
    shaped = frame.imported("segue_bridge.schema.form", "serializer_errors")
    key = error_key(frame.ctx)
    given = [] if key == "non_field_errors" else [ast.Constant(key)]
    return Val(DictOf((), Scalar("Any")), ast.Call(shaped, [details, *given], []))


@function("rest_framework.fields.get_error_detail", "rest_framework.serializers.get_error_detail")
def get_error_detail(frame: Frame, call: CallSite) -> Val | None:
    """``get_error_detail(exc)``: DRF's details of Django's error."""
    call.only(at_most=1)
    given = call.argument(0, "exc_info")
    if given is None or not (isinstance(given.kind, Raised) and given.kind.cls == "Invalid"):
        return None
    details = _details(frame, given)
    return Val(Scalar("Any"), details) if details is not None else None


def _details(frame: Frame, error: Val | None) -> ast.expr | None:
    if error is None or error.node is None:
        return None
    match error.kind:
        case Raised(cls="Invalid"):
            return quote("{0}({1})", frame.imported("segue_bridge.errors", "details_of"), error.node)
        case Failure(api=True, cls="ValidationError"):
            return ast.Attribute(error.node, "detail", ast.Load())
    return None


__all__ = ["DJANGO", "has_part", "made"]
