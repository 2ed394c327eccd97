"""``F``, ``Value``, aggregates, ``Exists``, ``Subquery``, ``OuterRef``, ``Case``/``When``, functions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, nullable, widen
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, Expr, Kind, Object, Q, QuerySet, Scalar
from segue.translate.query.build import commit, query_of, root_of, settle
from segue.translate.query.compile import Compiler
from segue.translate.query.expressions import (
    Expression,
    as_expression,
    bind_outer,
    column_of,
    f_expression,
    operand,
    outer_name,
)
from segue.translate.query.ir import Query
from segue.translate.query.paths import resolve
from segue.translate.query.where import Leaf, Node, Raw
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

    return Val(Expr(Expression(render)))


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate(Expression):
    """``flat`` renders it over the query's own columns, for ``aggregate()``; ``grouped`` over the joins of groups."""

    flat: Callable[[Frame, Query, ast.expr], tuple[ast.expr, Kind]] | None = None
    grouped: Callable[[Frame, Val], tuple[Val, ast.expr, Kind]] | None = None
    distinct: bool = False


_AGGREGATES = {"Count": "count", "Sum": "sum", "Avg": "avg", "Min": "min", "Max": "max"}


def _aggregate(frame: Frame, call: CallSite) -> Val:
    cls = call.name.rpartition(".")[2]
    sql = _AGGREGATES[cls]
    call.only("distinct", "filter", "default", "output_field", at_most=1)
    first = call.argument(0, "expression")
    condition = call.kwargs.get("filter")
    distinct_value = call.kwargs.get("distinct")
    distinct = (
        distinct_value is not None
        and isinstance(distinct_value.kind, Const)
        and bool(distinct_value.kind.value)
    )
    if "default" in call.kwargs or "output_field" in call.kwargs:
        raise frame.refuse(
            "aggregate",
            ast.unparse(call.node),
            "default= and output_field= are not translated yet.",
            call.node,
        )
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse(
            "aggregate",
            ast.unparse(call.node),
            "Only aggregates of a named column are translated.",
            call.node,
        )
    path = first.kind.value
    if condition is not None and not isinstance(condition.kind, Q):
        raise frame.refuse("aggregate", ast.unparse(call.node), "The filter is no Q.", call.node)

    def flat(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if condition is not None:
            raise inner.refuse("aggregate", ast.unparse(call.node), "A filtered aggregate.", call.node)
        if path == "*":
            column: ast.expr = name("None")
            kind: Kind = Scalar("int")
        else:
            column, kind = column_of(inner, query, root, path, call.node)
        made = _call(inner, sql, column if path != "*" else None, distinct)
        return _floating(inner, cls, made), _kind(inner, cls, kind, call)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        return _subquery(inner, query, root, path, sql, cls, distinct, condition, call)

    def grouped(inner: Frame, owner: Val) -> tuple[Val, ast.expr, Kind]:
        from segue.translate.query.grouping import condition_of, joined_column

        column: ast.expr | None = None
        kind: Kind = Scalar("int")
        found = None
        if path != "*":
            owner, column, kind, found = joined_column(inner, owner, path, call.node)
        made = _call(inner, sql, column, distinct)
        if condition is not None:
            assert isinstance(condition.kind, Q)
            made = quote(
                "{0}.filter({1})", made, condition_of(inner, owner, condition.kind.tree, found, call.node)
            )
        return owner, _floating(inner, cls, made), _kind(inner, cls, kind, call)

    return Val(
        Expr(
            Aggregate(
                render,
                grouped=grouped,
                aggregate=True,
                default_alias=f"{path}__{sql}" if path != "*" else "",
                flat=flat,
                distinct=distinct,
            )
        )
    )


for _cls in _AGGREGATES:
    function(f"django.db.models.aggregates.{_cls}", f"django.db.models.{_cls}")(_aggregate)


def _call(frame: Frame, sql: str, column: ast.expr | None, distinct: bool) -> ast.expr:
    func = frame.imported("sqlalchemy", "func")
    if column is None:
        return quote(f"{{0}}.{sql}()", func)
    if distinct:
        column = quote("{0}.distinct()", column)
    return quote(f"{{0}}.{sql}({{1}})", func, column)


def _floating(frame: Frame, cls: str, node: ast.expr) -> ast.expr:
    """An average as a float, whatever the database makes of that of integers (``Avg._resolve_output_field``)."""
    if cls != "Avg":
        return node
    return quote(
        "{0}({1}, {2})", frame.imported("sqlalchemy", "cast"), node, frame.imported("sqlalchemy", "Float")
    )


def _kind(frame: Frame, cls: str, column: Kind, call: CallSite) -> Kind:
    kind = widen(column)
    text = kind.type if isinstance(kind, Scalar) else "Any"
    if cls == "Count":
        return Scalar("int")
    if cls == "Avg":
        if text not in ("int", "float"):
            raise frame.refuse(
                "aggregate-avg",
                ast.unparse(call.node),
                "Avg of a column that is neither int nor float differs between drivers.",
                call.node,
            )
        return Scalar("float", True)
    if cls == "Sum" and text not in ("int", "float"):
        raise frame.refuse(
            "aggregate-sum", ast.unparse(call.node), f"Sum of {text} is not translated yet.", call.node
        )
    return nullable(kind)


def _subquery(
    frame: Frame,
    query: Query,
    root: ast.expr,
    path: str,
    sql: str,
    cls: str,
    distinct: bool,
    condition: Val | None,
    call: CallSite,
) -> tuple[ast.expr, Kind]:
    """A correlated subquery: what the aggregate over the join of that relation alone gives."""
    from segue.translate.load.fetch import entity_type
    from segue.translate.load.models import column_kind

    found = resolve(frame, query.model, path, call.node)
    if not any(h.many for h in found.hops):
        raise frame.refuse(
            "aggregate",
            ast.unparse(call.node),
            "An aggregate over to-one columns is a GROUP BY of the rows.",
            call.node,
        )
    if len(found.hops) != 1 or found.hops[0].through:
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate over several relations.", call.node
        )
    hop = found.hops[0]
    target = frame.ctx.model(hop.target)
    if target.label == query.model:
        raise frame.refuse(
            "aggregate", ast.unparse(call.node), "An aggregate over the same table.", call.node
        )
    cls_name, item = entity_type(frame.ctx, hop.target)
    frame.use(item)
    inner = name(cls_name)
    column = ast.Attribute(inner, found.field.attname, ast.Load())
    aggregated = _floating(frame, cls, _call(frame, sql, column, distinct))
    parts = [
        quote(
            "{0} == {1}",
            ast.Attribute(inner, hop.link.right, ast.Load()),
            ast.Attribute(root, hop.link.left, ast.Load()),
        )
    ]
    if condition is not None:
        parts.append(_inner_condition(frame, query, root, hop, inner, condition, call))
    node = quote("{0}({1})", frame.imported("sqlalchemy", "select"), aggregated)
    node = ast.Call(ast.Attribute(node, "where", ast.Load()), parts, [])
    node = quote("{0}.correlate_except({1}).scalar_subquery()", node, inner)
    return node, _kind(frame, cls, column_kind(frame.ctx, found.field), call)


def _inner_condition(
    frame: Frame, query: Query, root: ast.expr, hop: object, inner: ast.expr, condition: Val, call: CallSite
) -> ast.expr:
    """``filter=Q(relation__x=…)``: lookups over the same relation, on its row."""
    from segue.translate.query.paths import Hop

    assert isinstance(hop, Hop)
    assert isinstance(condition.kind, Q)
    prefix = hop.name + "__"

    def strip(node: Node) -> Node:
        children: list[Node | Leaf | Raw] = []
        for child in node.children:
            if isinstance(child, Node):
                children.append(strip(child))
            elif isinstance(child, Leaf) and child.key.startswith(prefix):
                children.append(Leaf(child.key[len(prefix) :], child.value, child.at))
            else:
                raise frame.refuse(
                    "aggregate-filter",
                    ast.unparse(call.node),
                    "The filter looks at something else than the counted relation.",
                    call.node,
                )
        return Node(node.connector, tuple(children), node.negated)

    made = Compiler(frame, Query(hop.target), inner).tree(strip(condition.kind.tree))
    if made is None:
        raise frame.refuse("aggregate-filter", ast.unparse(call.node), "The filter is empty.", call.node)
    return made


@function("django.db.models.expressions.Exists", "django.db.models.Exists")
def exists(frame: Frame, call: CallSite) -> Val:
    """``Exists(queryset)`` with ``OuterRef`` inside."""
    first = call.argument(0, "queryset")
    if first is None or not isinstance(first.kind, QuerySet):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Exists() of something else than a queryset.", call.node
        )
    inner_query = commit(frame, first, distinct=True)
    model = query_of(inner_query).model

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if query.model == model:
            raise inner.refuse(
                "expression", ast.unparse(call.node), "Exists() over the same table.", call.node
            )
        assert inner_query.node is not None
        bound = bind_outer(inner, inner_query.node, query, root, call.node)
        tables = [root_of(inner, model), *(name(alias) for alias, _ in query_of(inner_query).joins)]
        made = ast.Call(ast.Attribute(bound, "correlate_except", ast.Load()), list(tables), [])
        return quote("{0}.exists()", made), Scalar("bool")

    return Val(Expr(Expression(render)))


@function("django.db.models.expressions.Subquery", "django.db.models.Subquery")
def subquery(frame: Frame, call: CallSite) -> Val:
    """``Subquery(queryset.values("x")[:1])``."""
    first = call.argument(0, "queryset")
    call.only("queryset", "output_field", at_most=2)
    if first is None or not isinstance(first.kind, QuerySet):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "Subquery() of something else than a queryset.", call.node
        )
    settled = settle(frame, first)
    inner_query = query_of(settled)
    if inner_query.values is None or len(inner_query.columns) != 1:
        raise frame.refuse("expression", ast.unparse(call.node), "Subquery() needs one column.", call.node)
    column = inner_query.columns[0]
    given = call.argument(1, "output_field")
    if given is not None and _python_of(given) != getattr(widen(column.kind), "type", None):
        raise frame.refuse(
            "expression", ast.unparse(call.node), "output_field makes another type of the column.", call.node
        )

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if query.model == inner_query.model:
            raise inner.refuse(
                "expression", ast.unparse(call.node), "Subquery() over the same table.", call.node
            )
        assert settled.node is not None
        bound = bind_outer(inner, settled.node, query, root, call.node)
        tables = [root_of(inner, inner_query.model), *(name(alias) for alias, _ in inner_query.joins)]
        made = ast.Call(ast.Attribute(bound, "correlate_except", ast.Load()), list(tables), [])
        return quote("{0}.scalar_subquery()", made), nullable(column.kind)

    return Val(Expr(Expression(render, nullable=True)))


_FIELDS = {
    "IntegerField": "int",
    "BigIntegerField": "int",
    "PositiveIntegerField": "int",
    "FloatField": "float",
    "CharField": "str",
    "TextField": "str",
    "BooleanField": "bool",
    "DateField": "date",
    "DateTimeField": "datetime",
}


def _output_field(frame: Frame, call: CallSite) -> Val:
    return Val(Object(call.name))


for _cls in _FIELDS:
    function(f"django.db.models.fields.{_cls}", f"django.db.models.{_cls}")(_output_field)


def _python_of(given: Val) -> str:
    """The Python type of ``output_field=IntegerField()``, or nothing."""
    cls = given.kind.cls.rpartition(".")[2] if isinstance(given.kind, Object) else ""
    return _FIELDS.get(cls, "")


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
    result = operand(then)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
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

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        nodes: list[ast.expr] = []
        kind: Kind | None = None
        for part in parts:
            node, one = part.render(inner, query, root)
            nodes.append(node)
            kind = one if kind is None else join(kind, one)
        made = ast.Call(inner.imported("sqlalchemy", "case"), nodes, [])
        if default is not None:
            node, one = operand(default).render(inner, query, root)
            made.keywords.append(ast.keyword("else_", node))
            kind = one if kind is None else join(kind, one)
        else:
            kind = nullable(kind) if kind is not None else Scalar("Any")
        return made, kind or Scalar("Any")

    return Val(Expr(Expression(render)))


@function("django.db.models.functions.comparison.Coalesce", "django.db.models.functions.Coalesce")
def coalesce(frame: Frame, call: CallSite) -> Val:
    """``Coalesce(a, b)``."""
    call.only()
    parts = [as_expression(v) for v in call.args]
    aggregate = any(p.aggregate for p in parts)

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        nodes: list[ast.expr] = []
        kind: Kind | None = None
        for part in parts:
            node, one = part.render(inner, query, root)
            nodes.append(node)
            from segue.translate.interp.join import not_null

            kind = not_null(one) if kind is None else join(not_null(kind), one)
        made = ast.Call(
            ast.Attribute(inner.imported("sqlalchemy", "func"), "coalesce", ast.Load()), nodes, []
        )
        return made, kind or Scalar("Any")

    return Val(Expr(Expression(render, aggregate=aggregate)))


def _text_function(sql: str) -> Callable[[Frame, CallSite], Val]:
    def rule(frame: Frame, call: CallSite) -> Val:
        call.only(at_most=1)
        part = as_expression(call.args[0])

        def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
            node, kind = part.render(inner, query, root)
            if not isinstance(kind, Scalar) or kind.type != "str":
                raise inner.refuse(
                    "expression", ast.unparse(call.node), "A text function of something else.", call.node
                )
            return quote(
                f"{{0}}.{sql}({{1}})", inner.imported("sqlalchemy", "func"), node
            ), kind if sql != "length" else Scalar("int", kind.nullable)

        return Val(Expr(Expression(render)))

    return rule


for _name, _sql in (("Lower", "lower"), ("Upper", "upper"), ("Length", "length")):
    function(f"django.db.models.functions.text.{_name}", f"django.db.models.functions.{_name}")(
        _text_function(_sql)
    )


@method(Expr, "asc", "desc")
def ordered(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``F("x").desc(nulls_last=True)``."""
    assert isinstance(owner.kind, Expr)
    nulls = ""
    for key in call.kwargs:
        nulls = {"nulls_last": "last", "nulls_first": "first"}.get(key, nulls)
    return Val(Expr(owner.kind.build.ordered(call.name == "desc", nulls)))


def arithmetic(frame: Frame, op: ast.operator, a: Val, b: Val, node: ast.expr) -> Val:
    """``F("a") + 1``; integer division truncates as in SQL."""
    left, right = operand(a), operand(b)
    modulo = isinstance(op, ast.Mod)
    if not isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Mod):
        raise frame.refuse(
            "expression", ast.unparse(node), "Only + - * % between database expressions are translated.", node
        )

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        a_node, a_kind = left.render(inner, query, root)
        b_node, b_kind = right.render(inner, query, root)
        kinds = (widen(a_kind), widen(b_kind))
        if modulo and not all(isinstance(k, Scalar) and k.type == "int" for k in kinds):
            # CombinedExpression knows % of integers (_connector_combinations); databases differ in what is left of others.
            raise inner.refuse("expression", ast.unparse(node), "% of something else than integers.", node)
        return ast.BinOp(a_node, op, b_node), join(a_kind, b_kind)

    return Val(Expr(Expression(render, aggregate=left.aggregate or right.aggregate, nullable=True)))


def negative(frame: Frame, op: ast.unaryop, value: Val, node: ast.expr) -> Val:
    """``~Exists(...)``, ``-F("x")``."""
    assert isinstance(value.kind, Expr)
    built = value.kind.build

    def render(inner: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        made, kind = built.render(inner, query, root)
        return ast.UnaryOp(op, made), kind

    return Val(Expr(Expression(render)))
