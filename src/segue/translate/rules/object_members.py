"""Attributes and calls of objects of the project's own classes (:mod:`segue.translate.rules.own_objects`), once they are made."""

from __future__ import annotations

import ast

from segue.snapshot.model import Class
from segue.translate.functions.once import is_kept
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, DictOf, ListOf, Record, Scalar
from segue.translate.rules.own_objects import code_name, has_code, is_empty
from segue.translate.rules.plain_objects import mangled
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.view_self import by_definition, definition


@attribute(Record, "*")
def of_object(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``service.user``, ``self.user``: what the constructor put there."""
    assert isinstance(owner.kind, Record)
    assert owner.node is not None
    private = mangled(frame, name)
    for attr, kind in owner.kind.fields:
        if attr == private:
            if not has_code(kind):
                return const(kind.value) if isinstance(kind, Const) else Val(kind)
            coded = attr if owner.kind.form != "class" else code_name(attr)
            return Val(kind, ast.Attribute(owner.node, coded, ast.Load()))
    dotted = definition(frame, owner.kind.cls, name)
    function = frame.ctx.snapshot.functions.get(dotted) if dotted is not None else None
    if function is not None and function.role == "cached_property":
        value = invoke(frame, function, {}, owner, node)
        if is_kept(frame.ctx, value):
            return value
        why = "Django computes it once for each object, and here each look would compute it again: make it a method."
        raise frame.refuse("object-state", f"{owner.kind.cls.rpartition('.')[2]}.{name}", why, node)
    return None


@method(Record, "__setattr__")
def change(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.count += 1``, ``stats.total = 3``: another value of the same kind."""
    assert isinstance(owner.kind, Record)
    assert owner.node is not None
    short = owner.kind.cls.rpartition(".")[2]
    name, value = call.args
    assert isinstance(name.kind, Const)
    attr = mangled(frame, str(name.kind.value))
    kind, new = dict(owner.kind.fields).get(attr), widen(value.kind)
    known = frame.ctx.snapshot.classes[owner.kind.cls]
    same = kind == new or (
        isinstance(kind, ListOf) and isinstance(new, ListOf) and is_empty(new.item) and kind.type == new.type
    )
    same = same or (kind == DictOf((), Scalar("Any"), Scalar("Any")) and new == DictOf())
    plain = isinstance(kind, ListOf | DictOf) or (
        isinstance(kind, Scalar) and not kind.nullable and kind.type != "Any"
    )
    # ``self.lines += [line]`` puts it into the list that is there, which others may hold.
    grown = isinstance(kind, ListOf) and isinstance(value.node, ast.BinOp)
    if (
        not (same and plain)
        or grown
        or value.node is None
        or _is_frozen(known)
        or f"{attr}.setter" in known.methods
    ):
        why = f"What is known of a {short} would not stay so: give its constructor the value, or return it."
        raise frame.refuse("object-state", f"{short}.{attr}", why, call.node)
    coded = attr if owner.kind.form != "class" else code_name(attr)
    frame.emit(f"{ast.unparse(ast.Attribute(owner.node, coded, ast.Load()))} = {value.text}")
    return const(None)


def _is_frozen(known: Class) -> bool:
    found = known.attributes.get("__dataclass_fields__")
    if found is None:
        return "builtins.tuple" in known.mro
    return any(
        k.data == "frozen" and v.data
        for key, part in found.value.pairs
        if key.data == "options"
        for k, v in part.pairs
    )


@method(Record, "__call__")
def called(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``check(note)``, where the class has a ``__call__``."""
    assert isinstance(owner.kind, Record)
    return by_definition(frame, owner, call, definition(frame, owner.kind.cls, "__call__"))


def text_of_object(frame: Frame, value: Val, node: ast.expr) -> ast.expr:
    """``str(service)``. Raises ``Refused`` where that is not a ``__str__`` of the project's: Python's own names the class and its place."""
    assert isinstance(value.kind, Record)
    dotted = definition(frame, value.kind.cls, "__str__")
    function = frame.ctx.snapshot.functions.get(dotted) if dotted is not None else None
    if function is None or not function.source:
        raise frame.refuse("text-of", ast.unparse(node), "Python makes the text of this object up.", node)
    found = invoke(frame, function, {}, value, node)
    if found.node is None:
        raise frame.refuse("text-of", ast.unparse(node), "Segue does not know the text of this.", node)
    return found.node


__all__ = ["called", "change", "of_object", "text_of_object"]
