"""``self.fields`` in a serializer's ``__init__`` and ``get_fields``: taking fields out, and options set on them."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Const, FieldSet, Kind, ListOf, OwnField, Scalar, TupleOf
from segue.translate.rules.registry import method
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.own_fields import LOCAL, Changing
from segue.translate.serializers.own_fields_rewriter import TOLD

_OPTIONS = ("required", "read_only", "write_only")


def _changes(kind: FieldSet) -> Changing:
    assert isinstance(kind.changes, Changing)
    return kind.changes


def _names(frame: Frame, kind: FieldSet) -> set[str]:
    return {item.name for item in serializer_of(frame.ctx, kind.serializer).fields}


@method(FieldSet, "__contains__")
def contains(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"x" in self.fields``."""
    assert isinstance(owner.kind, FieldSet)
    assert owner.node is not None
    key = call.argument(0)
    if key is None or key.node is None:
        return None
    changes = _changes(owner.kind)
    if isinstance(key.kind, Const) and not changes.any:
        known = key.kind.value
        if known not in _names(frame, owner.kind) or known in changes.gone:
            return const(False)
        if known not in changes.hides:
            return const(True)
    return Val(Scalar("bool"), ast.Compare(key.node, [ast.In()], [owner.node]))


@method(FieldSet, "keys")
def keys(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.fields.keys()``, a set of names."""
    assert owner.node is not None
    return Val(ListOf(Scalar("str"), "set"), quote("{0}.keys()", owner.node))


@method(FieldSet, "values", "items")
def fields(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``for name, field in self.fields.items()``."""
    assert isinstance(owner.kind, FieldSet)
    assert owner.node is not None
    one: Kind = OwnField(owner.kind)
    item = one if call.name == "values" else TupleOf((Scalar("str"), one))
    return Val(ListOf(item), quote(f"{{0}}.{call.name}()", owner.node))


@method(FieldSet, "__getitem__", "get")
def one(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.fields["x"]``; a missing one is a ``KeyError`` on both sides."""
    assert isinstance(owner.kind, FieldSet)
    assert owner.node is not None
    key = call.argument(0)
    if key is None or key.node is None or len(call.args) > 1:
        return None
    known = key.kind.value if isinstance(key.kind, Const) else ""
    if call.name == "get" and (known not in _names(frame, owner.kind) or known in _changes(owner.kind).hides):
        raise frame.refuse("serializer-fields", ast.unparse(call.node), "The field may be None.", call.node)
    return Val(OwnField(owner.kind, str(known)), ast.Subscript(owner.node, key.node, ast.Load()))


@method(FieldSet, "__delitem__", "pop")
def taken(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``del self.fields["x"]``, ``self.fields.pop("x", None)``."""
    assert isinstance(owner.kind, FieldSet)
    key, default = call.argument(0), call.argument(1)
    if key is None or key.node is None:
        raise frame.refuse(
            "serializer-fields", ast.unparse(call.node), "Segue does not see which.", call.node
        )
    if default is not None and not (isinstance(default.kind, Const) and default.kind.value is None):
        raise frame.refuse(
            "serializer-fields", ast.unparse(call.node), "It pops with another default.", call.node
        )
    changes = _changes(owner.kind)
    field = key.kind.value if isinstance(key.kind, Const) else None
    if not isinstance(field, str):
        changes.any = True
    elif field not in _names(frame, owner.kind):
        if default is not None:
            return const(None)
        raise frame.refuse(
            "serializer-fields", ast.unparse(call.node), "It has no such field: KeyError in DRF.", call.node
        )
    elif _is_certain(frame):
        changes.gone.add(field)
    else:
        changes.hides.add(field)
    text = ast.unparse(key.node)
    if call.name == "__delitem__":
        frame.emit(f"del {LOCAL}[{text}]")
    else:
        frame.emit(f"{LOCAL}.pop({text}{', None' if default is not None else ''})")
    return const(None)


def _is_certain(frame: Frame) -> bool:
    """Whether the statement runs for each request."""
    return not (frame.captured or frame.loops or frame.no_hoist or frame.returns)


@method(FieldSet, "__setitem__", "update", "setdefault")
def put(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.fields["x"] = CharField()``: which field that is, the snapshot does not say."""
    why = "A field is made where a request decides about fields; declare it in the class, and take it out where it is not wanted."
    raise frame.refuse("serializer-fields", ast.unparse(call.node), why, call.node)


@method(OwnField, "__setattr__")
def option(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.fields["x"].required = False``."""
    assert isinstance(owner.kind, OwnField)
    assert owner.node is not None
    key, value = str(getattr(call.args[0].kind, "value", "")), call.args[1]
    if key in TOLD:
        return const(None)
    flag = value.kind.value if isinstance(value.kind, Const) else None
    asked = isinstance(value.kind, Scalar) and value.kind.type == "bool" and not value.kind.nullable
    if key not in _OPTIONS or value.node is None or not (asked or isinstance(flag, bool)):
        why = f"Segue does not follow what {key} becomes for some requests; declare it in a serializer of its own."
        raise frame.refuse("serializer-fields", f"{ast.unparse(call.node.args[0])}.{key}", why, call.node)
    changes = _changes(owner.kind.fields)
    items = [
        item
        for item in serializer_of(frame.ctx, owner.kind.fields.serializer).fields
        if owner.kind.name in ("", item.name)
    ]
    if flag is not True and key != "required" and any(getattr(item, key) for item in items):
        why = f"It may be no longer {key} then, which Segue does not follow."
        raise frame.refuse("serializer-fields", ast.unparse(call.node.args[0]), why, call.node)
    for item in items:
        changes.sets.add(item.name)
        if key == "write_only":
            changes.hides.add(item.name)
    frame.emit(f"{owner.text}.{key} = {value.text}")
    return const(None)


__all__ = ["contains", "fields", "keys", "one", "option", "put", "taken"]
