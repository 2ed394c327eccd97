"""Headers of an answer that exists already: ``response["X-Total"] = 3``, ``"X-Total" in response``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, Response, ResponseHeaders, Scalar
from segue.translate.rules.registry import attribute, method
from segue.translate.views.rules.responses import body_of

# The framework writes these itself, around what the code sees.
OTHERS = frozenset({"content-type", "content-length", "allow", "vary", "set-cookie"})


@attribute(Response, "headers")
def headers(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``response.headers``."""
    if owner.node is None:
        raise frame.refuse("response", attr, "The answer has no form in the generated code.", node)
    return Val(ResponseHeaders(), owner.node)


@attribute(Response, "status_code")
def status(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``response.status_code``."""
    if owner.node is None:
        return None
    return Val(Scalar("int"), ast.Attribute(owner.node, "status_code", ast.Load()))


@attribute(Response, "data")
def data(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``response.data`` of DRF's response."""
    assert isinstance(owner.kind, Response)
    if owner.node is None or not owner.kind.drf:
        return None
    return Val(Scalar("Any"), ast.Attribute(owner.node, "data", ast.Load()))


@method(Response, "__setattr__")
def change(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``response.data = {"items": response.data}``, ``response.status_code = 202``: rendered when the view is done."""
    assert isinstance(owner.kind, Response)
    attr, value = call.args
    wanted = attr.kind.value if isinstance(attr.kind, Const) else None
    if wanted not in ("data", "status_code") or not owner.kind.drf or owner.node is None:
        return None
    if wanted == "status_code" and not (
        isinstance(value.kind, Const | Scalar) and isinstance(owner.node, ast.Name)
    ):
        return None
    shown = body_of(frame, value, call) if wanted == "data" else value.node
    assert shown is not None
    frame.emit(f"{ast.unparse(ast.Attribute(owner.node, wanted, ast.Store()))} = {ast.unparse(shown)}")
    return const(None)


@method(Response, "__setitem__")
@method(ResponseHeaders, "__setitem__")
def store(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response["X-Total"] = value``: Django writes texts and the text of everything else."""
    target = ast.Subscript(_headers(frame, owner, call), _name(frame, call), ast.Store())
    frame.emit(f"{ast.unparse(target)} = {ast.unparse(header_value(frame, call.args[1], call))}")
    return const(None)


@method(ResponseHeaders, "setdefault")
@method(Response, "setdefault")
def default(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.headers.setdefault("X-Total", value)``."""
    if len(call.args) != 2 or call.kwargs:
        raise frame.refuse("response", ast.unparse(call.node), "It takes a name and a value.", call.node)
    where = _headers(frame, owner, call)
    return Val(
        Scalar("str"),
        quote("{0}.setdefault({1}, {2})", where, _name(frame, call), header_value(frame, call.args[1], call)),
    )


@method(Response, "has_header", "__contains__")
@method(ResponseHeaders, "__contains__")
def has(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``"X-Total" in response``."""
    return Val(Scalar("bool"), ast.Compare(_name(frame, call), [ast.In()], [_headers(frame, owner, call)]))


@method(Response, "get")
@method(ResponseHeaders, "get")
def read(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``response.get("X-Total")``."""
    if len(call.args) != 1 or call.kwargs:
        raise frame.refuse("response", ast.unparse(call.node), "It takes a name only.", call.node)
    return Val(Scalar("str", True), quote("{0}.get({1})", _headers(frame, owner, call), _name(frame, call)))


def _headers(frame: Frame, owner: Val, call: CallSite) -> ast.expr:
    if not isinstance(owner.node, ast.Name):
        raise frame.refuse("response", ast.unparse(call.node), "The answer is in no variable.", call.node)
    return ast.Attribute(owner.node, "headers", ast.Load())


def _name(frame: Frame, call: CallSite) -> ast.expr:
    first = call.args[0] if call.args else None
    known = first.kind.value if first is not None and isinstance(first.kind, Const) else None
    if not isinstance(known, str):
        raise frame.refuse("response", ast.unparse(call.node), "The header's name is computed.", call.node)
    if known.lower() in OTHERS:
        raise frame.refuse("response", known, "This header is written by the framework too.", call.node)
    return literal(known)


def header_value(frame: Frame, value: Val, call: CallSite) -> ast.expr:
    """Code of a header's text: Django writes the text of everything else."""
    kind = value.kind
    if isinstance(kind, Const):
        text = kind.value if isinstance(kind.value, str) else str(kind.value)
        return literal(text) if _is_plain(text) else _sent(frame, "{0}({1})", literal(text))
    if value.node is None or not isinstance(kind, Scalar) or kind.type in ("bytes", "Any"):
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this value.", call.node)
    if kind.type in ("int", "bool", "float", "Decimal", "UUID"):
        return quote("str({0})", value.node)
    return _sent(frame, "{0}({1})" if kind == Scalar("str") else "{0}(str({1}))", value.node)


def _sent(frame: Frame, template: str, node: ast.expr) -> ast.expr:
    return quote(template, frame.imported("segue_bridge.http.responses", "header_text"), node)


def _is_plain(text: str) -> bool:
    """Whether Django sends the text as it is."""
    return text.isascii() and "\n" not in text and "\r" not in text
