"""``F``, ``Value``, ``Exists``, ``Subquery``, ``OuterRef``, ``Case``/``When``, arithmetic."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, nullable, widen
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Expr, Kind, Q, QuerySet, Scalar, SearchText, SearchWords
from segue.translate.query.build import commit, query_of, settle
from segue.translate.query.compile import Compiler
from segue.translate.query.composed import composed
from segue.translate.query.computed import computed_kind, of_time, settled
from segue.translate.query.expressions import (
    Expression,
    apart,
    as_expression,
    bind_outer,
    f_expression,
    operand,
    outer_name,
)
from segue.translate.query.grouping import check_repeats_nothing
from segue.translate.query.ir import Query
from segue.translate.query.postgres import combined_search
from segue.translate.query.where import Leaf, Node, Raw
from segue.translate.rules.output_fields import python_of
from segue.translate.rules.registry import function, method


@function("django.db.models.expressions.F", "django.db.models.F")
def f_object(frame: Frame, call: CallSite) -> Val:
    """``F("column")``."""
    first = call.argument(0, "name")
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("expression", ast.unparse(call.node), "The name is computed.", call.node)
    return Val(Expr(f_expression(first.kind.value)))


@function("django.db.models.expressions.OuterRef", "django.db.models.OuterRef")
def outer_ref(frame: Frame, call: CallSite) -> Val:
    """``OuterRef("pk")``."""
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse("expression", ast.unparse(call.node), "The name is computed.", call.node)
    path = first.kind.value

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        return outer_name(path), Scalar("Any")

    return Val(Expr(Expression(render, outer=path)))


@function("django.db.models.expressions.Value", "django.db.models.Value")
def value(frame: Frame, call: CallSite) -> Val:
    """``Value(x)``."""
    first = call.argument(0, "value")
    if first is None or first.node is None:
        raise frame.refuse("expression", ast.unparse(call.node), "The value has no form.", call.node)
    node, kind = first.node, first.kind

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        return quote("{0}({1})", inner.imported("sqlalchemy", "literal"), node), widen(kind)

    return Val(Expr(Expression(render, constant=True)))


@function("django.db.models.expressions.Exists", "django.db.models.Exists")
def exists(frame: Frame, call: CallSite) -> Val:
    """``Exists(queryset)`` with ``OuterRef`` inside."""
    first = _wrapped(frame, call) or call.argument(0, "queryset")
    if first is None or not isinstance(first.kind, QuerySet):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Exists() of something else than a queryset.", call.node
        )
    _not_combined(frame, first, call)
    inner_query = commit(frame, first, distinct=True)
    model = query_of(inner_query).model

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        assert inner_query.node is not None
        own, table = apart(inner, inner_query.node, model, root, call.node)
        bound = bind_outer(inner, own, query, root, call.node)
        tables = [table, *(name(alias) for alias, _ in query_of(inner_query).joins)]
        made = ast.Call(ast.Attribute(bound, "correlate_except", ast.Load()), list(tables), [])
        return quote("{0}.exists()", made), Scalar("bool")

    return Val(Expr(Expression(render)))


def _wrapped(frame: Frame, call: CallSite) -> Val | None:
    """The queryset of ``Exists(Subquery(queryset))``: ``Subquery.__init__`` takes the query of whatever it is given."""
    match call.node.args:
        case [ast.Call(func, [inner], [])]:
            ref = frame.function.globals.get(ast.unparse(func))
            if ref is not None and ref.name in (
                "django.db.models.expressions.Subquery",
                "django.db.models.Subquery",
            ):
                return frame.eval(inner)
    return None


def _not_combined(frame: Frame, value: Val, call: CallSite) -> None:
    if query_of(value).compound:
        raise frame.refuse(
            "expression",
            ast.unparse(call.node),
            "The parts of a combined queryset are looked at for each row.",
            call.node,
        )


@function("django.db.models.expressions.Subquery", "django.db.models.Subquery")
def subquery(frame: Frame, call: CallSite) -> Val:
    """``Subquery(queryset.values("x")[:1])``."""
    first = call.argument(0, "queryset")
    call.only("queryset", "output_field", at_most=2)
    if first is None or not isinstance(first.kind, QuerySet):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Subquery() of something else than a queryset.", call.node
        )
    _not_combined(frame, first, call)
    chosen = settle(frame, first)
    inner_query = query_of(chosen)
    if inner_query.values is None or len(inner_query.columns) != 1:
        raise frame.refuse("expression", ast.unparse(call.node), "Subquery() needs one column.", call.node)
    column = inner_query.columns[0]
    if "json_key(" in column.text:
        raise frame.refuse(
            "expression", ast.unparse(call.node), "A key of JSON out of a subquery.", call.node
        )
    given = call.argument(1, "output_field")
    if given is not None and python_of(given) != getattr(widen(column.kind), "type", None):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "output_field makes another type of the column.", call.node
        )

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        assert chosen.node is not None
        own, table = apart(inner, chosen.node, inner_query.model, root, call.node)
        bound = bind_outer(inner, own, query, root, call.node)
        tables = [table, *(name(alias) for alias, _ in inner_query.joins)]
        made = ast.Call(ast.Attribute(bound, "correlate_except", ast.Load()), list(tables), [])
        return settled(inner, quote("{0}.scalar_subquery()", made), column.kind), nullable(column.kind)

    return Val(Expr(Expression(render, nullable=True)))


@function("django.db.models.expressions.When", "django.db.models.When")
def when(frame: Frame, call: CallSite) -> Val:
    """``When(condition, then=…)``: only inside ``Case``."""
    from segue.translate.query.where import Node as Tree

    kwargs = dict(call.kwargs)
    then = kwargs.pop("then", None)
    children: list[Node | Leaf | Raw] = []
    for positional in call.args:
        if not isinstance(positional.kind, Q):
            if then is None and len(call.args) == 2:
                then = positional
                continue
            raise frame.refuse("expression", ast.unparse(call.node), "The condition is no Q.", call.node)
        children.append(positional.kind.tree)
    children.extend(Leaf(k, v, call.node) for k, v in sorted(kwargs.items()))
    if then is None:
        raise frame.refuse("expression", ast.unparse(call.node), "There is no then=.", call.node)
    tree = Tree("AND", tuple(children))
    result = as_expression(then)  # a str names a column (``When.__init__``), as in Case

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        check_repeats_nothing(inner, query.model, tree, call.node)
        condition = Compiler(inner, query, root).tree(tree)
        if condition is None:
            raise inner.refuse("expression", ast.unparse(call.node), "The condition is empty.", call.node)
        node, kind = result.render(inner, query, root)
        return ast.Tuple([condition, node], ast.Load()), kind

    return Val(Expr(Expression(render)))


@function("django.db.models.expressions.Case", "django.db.models.Case")
def case(frame: Frame, call: CallSite) -> Val:
    """``Case(When(...), default=…)``."""
    call.only("default", "output_field")
    parts = [as_expression(v) for v in call.args]
    default = call.kwargs.get("default")
    field = call.kwargs.get("output_field")

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        nodes: list[ast.expr] = []
        kind: Kind | None = None
        for part in parts:
            node, one = part.render(inner, query, root)
            nodes.append(node)
            kind = one if kind is None else join(kind, one)
        made = ast.Call(inner.imported("sqlalchemy", "case"), nodes, [])
        if default is not None:
            node, one = as_expression(default).render(inner, query, root)
            made.keywords.append(ast.keyword("else_", node))
            kind = one if kind is None else join(kind, one)
        else:
            kind = nullable(kind) if kind is not None else Scalar("Any")
        kind = kind or Scalar("Any")
        if any("json_key(" in ast.unparse(node) for node in nodes):
            raise inner.refuse("expression", ast.unparse(call.node), "A key of JSON in a Case.", call.node)
        if field is not None and isinstance(kind, Scalar) and python_of(field) != kind.type:
            raise inner.refuse(
                "expression",
                ast.unparse(call.node),
                "output_field makes another type of the values.",
                call.node,
            )
        return settled(inner, made, kind), kind

    return Val(Expr(Expression(render)))


_NULLS = {"nulls_last": "last", "nulls_first": "first"}


@method(Expr, "asc", "desc")
def ordered(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``F("x").desc(nulls_last=True)``."""
    assert isinstance(owner.kind, Expr)
    nulls = ""
    for key, given in call.kwargs.items():
        value = given.kind.value if isinstance(given.kind, Const) else ...
        if key not in _NULLS or value not in (True, None):  # OrderBy takes True and None
            raise frame.refuse(
                "ordering", ast.unparse(call.node), "Segue does not know where NULLs go.", call.node
            )
        nulls = _NULLS[key] if value else nulls
    return Val(Expr(owner.kind.build.ordered(call.name == "desc", nulls)))


def arithmetic(frame: Frame, op: ast.operator, a: Val, b: Val, node: ast.expr) -> Val:
    """``F("a") + 1``; the division of integers truncates, as in SQL."""
    if not isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Mod | ast.Div | ast.BitAnd | ast.BitOr):
        raise frame.refuse(
            "expression",
            ast.unparse(node),
            "Only + - * / % between database expressions are translated.",
            node,
        )

    def build(inner: Frame, nodes: list[ast.expr], given: list[Kind]) -> tuple[ast.expr, Kind]:
        kinds = [widen(k) for k in given]
        if any(isinstance(kind, SearchWords | SearchText) for kind in kinds):
            return combined_search(inner, op, nodes, kinds, node)
        if isinstance(op, ast.BitAnd | ast.BitOr):
            raise inner.refuse(
                "expression", ast.unparse(node), "& and | of something else than searches.", node
            )
        made = of_time(inner, op, nodes, kinds, node)
        if made is not None:
            return made
        types = {k.type if isinstance(k, Scalar) else "" for k in kinds}
        if isinstance(op, ast.Mod) and types != {"int"}:
            # CombinedExpression knows % of integers (_connector_combinations); databases differ in what is left of others.
            raise inner.refuse("expression", ast.unparse(node), "% of something else than integers.", node)
        if isinstance(op, ast.Div):
            if types == {"int"}:
                return ast.BinOp(nodes[0], ast.FloorDiv(), nodes[1]), Scalar("int", True)
            if types not in ({"float"}, {"int", "float"}):
                raise inner.refuse("expression", ast.unparse(node), "/ of something else than numbers.", node)
            return ast.BinOp(nodes[0], op, nodes[1]), Scalar("float", True)
        if types == {"Decimal", "float"}:
            raise inner.refuse(
                "expression", ast.unparse(node), "Django raises FieldError: decimals and floats.", node
            )
        kind = computed_kind(kinds) or join(kinds[0], kinds[1])
        return settled(inner, ast.BinOp(nodes[0], op, nodes[1]), kind), kind

    return Val(Expr(composed([operand(a), operand(b)], build, node, nullable=True)))


def negative(frame: Frame, op: ast.unaryop, value: Val, node: ast.expr) -> Val:
    """``~Exists(...)``, ``-F("x")``."""
    assert isinstance(value.kind, Expr)
    built = value.kind.build

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        made, kind = built.render(inner, query, root)
        if isinstance(kind, SearchWords | SearchText) or built.aggregate:
            raise inner.refuse("expression", ast.unparse(node), "Segue has no rule for its opposite.", node)
        return settled(inner, ast.UnaryOp(op, made), kind), kind

    return Val(Expr(Expression(render)))
