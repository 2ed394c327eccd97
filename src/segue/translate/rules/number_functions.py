"""``Abs``, ``Round``, ``Ceil``, ``Power``, ``Greatest``, ``NullIf``, ``Now`` …: what the database computes or chooses.

Sources: ``django.db.models.functions.math`` and ``comparison``; ``BaseExpression.convert_value`` (what is read is a float or
an int by the expression's field, whatever the database answers).
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, CutMoment, Expr, Kind, Scalar
from segue.translate.query.composed import composed
from segue.translate.query.computed import settled
from segue.translate.query.expressions import Expression, as_expression
from segue.translate.query.ir import Query
from segue.translate.rules.registry import function

_MODULE = "django.db.models.functions"
_HELPERS = "segue_bridge.db.functions"
_CHOSEN = frozenset({"int", "float", "Decimal", "str", "date", "datetime"})


def _scalars(frame: Frame, kinds: list[Kind], allowed: frozenset[str], at: ast.AST) -> list[Scalar]:
    """The kinds as scalars of the allowed types. Refuses others."""
    found: list[Scalar] = []
    for kind in kinds:
        wide = widen(kind)
        if not isinstance(wide, Scalar) or isinstance(wide, CutMoment) or wide.type not in allowed:
            raise frame.refuse(
                "expression", ast.unparse(at), "Segue has no rule for this function of such values.", at
            )
        found.append(wide)
    return found


def _chosen(frame: Frame, call: CallSite) -> Val:
    """``Greatest``, ``Least``, ``NullIf``: of one type, as Django wants."""
    short = call.name.rpartition(".")[2]
    count = len(call.args)
    call.only(at_most=2 if short == "NullIf" else 99)
    if count < 2:
        raise frame.refuse("expression", ast.unparse(call.node), "It needs two expressions.", call.node)
    helper = {"Greatest": "greatest", "Least": "least", "NullIf": "null_if"}[short]

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        found = _scalars(inner, kinds, _CHOSEN, call.node)
        if len({kind.type for kind in found}) > 1:
            raise inner.refuse(
                "expression", ast.unparse(call.node), "Its expressions are of different types.", call.node
            )
        parts = [
            node if not isinstance(node, ast.Constant) else quote("{0}({1})", inner.imported("sqlalchemy", "literal"), node)
            for node in nodes
        ]  # fmt: skip
        null = short == "NullIf" or any(kind.nullable for kind in found)
        kind = Scalar(found[0].type, null)
        return settled(inner, ast.Call(inner.imported(_HELPERS, helper), parts, []), kind), kind

    return Val(Expr(composed([as_expression(v) for v in call.args], build, call.node, nullable=True)))


for _name in ("Greatest", "Least", "NullIf"):
    function(f"{_MODULE}.comparison.{_name}", f"{_MODULE}.{_name}")(_chosen)


@function(f"{_MODULE}.math.Abs", f"{_MODULE}.Abs")
def absolute(frame: Frame, call: CallSite) -> Val:
    """``Abs("price")``."""
    call.only(at_most=1)

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        (kind,) = _scalars(inner, kinds, frozenset({"int", "float", "Decimal"}), call.node)
        return settled(
            inner, quote("{0}.abs({1})", inner.imported("sqlalchemy", "func"), nodes[0]), kind
        ), kind

    return Val(Expr(composed([as_expression(call.args[0])], build, call.node, nullable=True)))


def _floating(frame: Frame, call: CallSite) -> Val:
    """``Ceil``, ``Floor`` of floats; ``Power``, ``Mod``, ``Sqrt``: floats of numbers (``NumericOutputFieldMixin``)."""
    short = call.name.rpartition(".")[2]
    sql = {"Ceil": "ceiling"}.get(short, short.lower())
    arity = 2 if short in ("Power", "Mod") else 1
    call.only(at_most=arity)
    if len(call.args) != arity:
        raise frame.refuse("expression", ast.unparse(call.node), "Something is missing.", call.node)
    allowed = frozenset(
        {"float"} if short in ("Ceil", "Floor") else {"int"} if short == "Mod" else {"int", "float"}
    )

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        found = _scalars(inner, kinds, allowed, call.node)
        made = ast.Call(ast.Attribute(inner.imported("sqlalchemy", "func"), sql, ast.Load()), nodes, [])
        as_float = quote(
            "{0}({1}, {2})", inner.imported("sqlalchemy", "cast"), made, inner.imported("sqlalchemy", "Float")
        )
        return as_float, Scalar("float", any(kind.nullable for kind in found))

    return Val(Expr(composed([as_expression(v) for v in call.args], build, call.node, nullable=True)))


for _name in ("Ceil", "Floor", "Power", "Mod", "Sqrt"):
    function(f"{_MODULE}.math.{_name}", f"{_MODULE}.{_name}")(_floating)


@function(f"{_MODULE}.math.Round", f"{_MODULE}.Round")
def rounded(frame: Frame, call: CallSite) -> Val:
    """``Round(Avg("price"), 2)``."""
    call.only("precision", at_most=2)
    given = call.argument(1, "precision")
    digits = 0 if given is None else given.kind.value if isinstance(given.kind, Const) else None
    if not call.args or type(digits) is not int or digits < 0:
        raise frame.refuse(
            "expression",
            ast.unparse(call.node),
            "Its precision is no number from zero written here.",
            call.node,
        )

    def build(inner: Frame, nodes: list[ast.expr], kinds: list[Kind]) -> tuple[ast.expr, Kind]:
        (kind,) = _scalars(inner, kinds, frozenset({"float", "Decimal"}), call.node)
        if kind.type == "Decimal":
            made = quote(
                "{0}.round({1}, {2})", inner.imported("sqlalchemy", "func"), nodes[0], literal(digits)
            )
            return settled(inner, made, kind), kind
        return quote("{0}({1}, {2})", inner.imported(_HELPERS, "rounded"), nodes[0], literal(digits)), kind

    return Val(Expr(composed([as_expression(call.args[0])], build, call.node, nullable=True)))


@function(f"{_MODULE}.datetime.Now", f"{_MODULE}.Now")
def now(frame: Frame, call: CallSite) -> Val:
    """``Now()``: the database's clock."""
    call.only(at_most=0)
    use_tz = frame.ctx.snapshot.settings.values.get("USE_TZ")
    if use_tz is not None and use_tz.data is False:
        raise frame.refuse(
            "expression", "Now()", "With USE_TZ = False it is not the time of the rows.", call.node
        )

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        return quote("{0}()", inner.imported(_HELPERS, "now")), Scalar("datetime")

    return Val(Expr(Expression(render, constant=True)))
