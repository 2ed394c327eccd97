"""``owner[key]``: by rule for the kind of the owner; slices of plain values and querysets."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    DictOf,
    Global,
    LibraryObject,
    ListOf,
    Payload,
    QueryParameters,
    QuerySet,
    RelatedManager,
    Scalar,
    SerializerContext,
    Shape,
    TupleOf,
    Unknown,
    UrlArguments,
    ValidatedData,
)
from segue.translate.rules import registry
from segue.translate.rules.registry import expression


@expression(ast.Subscript)
def read(frame: Frame, node: ast.Subscript) -> Val:
    """One item or a slice."""
    owner = frame.eval(node.value)
    kind = owner.kind
    for cls in type(kind).__mro__:
        rule = registry.methods.get((cls, "__getitem__"))
        if rule is not None:
            from segue.translate.interp.callsite import CallSite

            made = ast.copy_location(
                ast.Call(node.value, [node.slice] if not isinstance(node.slice, ast.Slice) else [], []), node
            )
            found = rule(frame, owner, CallSite(frame, made, "__getitem__"))
            if found is not None:
                return found
    if isinstance(kind, QuerySet | RelatedManager):
        from segue.translate.rules.queryset_slice import subscript

        return subscript(frame, owner, node)
    if isinstance(kind, Global) and not isinstance(node.slice, ast.Slice):
        from segue.translate.rules.by_class_tables import looked_up
        from segue.translate.rules.enumerations import of_name

        named = frame.eval(node.slice)
        found = of_name(frame, kind.ref.name, named) or looked_up(frame, owner, named, node)
        if found is not None:
            return found
    if owner.node is None:
        raise frame.refuse("subscript", ast.unparse(node), "Segue has no rule for items of this.", node)
    if isinstance(node.slice, ast.Slice):
        parts = [
            frame.eval(p).node if p is not None else None
            for p in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        if (
            isinstance(kind, ListOf)
            or (isinstance(kind, Scalar) and kind.type in ("str", "bytes", "Any"))
            or isinstance(kind, Const)
        ):
            result = Scalar("str") if isinstance(kind, Const) else kind
            return Val(result, ast.Subscript(owner.node, ast.Slice(*parts), ast.Load()))
        raise frame.refuse("subscript", ast.unparse(node), "Segue has no rule for slices of this.", node)
    key = frame.eval(node.slice)
    if key.node is None:
        raise frame.refuse("subscript", ast.unparse(node), "The key has no form in the generated code.", node)
    made_node = ast.Subscript(owner.node, key.node, ast.Load())
    if frame.bottom(kind, node):
        return Val(kind, made_node)
    if isinstance(kind, DictOf):
        if isinstance(key.kind, Const):
            for name, item in kind.items:
                if name == str(key.kind.value):  # pairs are told as dicts of their places
                    return Val(item, made_node)
            if kind.value is None or isinstance(kind.value, Unknown):
                return Val(Scalar("Any"), made_node)
        if kind.items and kind.value is None and all(isinstance(one, LibraryObject) for _, one in kind.items):
            return Val(LibraryObject(), made_node)
        return Val(kind.value if kind.value is not None else Scalar("Any"), made_node)
    if isinstance(kind, ListOf):
        return Val(kind.item, made_node)
    if isinstance(kind, Shape) and isinstance(key.kind, Const):  # what a serializer shows: plain data
        return Val(Scalar("Any"), made_node)
    if isinstance(kind, TupleOf) and isinstance(key.kind, Const) and key.kind.value in range(len(kind.items)):
        return Val(kind.items[key.kind.value], made_node)
    if isinstance(kind, ValidatedData | Payload | QueryParameters | UrlArguments | SerializerContext):
        return Val(Scalar("Any"), made_node)
    if isinstance(kind, Scalar) and kind.type in ("Any", "dict[str, Any]", "list[Any]"):
        return Val(Scalar("Any"), made_node)
    if isinstance(kind, Scalar) and kind.type in ("str", "re.Match[str]"):
        return Val(Scalar("str" if kind.type == "str" else "Any"), made_node)
    if isinstance(kind, Const) and isinstance(kind.value, tuple | str) and isinstance(key.kind, Const):
        try:
            from segue.translate.interp.value import const

            return const(kind.value[key.kind.value])
        except (IndexError, TypeError):
            pass
    raise frame.refuse(
        "subscript", ast.unparse(node), f"Segue has no rule for items of {type(kind).__name__}.", node
    )
