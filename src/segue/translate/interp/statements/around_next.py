"""``try`` around ``self.get_response(request)`` in middleware.

Django's ``convert_exception_to_response`` makes an answer of whatever the rest of the stack raises, so that the call itself never raises: no
handler is ever come to from it. The service's does raise, what is left to Django (``Unserved``), and no handler may take that, nor may
anything be written on its way.
"""

from __future__ import annotations

import ast
import re

from segue.translate.functions.writing import may_write
from segue.translate.interp.frame import Frame
from segue.translate.kinds import NextHandler

_CALLED = re.compile(r"\bawait get_response\(")


def drawn_out(frame: Frame, node: ast.Try) -> list[ast.stmt] | None:
    """The same statements with the call before the ``try``, where its body begins with it; else None."""
    if not any(isinstance(v.kind, NextHandler) for v in frame.env.values()):
        return None
    first, *rest = node.body
    match first:
        case ast.Assign([ast.Name()], value) if _is_next(value):
            return [first, *_behind(node, rest)]
        case ast.Return(value) if value is not None and _is_next(value):
            if not node.finalbody:
                return [first]
            kept = ast.copy_location(ast.Name(frame.fresh("response"), ast.Store()), first)
            read = ast.copy_location(ast.Name(kept.id, ast.Load()), first)
            before = ast.copy_location(ast.Assign([kept], value), first)
            return [before, *node.finalbody, ast.copy_location(ast.Return(read), first)]
    return None


def _behind(node: ast.Try, rest: list[ast.stmt]) -> list[ast.stmt]:
    if not rest and not node.finalbody:
        return node.orelse
    if not rest and not node.orelse:
        return node.finalbody
    handlers = node.handlers if rest else []
    body, orelse = (rest, node.orelse) if rest else (node.orelse, [])
    return [ast.copy_location(ast.Try(body, handlers, orelse, node.finalbody), node)]


def _is_next(value: ast.expr) -> bool:
    match value:
        case ast.Call(ast.Attribute(ast.Name(), "get_response") | ast.Name("get_response"), [ast.Name()], []):
            return True
    return False


def check_finally(frame: Frame, node: ast.Try, body: list[str], final: list[str]) -> None:
    """Raises ``Refused`` where ``finally`` writes and the view runs in the ``try``: it would write for what is left to Django, too."""
    if any(map(_CALLED.search, body)) and may_write(frame.ctx, final):
        raise frame.refuse(
            "middleware",
            "finally",
            "It writes after whatever the view raises, requests that are left to Django included: call get_response first in the try.",
            node.finalbody[0],
        )


__all__ = ["check_finally", "drawn_out"]
