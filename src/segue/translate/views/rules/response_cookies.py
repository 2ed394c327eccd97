"""``response.set_cookie(…)`` and ``response.delete_cookie(…)``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, JwtToken, Kind, Response, Scalar
from segue.translate.rules.registry import method

_SET = ("key", "value", "max_age", "expires", "path", "domain", "secure", "httponly", "samesite")
_DELETE = ("key", "path", "domain", "samesite")
_TEXT = ("str",)
_TYPES = {
    "key": _TEXT, "value": ("str", "int", "bool", "UUID"), "max_age": ("int", "float", "timedelta"),
    "expires": ("datetime", "str"), "path": _TEXT, "domain": _TEXT, "secure": ("bool",), "httponly": ("bool",), "samesite": _TEXT,
}  # fmt: skip


@method(Response, "set_cookie")
def set_cookie(frame: Frame, owner: Val, call: CallSite) -> Val:
    """With the very arguments. Raises ``Refused`` for values that are no texts, numbers or moments."""
    return _written(frame, owner, call, _SET)


@method(Response, "delete_cookie")
def delete_cookie(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The same of what ends it."""
    return _written(frame, owner, call, _DELETE)


def _written(frame: Frame, owner: Val, call: CallSite, names: tuple[str, ...]) -> Val:
    if not isinstance(owner.node, ast.Name):
        raise frame.refuse("response", ast.unparse(call.node), "The answer is in no variable.", call.node)
    call.only(*names, at_most=len(names))
    keywords: list[ast.keyword] = []
    parts: list[ast.expr] = [owner.node]
    for index, name in enumerate(names):
        value = call.argument(index, name)
        if value is None:
            continue
        if isinstance(value.kind, JwtToken) and value.node is not None and name == "value":
            value = Val(Scalar("str"), quote("str({0})", value.node))
        if value.node is None or not _fits(value.kind, name):
            why = f"Segue does not know what it is given as {name}."
            raise frame.refuse("response", ast.unparse(call.node), why, call.node)
        if name in ("key", "value"):
            parts.append(value.node)
        else:
            keywords.append(ast.keyword(name, value.node))
    if len(parts) == 1:
        raise frame.refuse("response", ast.unparse(call.node), "The cookie has no name.", call.node)
    helper = frame.imported("segue_bridge.http.set_cookies", call.name)
    frame.emit(ast.unparse(ast.Call(helper, parts, keywords)))
    return const(None)


def _fits(kind: Kind, name: str) -> bool:
    if isinstance(kind, Const):
        return (kind.value is None and name not in ("key", "value")) or type(kind.value).__name__ in _TYPES[
            name
        ]
    optional = name not in ("key", "value")
    return isinstance(kind, Scalar) and kind.type in _TYPES[name] and (optional or not kind.nullable)


__all__ = ["delete_cookie", "set_cookie"]
