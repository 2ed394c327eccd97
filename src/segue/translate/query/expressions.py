"""``F``, ``Value``, aggregates, ``Case`` …: expressions that a query gives a meaning later."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import Expr, Kind, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import column_kind, python_type
from segue.translate.rules.column_objects import refuse_objects

if TYPE_CHECKING:
    from segue.translate.query.ir import Query
    from segue.translate.query.paths import Path

Render = Callable[["Frame", "Query", ast.expr], "tuple[ast.expr, Kind]"]


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """``render(frame, query, root)`` gives the SQLAlchemy expression and the kind of its value.

    ``aggregate``: computed over joined rows. ``outer``: an ``OuterRef`` path.
    ``default_alias`` as Django names it. ``nullable``: a column that may be NULL (for guards).
    ``constant``: the same for every row. ``window``: computed over the rows that are selected.
    """

    render: Render
    aggregate: bool = False
    outer: str = ""
    default_alias: str = ""
    column: str = ""
    descending: bool | None = None
    nulls: str = ""
    nullable: bool = False
    constant: bool = False
    window: bool = False

    def against(self, frame: Frame, at: ast.AST) -> ast.expr:
        """As the right side of a lookup without a query around it: refused."""
        raise frame.refuse("expression", "F()", "An expression outside of a query.", at)

    def ordered(self, descending: bool, nulls: str) -> Expression:
        """``expression.asc()`` / ``.desc()``."""
        return replace(self, descending=descending, nulls=nulls)


OUTER = "outerref__"


def outer_name(path: str) -> ast.expr:
    """Stand-in for ``OuterRef(path)`` until the outer query is known."""
    return name(OUTER + path)


def bind_outer(frame: Frame, node: ast.expr, query: Query, root: ast.expr, at: ast.AST) -> ast.expr:
    """Replace the stand-ins of :func:`outer_name` by columns of the outer query."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, item: ast.Name) -> ast.expr:
            if not item.id.startswith(OUTER):
                return item
            return column_of(frame, query, root, item.id[len(OUTER) :], at)[0]

    import copy

    filled = Fill().visit(copy.deepcopy(node))
    assert isinstance(filled, ast.expr)
    return filled


def apart(
    frame: Frame, node: ast.expr, label: str, others: ast.expr, at: ast.AST
) -> tuple[ast.expr, ast.expr]:
    """A subquery's statement, and the class that it is over: an alias where ``others`` is over the same table."""
    from segue.translate.query.compile import alias_constant

    cls, _ = entity_type(frame.ctx, label)
    if cls != ast.unparse(others):
        return node, name(cls)
    known = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    if cls not in known:
        raise frame.refuse("expression", ast.unparse(node)[:60], "A statement with a name of its own.", at)
    number = 1
    while ast.unparse(alias := alias_constant(frame, label, "other", number)) in known:
        number += 1

    class Rename(ast.NodeTransformer):
        def visit_Name(self, item: ast.Name) -> ast.expr:
            return alias if item.id == cls else item

    import copy

    renamed = Rename().visit(copy.deepcopy(node))
    assert isinstance(renamed, ast.expr)
    return renamed, alias


def column_of(frame: Frame, query: Query, root: ast.expr, path: str, at: ast.AST) -> tuple[ast.expr, Kind]:
    """``F(path)``: a column, an annotation, or a scalar subquery along to-one relations."""
    from segue.translate.query.paths import resolve

    annotation = query.annotation(path)
    if annotation is not None:
        if query.for_save and (annotation.aggregate or "scalar_subquery" in annotation.text):
            raise frame.refuse("update", f"F({path!r})", "Django may have to join for this annotation.", at)
        return name(annotation.text), annotation.kind
    found = resolve(frame, query.model, path, at)
    check_no_join(frame, query, found, path, at)
    if found.json and found.transforms and found.lookup == "exact" and not found.hops:
        from segue.translate.query.json_lookups import key_column

        column = ast.Attribute(root, found.field.attname, ast.Load())
        return key_column(frame, column, found.transforms), Scalar("Any", True)
    if found.transforms or found.lookup != "exact":
        raise frame.refuse("expression", f"F({path!r})", "A transform inside F() is not translated.", at)
    if any(h.many for h in found.hops):
        raise frame.refuse("expression", f"F({path!r})", "F() over a to-many relation is not translated.", at)
    kind = column_kind(frame.ctx, found.field)
    refuse_objects(frame, kind, path, at)
    if not found.hops:
        return ast.Attribute(root, found.field.attname, ast.Load()), kind
    return to_one_subquery(frame, found.hops, root, found.field.attname), Scalar(
        python_type(frame.ctx, found.field), True
    )


def check_no_join(frame: Frame, query: Query, found: Path, path: str, at: ast.AST) -> None:
    """Refuse what Django joins for, in a value that is written: it raises ``FieldError``."""
    if query.for_save and found.hops:
        raise frame.refuse("update", path, "Django refuses columns of relations in what is written.", at)


def to_one_subquery(frame: Frame, hops: tuple[object, ...], root: ast.expr, attname: str) -> ast.expr:
    """A correlated scalar subquery for a column at the end of to-one hops."""
    from segue.translate.query.compile import alias_constant
    from segue.translate.query.paths import Hop

    tables: list[str] = []
    classes: list[ast.expr] = []
    for hop in hops:
        assert isinstance(hop, Hop)
        if not tables:
            tables.append(hop.source)
        cls, item = entity_type(frame.ctx, hop.target)
        frame.use(item)
        depth = tables.count(hop.target)
        classes.append(alias_constant(frame, hop.target, hop.name, depth) if depth else name(cls))
        tables.append(hop.target)
    select = frame.imported("sqlalchemy", "select")
    last = classes[-1]
    node = quote("{0}({1})", select, ast.Attribute(last, attname, ast.Load()))
    conditions: list[ast.expr] = []
    left = root
    for hop, cls_node in zip(hops, classes, strict=True):
        assert isinstance(hop, Hop)
        conditions.append(
            quote(
                "{0} == {1}",
                ast.Attribute(cls_node, hop.link.right, ast.Load()),
                ast.Attribute(left, hop.link.left, ast.Load()),
            )
        )
        left = cls_node
    node = ast.Call(ast.Attribute(node, "where", ast.Load()), conditions, [])
    node = ast.Call(ast.Attribute(node, "correlate_except", ast.Load()), list(classes), [])
    return ast.Call(ast.Attribute(node, "scalar_subquery", ast.Load()), [], [])


def value_expression(value: Val) -> Expression:
    """A Python value inside an expression."""

    def render(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        if value.node is None:
            raise frame.refuse("expression", "value", "This cannot be a value in an expression.")
        return value.node, value.kind

    return Expression(render, constant=True)


def as_expression(value: Val) -> Expression:
    """What an argument of a database function means: an expression, ``"name"`` as ``F("name")``."""
    from segue.translate.kinds import Const

    if isinstance(value.kind, Expr):
        built = value.kind.build
        assert isinstance(built, Expression)
        return built
    if isinstance(value.kind, Const) and isinstance(value.kind.value, str):
        return f_expression(value.kind.value)
    if isinstance(value.kind, Scalar) and value.kind.type in ("str", "Any"):

        def refuse(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
            raise frame.refuse(
                "expression", value.text, "A text names a column here, and this one is computed."
            )

        return Expression(refuse)
    return value_expression(value)


def operand(value: Val) -> Expression:
    """What an operand of an arithmetic expression means (a str is text, not a name)."""
    if isinstance(value.kind, Expr):
        built = value.kind.build
        assert isinstance(built, Expression)
        return built
    return value_expression(value)


def f_expression(path: str) -> Expression:
    """``F(path)``."""

    def render(frame: Frame, query: Query, root: ast.expr) -> tuple[ast.expr, Kind]:
        return column_of(frame, query, root, path, ast.Constant(path))

    return Expression(render, column=path, nullable=True)


def literal_text(value: object) -> ast.expr:
    """``literal(value)`` of SQLAlchemy."""
    return quote("literal({0})", literal(value))
