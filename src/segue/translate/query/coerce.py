"""Right-hand sides of lookups in the column's own type, as Django's ``get_prep_value`` makes them."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, is_pure, literal, quote
from segue.translate.kinds import Const, Expr, Instance, Kind, ListOf, Phone, QuerySet, Scalar, User

if TYPE_CHECKING:
    from segue.translate.query.expressions import Expression
    from segue.translate.query.lookups import Target
    from segue.translate.query.transforms import Rendered

_HELPERS = {
    "int": "as_int",
    "float": "as_float",
    "bool": "as_bool",
    "UUID": "as_uuid",
    "Decimal": "as_decimal",
    "str": "as_text",
    "datetime": "as_datetime",
    "date": "as_date",
    "time": "as_time",
}
# From which types Django makes dates and times (``to_python``).
_OF_TIME = {
    "datetime": frozenset({"str", "date", "Any"}),
    "date": frozenset({"str", "datetime", "Any"}),
    "time": frozenset({"str", "datetime", "Any"}),
}
_NAMED = {"int", "float", "bool"}


def coerce(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """The expression of ``value`` for a comparison with ``on``. Refuses what Django would refuse at
    run time in a way that this code could not repeat."""
    kind = value.kind
    if isinstance(kind, Expr):
        built: Expression | Rendered = kind.build
        return built.against(frame, at)
    if value.node is None and not isinstance(kind, User):
        raise frame.refuse("lookup-value", type(kind).__name__, "This cannot be a value in a lookup.", at)
    if isinstance(kind, Instance | User):
        return instance_key(frame, value, on, at)
    assert value.node is not None
    if on.type == "phone":
        return _phone(frame, value, at)
    if isinstance(kind, Const):
        return _constant(frame, on, kind.value, value, at)
    if isinstance(kind, Scalar):
        if kind.type == on.type or (kind.type, on.type) in (
            ("bool", "int"),
            ("int", "float"),
            ("int", "Decimal"),
        ):
            return value.node
        helper = _HELPERS.get(on.type)
        if helper is None or kind.type not in _OF_TIME.get(on.type, {kind.type}):
            if kind.type == "Any" and on.type != "Any":
                raise frame.refuse(
                    "lookup-value", value.text, f"A value of unknown type meets a {on.type} column.", at
                )
            raise frame.refuse("lookup-value", value.text, f"A {kind.type} meets a {on.type} column.", at)
        call = frame.imported("segue_bridge.db.coerce", helper)
        if on.type in _NAMED:
            return quote("{0}({1}, {2})", call, value.node, literal(on.field.name))
        return quote("{0}({1})", call, value.node)
    raise frame.refuse(
        "lookup-value", value.text or type(kind).__name__, "Segue does not know what this value is.", at
    )


def _phone(frame: Frame, value: Val, at: ast.AST) -> ast.expr:
    """The column reads a text as Django's does, and fails for all else (``PhoneNumberField.get_prep_value``)."""
    kind = value.kind
    known = isinstance(kind, Phone) or (isinstance(kind, Scalar) and kind.type in ("str", "Any"))
    if value.node is None or not (known or (isinstance(kind, Const) and isinstance(kind.value, str))):
        raise frame.refuse("lookup-value", value.text, "This is no text for a phone number.", at)
    return value.node


def _constant(frame: Frame, on: Target, constant: object, value: Val, at: ast.AST) -> ast.expr:
    assert value.node is not None
    try:
        if on.type == "int" and isinstance(constant, str | float | int):
            return (
                literal(int(constant))
                if not isinstance(constant, int) or isinstance(constant, bool)
                else value.node
            )
        if on.type == "str" and not isinstance(constant, str):
            return literal(str(constant))
        if on.type == "bool":
            folded = {
                "t": True,
                "True": True,
                "1": True,
                1: True,
                "f": False,
                "False": False,
                "0": False,
                0: False,
            }.get(constant)
            if folded is None:
                raise ValueError
            return literal(folded)
    except ValueError:
        raise frame.refuse(
            "lookup-value", repr(constant), f"Not a value of a {on.type} column.", at
        ) from None
    if on.type in ("int", "str", "float", "bool") or (on.type == "Decimal" and isinstance(constant, int)):
        return value.node
    if on.type in ("UUID", "Decimal") or (on.type in _OF_TIME and isinstance(constant, str)):
        return quote("{0}({1})", frame.imported("segue_bridge.db.coerce", _HELPERS[on.type]), value.node)
    raise frame.refuse("lookup-value", repr(constant), f"A constant meets a {on.type} column.", at)


def instance_key(frame: Frame, value: Val, on: Target, at: ast.AST) -> ast.expr:
    """The key of an instance given for a relation: the attribute that the column refers to."""
    from segue.translate.load.models import field_of, pk_field, target_field
    from segue.translate.load.needs import column

    kind = value.kind
    item = target_field(frame.ctx, on.field) if on.field.relation is not None else None
    if isinstance(kind, User):
        attr = item.attname if item is not None else pk_field(frame.ctx, kind.model).attname
        user = frame.state("user") if value.node is None else value.node
        if kind.authenticated is not True:
            user = quote("{0}({1})", frame.imported("segue_bridge.db.coerce", "signed_in"), user)
        return quote(f"{{0}}.{attr}", user)
    assert isinstance(kind, Instance)
    assert value.node is not None
    from segue.translate.rules.unsaved import check_unsaved

    check_unsaved(frame, kind.site, "", at)
    if kind.nullable:
        raise frame.refuse("lookup-value", value.text, "The object may be None.", at)
    attr = item.attname if item is not None else pk_field(frame.ctx, kind.model).attname
    model = frame.ctx.model(kind.model)
    if field_of(model, attr) is None:
        attr = pk_field(frame.ctx, kind.model).attname
    column(frame.ctx, kind.site, attr)
    return quote(f"{{0}}.{attr}", value.node)


def nullable_key(frame: Frame, value: Val, on: Target, at: ast.AST) -> Val:
    """``team=request.team`` that may be None: its key, or None, which is looked for by ``IS NULL``. Any other value as it is."""
    kind = value.kind
    if (
        not (isinstance(kind, Instance) and kind.nullable and is_pure(value.node))
        or on.field.relation is None
    ):
        return value
    assert value.node is not None
    key = instance_key(frame, Val(replace(kind, nullable=False), value.node), on, at)
    return Val(Scalar(on.type, True), quote("{0} if {1} is not None else None", key, value.node))


def coerce_items(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """The right side of ``IN``: a list, or a subquery of keys."""
    from segue.translate.query.build import subquery_of

    kind: Any = value.kind
    if isinstance(kind, QuerySet):
        return subquery_of(frame, value, on, at)
    if isinstance(kind, Const) and isinstance(kind.value, tuple):
        items = [coerce(frame, on, Val(Const(v), literal(v)), at) for v in kind.value if v is not None]
        return ast.List(elts=items, ctx=ast.Load())
    if isinstance(kind, Scalar) and kind.type in ("Any", "list[Any]") and not kind.nullable:
        return _unknown_items(frame, on, value, at)
    if not isinstance(kind, ListOf):
        raise frame.refuse(
            "lookup-value", value.text or type(kind).__name__, "__in of something that is not a list.", at
        )
    assert value.node is not None
    if isinstance(value.node, ast.List | ast.Tuple | ast.Set) and not any(
        isinstance(e, ast.Starred) for e in value.node.elts
    ):
        items = [
            coerce(frame, on, Val(_kind_of(e, kind), e), at)
            for e in value.node.elts
            if not (isinstance(e, ast.Constant) and e.value is None)
        ]
        return ast.List(elts=items, ctx=ast.Load())
    if isinstance(kind.item, Instance):
        if on.field.relation is None and not on.field.primary_key:
            raise frame.refuse("lookup-value", value.text, "Objects meet a plain column.", at)
        inner = instance_key(frame, Val(kind.item, ast.Name("item", ast.Load())), on, at)
        return quote("[{1} for item in {0}]", value.node, inner)
    if isinstance(kind.item, Scalar) and kind.item.type == on.type:
        if kind.item.nullable:
            return quote("{0}({1})", frame.imported("segue_bridge.db.coerce", "without_none"), value.node)
        return value.node
    if isinstance(kind.item, Scalar):
        inner = coerce(frame, on, Val(Scalar(kind.item.type), ast.Name("item", ast.Load())), at)
        return quote("[{1} for item in {0} if item is not None]", value.node, inner)
    raise frame.refuse("lookup-value", value.text, "Segue does not know what the list holds.", at)


def _unknown_items(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """Of a request's body: each item is made a value of the column, or fails as in Django (``In.get_prep_lookup``)."""
    if on.field.relation is not None or on.type not in _HELPERS:
        raise frame.refuse("lookup-value", value.text, f"Items of unknown type meet a {on.type} column.", at)
    assert value.node is not None
    inner = coerce(frame, on, Val(Scalar("Any"), ast.Name("item", ast.Load())), at)
    return quote("[{1} for item in {0} if item is not None]", value.node, inner)


def _kind_of(node: ast.expr, kind: ListOf) -> Kind:
    return Const(node.value) if isinstance(node, ast.Constant) else kind.item
