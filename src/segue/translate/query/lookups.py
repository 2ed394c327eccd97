"""One function per lookup: column and value → SQLAlchemy condition.

https://docs.djangoproject.com/en/5.2/ref/models/querysets/#field-lookups
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from segue.refusal import Refused
from segue.snapshot.model import ModelField
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, ListOf, QuerySet, Scalar
from segue.translate.load.models import check_value, python_type
from segue.translate.models.conversions import conversion, lookup_problem
from segue.translate.models.countries import is_country
from segue.translate.models.phones import is_phone
from segue.translate.models.problems import field_refusal
from segue.translate.query.coerce import coerce, coerce_items


@dataclass(frozen=True, slots=True)
class Target:
    """``column`` is its expression, ``field`` the model field it belongs to (for type and nullability),
    ``type`` the Python type when transforms changed it."""

    column: ast.expr
    field: ModelField
    type: str
    nullable: bool


Lookup = Callable[[Frame, Target, Val, ast.AST], ast.expr]
TABLE: dict[str, Lookup] = {}


def lookup(*names: str) -> Callable[[Lookup], Lookup]:
    """Register a lookup."""

    def register(function: Lookup) -> Lookup:
        for item in names:
            TABLE[item] = function
        return function

    return register


def target(frame: Frame, column: ast.expr, item: ModelField) -> Target:
    """The untransformed column."""
    check_value(frame.ctx, item)
    problem = lookup_problem(frame.ctx, item)
    if problem is not None:
        raise Refused(problem)
    if is_phone(frame.ctx, item):
        return Target(column, item, "phone", item.null)
    return Target(column, item, python_type(frame.ctx, item), item.null)


def _is_none(value: Val) -> bool:
    return isinstance(value.kind, Const) and value.kind.value is None


def _refuse_nullable(frame: Frame, value: Val, what: str, at: ast.AST) -> None:
    if _is_none(value) or (isinstance(value.kind, Scalar) and value.kind.nullable):
        raise frame.refuse(
            "null-lookup", f"__{what}", "The value may be None, which Django answers with an error.", at
        )


@lookup("exact")
def exact(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """``=``, or ``IS NULL`` for ``None`` (SQLAlchemy does the same for a ``None`` it sees)."""
    if _is_none(value):
        if on.type == "Any":
            raise frame.refuse("json-lookup", "=None", "JSON null and SQL NULL differ.", at)
        return quote("{0}.is_(None)", on.column)
    if on.type == "Any":
        raise frame.refuse("json-lookup", "exact", "Equality of JSON values is not translated.", at)
    if isinstance(value.kind, QuerySet):
        from segue.translate.query.build import subquery_of

        low, high = value.kind.query.bounds or (0, None)
        if high is None or high - low != 1:  # Query.has_limit_one
            raise frame.refuse(
                "subquery-lookup", "=queryset", "Django raises ValueError: it is not sliced to one row.", at
            )
        return quote("{0} == {1}.scalar_subquery()", on.column, subquery_of(frame, value, on, at))
    if on.type == "bool" and isinstance(value.kind, Const):
        return quote("{0}.is_({1})", on.column, coerce(frame, on, value, at))
    return quote("{0} == {1}", on.column, coerce(frame, on, value, at))


@lookup("gt", "gte", "lt", "lte")
def compare(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """Placeholder in the table; :func:`comparison` writes them."""
    raise AssertionError("unreachable")


def comparison(name: str) -> Lookup:
    """``<``, ``<=``, ``>``, ``>=``."""
    sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[name]

    def build(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
        _refuse_nullable(frame, value, name, at)
        if (
            on.type == "int"
            and not (
                (isinstance(value.kind, Scalar) and value.kind.type in ("int", "bool"))
                or (isinstance(value.kind, Const) and type(value.kind.value) is int)
            )
            and not _plain_column(value)
        ):
            raise frame.refuse(
                "int-comparison", f"__{name}", "Django rounds a value that is not an int here.", at
            )
        return quote(f"{{0}} {sign} {{1}}", on.column, coerce(frame, on, value, at))

    return build


def _plain_column(value: Val) -> bool:
    from segue.translate.kinds import Expr

    return isinstance(value.kind, Expr)


for _name in ("gt", "gte", "lt", "lte"):
    TABLE[_name] = comparison(_name)


@lookup("in")
def in_(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """``IN``; ``None`` items are left out, as Django does."""
    return quote("{0}.in_({1})", on.column, coerce_items(frame, on, value, at))


@lookup("isnull")
def isnull(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """``IS NULL`` / ``IS NOT NULL``."""
    if not (isinstance(value.kind, Const) and isinstance(value.kind.value, bool)):
        if value.kind == Scalar("bool") and value.node is not None:
            return quote("{0}.is_(None) == {1}", on.column, value.node)
        raise frame.refuse("isnull", "__isnull", "Its value is not known to be True or False.", at)
    return quote("{0}.is_(None)" if value.kind.value else "{0}.is_not(None)", on.column)


@lookup("range")
def range_(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """``BETWEEN``."""
    if isinstance(value.kind, Const) and isinstance(value.kind.value, tuple) and len(value.kind.value) == 2:
        low, high = (coerce(frame, on, Val(Const(v), literal(v)), at) for v in value.kind.value)
        return quote("{0}.between({1}, {2})", on.column, low, high)
    if not isinstance(value.node, ast.Tuple | ast.List) or len(value.node.elts) != 2:
        raise frame.refuse("range", "__range", "Its value is not a pair written in place.", at)
    item = value.kind.item if isinstance(value.kind, ListOf) else Scalar(on.type)
    low, high = (coerce(frame, on, Val(item, e), at) for e in value.node.elts)
    return quote("{0}.between({1}, {2})", on.column, low, high)


def _text(name: str) -> Lookup:
    def build(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
        if on.type == "phone" and name != "iexact":  # which alone has Django read what it looks for
            on = replace(on, type="str")
        elif on.type != "str":
            raise frame.refuse("text-lookup", f"__{name}", f"Text lookup on a column of type {on.type}.", at)
        if is_country(frame.ctx, on.field) and name != "iexact":
            why = f"django-countries looks for names by __{name}, and not for codes."
            raise Refused(field_refusal(on.field, why))
        if conversion(frame.ctx, on.field) is not None and not is_phone(frame.ctx, on.field):
            raise Refused(
                field_refusal(on.field, f"Its class converts values, which Django does not for __{name}.")
            )
        if name != "iexact":
            _refuse_nullable(frame, value, name, at)
        elif _is_none(value):
            return quote("{0}.is_(None)", on.column)
        helper = frame.imported("segue_bridge.db.query", name)
        return quote("{0}({1}, {2})", helper, on.column, coerce(frame, on, value, at))

    return build


for _name in (
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "regex",
    "iregex",
):
    TABLE[_name] = _text(_name)
