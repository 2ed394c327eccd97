"""``x in y``."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    Const,
    DictOf,
    EnumMember,
    Global,
    Instance,
    ListOf,
    Maybe,
    Payload,
    QueryParameters,
    QuerySet,
    RelatedManager,
    Scalar,
    SerializerContext,
    Unknown,
    UrlArguments,
    User,
    ValidatedData,
)
from segue.translate.rules import registry
from segue.translate.rules.by_class_tables import entries
from segue.translate.serializers.added import never_there


def membership(frame: Frame, op: ast.cmpop, a: Val, b: Val, node: ast.Compare) -> Val:
    """By the kind of the container; objects in querysets by key, with one query."""
    positive = isinstance(op, ast.In)
    written = node.comparators[0]
    if (
        isinstance(a.kind, Const)
        and isinstance(written, ast.List | ast.Tuple | ast.Set)
        and all(isinstance(item, ast.Constant) for item in written.elts)
    ):
        # ``self.action in ["update", "destroy"]``, where the action is known.
        return const((a.kind.value in ast.literal_eval(written)) == positive)
    if isinstance(a.kind, Const) and isinstance(b.node, ast.List | ast.Tuple | ast.Set):
        constants = _literal(b.node)
        if constants is not None:  # a constant of a module, which no function changes
            return const((a.kind.value in constants) == positive)
    kind = b.kind
    if isinstance(a.kind, Global) and a.kind.ref.kind in ("class", "model"):
        table = entries(frame, b, written)
        if table is not None:
            return const((a.kind.ref.name in table) == positive)
    if (
        isinstance(kind, ValidatedData)
        and isinstance(a.kind, Const)
        and isinstance(a.kind.value, str)
        and never_there(frame.ctx, kind.serializer, a.kind.value)
    ):
        return const(not positive)
    for cls in type(kind).__mro__:
        rule = registry.methods.get((cls, "__contains__"))
        if rule is not None:
            from segue.translate.interp.callsite import CallSite

            made = ast.copy_location(ast.Call(node.comparators[0], [node.left], []), node)
            found = rule(frame, b, CallSite(frame, made, "__contains__"))
            if found is not None:
                if isinstance(found.kind, Const):
                    return const(bool(found.kind.value) == positive)
                assert found.node is not None
                if positive:
                    return found
                if isinstance(found.node, ast.Compare) and isinstance(found.node.ops[0], ast.In):
                    absent = ast.Compare(found.node.left, [ast.NotIn()], found.node.comparators)
                    return Val(Scalar("bool"), absent)
                return Val(Scalar("bool"), ast.UnaryOp(ast.Not(), found.node))
    if isinstance(kind, UrlArguments):
        known = getattr(kind.endpoint, "url_arguments", None)
        if isinstance(known, dict) and isinstance(a.kind, Const):
            return const((a.kind.value in known) == positive)
    if isinstance(kind, QuerySet | RelatedManager):
        from segue.translate.rules.queryset_evaluate import contains

        return contains(frame, b, a, positive, node)
    if isinstance(a.kind, Instance | User) and isinstance(kind, ListOf) and isinstance(kind.item, Instance):
        from segue.translate.load.models import pk_field
        from segue.translate.load.needs import column
        from segue.translate.rules.instance import key_of

        pk = pk_field(frame.ctx, kind.item.model).attname
        column(frame.ctx, kind.item.site, pk)
        if a.node is None or b.node is None or (isinstance(a.kind, Instance) and a.kind.nullable):
            raise frame.refuse("membership", ast.unparse(node), "The object may be None.", node)
        some = " if item is not None" if kind.item.nullable else ""
        inside = quote(f"[item.{pk} for item in {{0}}{some}]", b.node)
        return Val(Scalar("bool"), ast.Compare(key_of(frame, a), [op], [inside]))
    if isinstance(a.kind, Instance) and a.node is not None and isinstance(b.node, ast.List):
        plain_items = _literal(b.node)
        if plain_items is not None:  # ``value in EMPTY_VALUES``: an object is none of them
            if not (a.kind.nullable and None in plain_items):
                return const(not positive)
            test = ast.Is() if positive else ast.IsNot()
            return Val(Scalar("bool"), ast.Compare(a.node, [test], [ast.Constant(None)]))
    plain_list = b.node if isinstance(b.node, ast.List) and _literal(b.node) is not None else None
    if isinstance(a.kind, Maybe | DictOf) and a.node is not None and plain_list is not None:
        return Val(Scalar("bool"), ast.Compare(a.node, [op], [plain_list]))
    if a.node is not None and b.node is not None and frame.bottom(kind, node):
        return Val(Scalar("bool"), ast.Compare(a.node, [op], [b.node]))
    if isinstance(kind, Unknown) or isinstance(a.kind, Unknown):
        why = kind.why if isinstance(kind, Unknown) else getattr(a.kind, "why", "")
        raise frame.refuse("membership", ast.unparse(node), why or "Segue does not know what this is.", node)
    plain = (
        Const,
        Scalar,
        ListOf,
        DictOf,
        Payload,
        QueryParameters,
        ValidatedData,
        UrlArguments,
        SerializerContext,
    )
    if (
        not isinstance(kind, plain)
        or not isinstance(a.kind, Const | Scalar | ListOf | EnumMember)
        or a.node is None
        or b.node is None
    ):
        raise frame.refuse(
            "membership", ast.unparse(node), f"Segue has no rule for in {type(kind).__name__}.", node
        )
    right = b.node
    if isinstance(kind, Const) and isinstance(kind.value, tuple):
        right = literal(kind.value)
    return Val(Scalar("bool"), ast.Compare(a.node, [op], [right]))


def _literal(node: ast.expr) -> list[object] | None:
    try:
        return list(ast.literal_eval(node))
    except ValueError:
        return None
