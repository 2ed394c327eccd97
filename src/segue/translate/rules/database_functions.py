"""``Coalesce``, ``Concat``, ``Lower``, ``Cast``, ``ExpressionWrapper``: functions of the database."""

from __future__ import annotations

import ast
from collections.abc import Callable

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Expr, Kind, OutputField, Q, Scalar
from segue.translate.query.composed import composed
from segue.translate.query.computed import computed_kind
from segue.translate.query.expressions import as_expression
from segue.translate.query.grouping import condition_value
from segue.translate.rules.aggregates import coalesced
from segue.translate.rules.output_fields import python_of
from segue.translate.rules.registry import function


@function("django.db.models.functions.comparison.Coalesce", "django.db.models.functions.Coalesce")
def coalesce(frame: Frame, call: CallSite) -> Val:
    """``Coalesce(a, b)``."""
    call.only("output_field")
    field = call.kwargs.get("output_field")

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        made, kind = coalesced(inner, nodes, kinds)
        if field is None and computed_kind(kinds) is not None:
            raise inner.refuse(
                "expression",
                ast.unparse(call.node),
                "Django raises FieldError: decimals and integers without output_field.",
                call.node,
            )
        if field is not None and python_of(field) != getattr(kind, "type", ""):
            raise inner.refuse(
                "expression",
                ast.unparse(call.node),
                "output_field makes another type of the values.",
                call.node,
            )
        return made, kind

    return Val(Expr(composed([as_expression(v) for v in call.args], build, call.node, nullable=True)))


def _text_function(sql: str) -> Callable[[Frame, CallSite], Val]:
    def rule(frame: Frame, call: CallSite) -> Val:
        call.only(at_most=1)

        def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
            kind = widen(kinds[0])
            if not isinstance(kind, Scalar) or kind.type != "str":
                raise inner.refuse(
                    "expression", ast.unparse(call.node), "A text function of something else.", call.node
                )
            made = quote(f"{{0}}.{sql}({{1}})", inner.imported("sqlalchemy", "func"), nodes[0])
            return made, kind if sql != "length" else Scalar("int", kind.nullable)

        return Val(Expr(composed([as_expression(call.args[0])], build, call.node, nullable=True)))

    return rule


for _name, _sql in (
    ("Lower", "lower"),
    ("Upper", "upper"),
    ("Length", "length"),
    ("Trim", "trim"),
    ("LTrim", "ltrim"),
    ("RTrim", "rtrim"),
    ("Reverse", "reverse"),
):
    function(f"django.db.models.functions.text.{_name}", f"django.db.models.functions.{_name}")(
        _text_function(_sql)
    )


@function("django.db.models.functions.text.Concat", "django.db.models.functions.Concat")
def concat(frame: Frame, call: CallSite) -> Val:
    """``Concat(a, b, …)``: ``ConcatPair`` takes NULL for an empty text on every database."""
    call.only("output_field")

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        whole: ast.expr | None = None
        for node, given in zip(nodes, kinds, strict=True):
            kind = widen(given)
            if not isinstance(kind, Scalar) or kind.type != "str":
                raise inner.refuse(
                    "expression", ast.unparse(call.node), "Concat() of something else than text.", call.node
                )
            part = node
            if kind.nullable:
                part = quote("{0}.coalesce({1}, '')", inner.imported("sqlalchemy", "func"), node)
            whole = part if whole is None else quote("{0}.concat({1})", whole, part)
        assert whole is not None
        return whole, Scalar("str")

    field = call.kwargs.get("output_field")
    if len(call.args) < 2 or (field is not None and python_of(field) != "str"):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Concat() to something else than text.", call.node
        )
    return Val(Expr(composed([as_expression(v) for v in call.args], build, call.node)))


# What CAST is written with, and from which values the same text means the same in Django.
_CASTS = {
    "CharField": "String",
    "TextField": "Text",
    "IntegerField": "Integer",
    "BigIntegerField": "BigInteger",
    "FloatField": "Float",
}
_FROM = frozenset({"int", "str", "bool"})


@function("django.db.models.functions.comparison.Cast", "django.db.models.functions.Cast")
def cast(frame: Frame, call: CallSite) -> Val:
    """``Cast(x, CharField())``."""
    call.only("expression", "output_field", at_most=2)
    first, field = call.argument(0, "expression"), call.argument(1, "output_field")
    kind = field.kind if field is not None else None
    if first is None or not isinstance(kind, OutputField) or kind.options or kind.cls not in _CASTS:
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Segue has no rule for a cast to this.", call.node
        )
    to = _CASTS[kind.cls]
    result = python_of(Val(kind))

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        given = widen(kinds[0])
        allowed = _FROM | ({"float", "Decimal"} if result == "float" else set())
        if not isinstance(given, Scalar) or given.type not in allowed:
            raise inner.refuse(
                "expression", ast.unparse(call.node), "Segue has no rule for a cast of this.", call.node
            )
        made = quote(
            "{0}({1}, {2})", inner.imported("sqlalchemy", "cast"), nodes[0], inner.imported("sqlalchemy", to)
        )
        return made, Scalar(result, given.nullable)

    return Val(Expr(composed([as_expression(first)], build, call.node, nullable=True)))


@function("django.db.models.expressions.ExpressionWrapper", "django.db.models.ExpressionWrapper")
def wrapper(frame: Frame, call: CallSite) -> Val:
    """``ExpressionWrapper(expression, output_field=…)`` of the type that the expression has anyway."""
    call.only("expression", "output_field", at_most=2)
    first, field = call.argument(0, "expression"), call.argument(1, "output_field")
    if first is None or field is None:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)
    to = python_of(field)
    if isinstance(first.kind, Q) and to == "bool":
        return Val(Expr(condition_value(first.kind.tree, call.node)))

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        given = widen(kinds[0])
        if not isinstance(given, Scalar) or given.type != to:
            raise inner.refuse(
                "expression",
                ast.unparse(call.node),
                "output_field makes another type of the value.",
                call.node,
            )
        return nodes[0], given

    return Val(Expr(composed([as_expression(first)], build, call.node, nullable=True)))
