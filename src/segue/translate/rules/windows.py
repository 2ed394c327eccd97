"""``Window(RowNumber(), partition_by=…, order_by=…)``: computed over the rows that the query selects.

Source: ``django.db.models.expressions.Window``, ``django.db.models.functions.window``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import nullable, widen
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import Const, CutMoment, Expr, Expressions, Kind, Scalar
from segue.translate.query.composed import Aggregate
from segue.translate.query.computed import settled
from segue.translate.query.expressions import Expression, Render, as_expression, f_expression
from segue.translate.query.ir import Query
from segue.translate.rules.output_fields import python_of
from segue.translate.rules.registry import function
from segue.translate.rules.window_frames import WindowFrame

Build = Callable[[Frame, list[ast.expr], list[Kind]], tuple[ast.expr, Kind]]
_NUMBERS = {"RowNumber": "row_number", "Rank": "rank", "DenseRank": "dense_rank"}
_SHARES = {"PercentRank": "percent_rank", "CumeDist": "cume_dist"}
_OTHERS = {"Lag": "lag", "Lead": "lead", "FirstValue": "first_value", "LastValue": "last_value"}
_MODULE = "django.db.models.functions"


@dataclass(frozen=True, slots=True, eq=False)
class WindowFunction(Expression):
    """A function that means something in a window only: ``inside`` renders it there; ``floating``: it is made a float."""

    inside: Render | None = None
    floating: bool = False


def _alone(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
    raise frame.refuse("window", "window function", "Outside of Window() the database refuses it.")


def _numbering(frame: Frame, call: CallSite) -> Val:
    """``RowNumber()``, ``Rank()`` …: a number, or a share, of the row."""
    short = call.name.rpartition(".")[2]
    call.only(at_most=0)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        func = inner.imported("sqlalchemy", "func")
        sql = _NUMBERS.get(short) or _SHARES[short]
        return ast.Call(ast.Attribute(func, sql, ast.Load()), [], []), Scalar(
            "int" if short in _NUMBERS else "float"
        )

    return Val(Expr(WindowFunction(_alone, inside=render, floating=short in _SHARES)))


def _looking(frame: Frame, call: CallSite) -> Val:
    """``Lag("price", 1)``, ``Lead``, ``FirstValue("price")`` …: a value of another row."""
    short = call.name.rpartition(".")[2]
    offsets = short in ("Lag", "Lead")
    call.only("expression", "offset", at_most=2 if offsets else 1)
    first = call.argument(0, "expression")
    given = call.argument(1, "offset") if offsets else None
    offset = 1 if given is None else given.kind.value if isinstance(given.kind, Const) else None
    if first is None or type(offset) is not int or offset < 1:
        raise frame.refuse("window", ast.unparse(call.node), "Its offset is no number above zero.", call.node)
    expression = as_expression(first)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        node, given_kind = expression.render(inner, query, root)
        kind = widen(given_kind)
        if not isinstance(node, ast.Attribute) or not isinstance(kind, Scalar) or isinstance(kind, CutMoment):
            raise inner.refuse("window", ast.unparse(call.node), "It looks at more than a column.", call.node)
        func = ast.Attribute(inner.imported("sqlalchemy", "func"), _OTHERS[short], ast.Load())
        made = ast.Call(func, [node, ast.Constant(offset)] if offsets else [node], [])
        made.keywords.append(ast.keyword("type_", ast.Attribute(node, "type", ast.Load())))
        return made, nullable(kind)

    return Val(Expr(WindowFunction(_alone, inside=render)))


def _nth_value(frame: Frame, call: CallSite) -> Val:
    """``NthValue("price", nth=2)``: NULL where the frame has not so many rows."""
    call.only("expression", "nth", at_most=2)
    number = _above_zero(frame, call, 1, "nth")
    first = call.argument(0, "expression")
    if first is None:
        raise frame.refuse("window", ast.unparse(call.node), "It looks at nothing.", call.node)
    expression = as_expression(first)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        node, given_kind = expression.render(inner, query, root)
        kind = widen(given_kind)
        if not isinstance(node, ast.Attribute) or not isinstance(kind, Scalar) or isinstance(kind, CutMoment):
            raise inner.refuse("window", ast.unparse(call.node), "It looks at more than a column.", call.node)
        func = ast.Attribute(inner.imported("sqlalchemy", "func"), "nth_value", ast.Load())
        made = ast.Call(func, [node, literal(number)], [])
        made.keywords.append(ast.keyword("type_", ast.Attribute(node, "type", ast.Load())))
        return made, nullable(kind)

    return Val(Expr(WindowFunction(_alone, inside=render)))


def _ntile(frame: Frame, call: CallSite) -> Val:
    """``Ntile(num_buckets=4)``."""
    call.only("num_buckets", at_most=1)
    number = _above_zero(frame, call, 0, "num_buckets")

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        func = ast.Attribute(inner.imported("sqlalchemy", "func"), "ntile", ast.Load())
        return ast.Call(func, [literal(number)], []), Scalar("int")

    return Val(Expr(WindowFunction(_alone, inside=render)))


def _above_zero(frame: Frame, call: CallSite, position: int, key: str) -> int:
    given = call.argument(position, key)
    number = 1 if given is None else given.kind.value if isinstance(given.kind, Const) else None
    if type(number) is not int or number < 1:
        raise frame.refuse("window", ast.unparse(call.node), f"Its {key} is no number above zero.", call.node)
    return number


function(f"{_MODULE}.window.NthValue", f"{_MODULE}.NthValue")(_nth_value)
function(f"{_MODULE}.window.Ntile", f"{_MODULE}.Ntile")(_ntile)
for _name in (*_NUMBERS, *_SHARES):
    function(f"{_MODULE}.window.{_name}", f"{_MODULE}.{_name}")(_numbering)
for _name in _OTHERS:
    function(f"{_MODULE}.window.{_name}", f"{_MODULE}.{_name}")(_looking)


@function("django.db.models.expressions.Window", "django.db.models.Window")
def window(frame: Frame, call: CallSite) -> Val:
    """``Window(Sum("price"), partition_by=[F("author")], order_by="-price", frame=RowRange(end=0))``."""
    call.only("expression", "partition_by", "order_by", "frame", "output_field", at_most=5)
    first = call.argument(0, "expression")
    built = first.kind.build if first is not None and isinstance(first.kind, Expr) else None
    if not isinstance(built, WindowFunction | Aggregate):
        raise frame.refuse(
            "window", ast.unparse(call.node), "Segue has no rule for this in a window.", call.node
        )
    partition = _several(frame, call, "partition_by", 1)
    order = _several(frame, call, "order_by", 2)
    around = call.argument(3, "frame")
    if around is not None and around.kind == Const(None):
        around = None
    if around is not None and not isinstance(around.kind, WindowFrame):
        raise frame.refuse("window", ast.unparse(call.node), "Segue does not know its frame.", call.node)
    field = call.argument(4, "output_field")

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if query.crossed or query.many or query.grouped or query.pending or query.distinct:
            raise inner.refuse(
                "window",
                ast.unparse(call.node),
                "A window over rows that a to-many relation repeats, or groups.",
                call.node,
            )
        if isinstance(built, Aggregate):
            if built.over is None:
                raise inner.refuse(
                    "window", ast.unparse(call.node), "Segue has no rule for this in a window.", call.node
                )
            made, kind = built.over(inner, query, root)
        else:
            assert built.inside is not None
            made, kind = built.inside(inner, query, root)
        keywords: list[ast.keyword] = []
        for key, expressions in (("partition_by", partition), ("order_by", order)):
            nodes = [_ordered(inner, query, root, item, key == "order_by") for item in expressions]
            if nodes:
                keywords.append(
                    ast.keyword(key, nodes[0] if len(nodes) == 1 else ast.List(nodes, ast.Load()))
                )
        if around is not None and isinstance(around.kind, WindowFrame):
            keywords.append(around.kind.argument())
        if field is not None and python_of(field) != getattr(kind, "type", ""):
            raise inner.refuse(
                "window", ast.unparse(call.node), "output_field makes another type of the result.", call.node
            )
        over: ast.expr = ast.Call(ast.Attribute(made, "over", ast.Load()), [], keywords)
        if isinstance(built, Aggregate):
            assert built.written is not None
            over = built.written(inner, over, kind, made)
        elif built.floating:
            over = quote(
                "{0}({1}, {2})",
                inner.imported("sqlalchemy", "cast"),
                over,
                inner.imported("sqlalchemy", "Float"),
            )
        return settled(inner, over, kind), kind

    return Val(Expr(Expression(render, window=True)))


def _ordered(frame: Frame, query: Query, root: ast.expr, item: Expression, order: bool) -> ast.expr:
    node, _ = item.render(frame, query, root)
    if not order or item.descending is None:
        return node
    node = quote("{0}.desc()" if item.descending else "{0}.asc()", node)
    return quote(f"{{0}}.nulls_{item.nulls}()", node) if item.nulls else node


def _several(frame: Frame, call: CallSite, key: str, index: int) -> list[Expression]:
    """The expressions given for ``partition_by`` or ``order_by``: one, or a list of them written in place."""
    given = call.argument(index, key)
    if given is None or (isinstance(given.kind, Const) and given.kind.value is None):
        return []
    values: list[Val] = [given]
    if isinstance(given.kind, Expressions):
        values = list(given.kind.items)
    elif isinstance(given.kind, Const) and isinstance(given.kind.value, tuple):
        values = [const(item) for item in given.kind.value]
    elif isinstance(given.node, ast.List | ast.Tuple):
        values = [Val(Const(part.value)) for part in given.node.elts if isinstance(part, ast.Constant)]
        values = values if len(values) == len(given.node.elts) else [given]
    found: list[Expression] = []
    for value in values:
        if isinstance(value.kind, Const) and isinstance(value.kind.value, str):
            text = value.kind.value
            down = text.startswith("-") and key == "order_by"
            made = f_expression(text.removeprefix("-") if down else text)
            found.append(made.ordered(True, "") if down else made)
        elif isinstance(value.kind, Expr):
            found.append(as_expression(value))
        else:
            raise frame.refuse("window", ast.unparse(call.node), f"Its {key} is computed.", call.node)
    return found
