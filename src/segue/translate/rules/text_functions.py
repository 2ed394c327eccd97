"""``Substr``, ``Left``, ``Right``, ``Replace``, ``StrIndex``: parts of texts, cut by the database.

Source: ``django.db.models.functions.text``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Expr, Kind, Scalar
from segue.translate.query.composed import composed
from segue.translate.query.expressions import as_expression
from segue.translate.rules.registry import function

_MODULE = "django.db.models.functions"
_HELPERS = "segue_bridge.db.functions"


def _texts(frame: Frame, kinds: list[Kind], at: ast.AST) -> Scalar:
    """The kind of a text made of these, which are texts. Refuses others."""
    wide = [widen(kind) for kind in kinds]
    if not all(isinstance(kind, Scalar) and kind.type == "str" for kind in wide):
        raise frame.refuse("expression", ast.unparse(at), "A text function of something else.", at)
    return Scalar("str", any(isinstance(kind, Scalar) and kind.nullable for kind in wide))


def _number(frame: Frame, call: CallSite, index: int, name: str, default: int | None = None) -> int | None:
    """A number of characters, at least one, as Django checks it when the function is made."""
    given = call.argument(index, name)
    if given is None and default is None:
        return None
    value = default if given is None else given.kind.value if isinstance(given.kind, Const) else None
    if type(value) is not int or value < 1:
        raise frame.refuse(
            "expression",
            ast.unparse(call.node),
            f"Its {name} is no number above zero written here.",
            call.node,
        )
    return value


@function(f"{_MODULE}.text.Substr", f"{_MODULE}.Substr")
def substr(frame: Frame, call: CallSite) -> Val:
    """``Substr("title", 2, 3)``: counted from 1."""
    call.only("expression", "pos", "length", at_most=3)
    return _cut(frame, call, _number(frame, call, 1, "pos", 1), _number(frame, call, 2, "length"))


@function(f"{_MODULE}.text.Left", f"{_MODULE}.Left")
def left(frame: Frame, call: CallSite) -> Val:
    """``Left("title", 3)``."""
    call.only("expression", "length", at_most=2)
    return _cut(frame, call, 1, _number(frame, call, 1, "length"))


def _cut(frame: Frame, call: CallSite, start: int | None, length: int | None) -> Val:
    first = call.argument(0, "expression")
    if first is None or start is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = _texts(inner, kinds, call.node)
        bounds = [literal(start)] if length is None else [literal(start), literal(length)]
        func = inner.imported("sqlalchemy", "func")
        return ast.Call(ast.Attribute(func, "substr", ast.Load()), [nodes[0], *bounds], []), kind

    return Val(Expr(composed([as_expression(first)], build, call.node, nullable=True)))


@function(f"{_MODULE}.text.Right", f"{_MODULE}.Right")
def right(frame: Frame, call: CallSite) -> Val:
    """``Right("title", 3)``."""
    call.only("expression", "length", at_most=2)
    first, length = call.argument(0, "expression"), _number(frame, call, 1, "length")
    if first is None or length is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = _texts(inner, kinds, call.node)
        helper = inner.imported(_HELPERS, "last_characters")
        return quote("{0}({1}, {2})", helper, nodes[0], literal(length)), kind

    return Val(Expr(composed([as_expression(first)], build, call.node, nullable=True)))


@function(f"{_MODULE}.text.Replace", f"{_MODULE}.Replace")
def replace(frame: Frame, call: CallSite) -> Val:
    """``Replace("title", Value("a"), Value("b"))``; without a replacement the text is left out."""
    call.only("expression", "text", "replacement", at_most=3)
    parts = [call.argument(i, name) for i, name in enumerate(("expression", "text", "replacement"))]
    given = [as_expression(part) for part in parts if part is not None]
    if len(given) < 2 or parts[0] is None or parts[1] is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = _texts(inner, kinds, call.node)
        func = inner.imported("sqlalchemy", "func")
        rest = nodes if len(nodes) == 3 else [*nodes, literal("")]
        return ast.Call(ast.Attribute(func, "replace", ast.Load()), rest, []), kind

    return Val(Expr(composed(given, build, call.node, nullable=True)))


@function(f"{_MODULE}.text.StrIndex", f"{_MODULE}.StrIndex")
def position(frame: Frame, call: CallSite) -> Val:
    """``StrIndex("title", Value("a"))``: the place, 0 for none."""
    call.only("string", "substring", at_most=2)
    first, second = call.argument(0, "string"), call.argument(1, "substring")
    if first is None or second is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        kind = _texts(inner, kinds, call.node)
        helper = inner.imported(_HELPERS, "position")
        return quote("{0}({1}, {2})", helper, nodes[0], nodes[1]), Scalar("int", kind.nullable)

    return Val(Expr(composed([as_expression(first), as_expression(second)], build, call.node, nullable=True)))
