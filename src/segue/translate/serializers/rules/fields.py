"""``self.fields`` of a serializer."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, SerializerFields, SerializerSelf
from segue.translate.rules.registry import attribute, method
from segue.translate.serializers import dropping
from segue.translate.serializers.by_view import view_of
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.use import Use


@attribute(SerializerSelf, "fields")
def fields(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """The serializer's fields by name."""
    return dropping.fields_of(frame, owner)


@method(SerializerFields, "__contains__")
def contains(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``"x" in self.fields``."""
    return dropping.has_field(frame, owner, call)


@method(SerializerFields, "__getitem__")
def nested(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.fields["author"]`` where that is a serializer: for its ``create`` and ``update``."""
    assert isinstance(owner.kind, SerializerFields)
    key = call.argument(0)
    wanted = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    for item in serializer_of(frame.ctx, owner.kind.serializer).fields:
        if item.name == wanted and item.serializer and not item.many:
            return Val(
                SerializerSelf(
                    item.serializer, Use(item.serializer, "save", view=view_of(frame.ctx, item.serializer))
                )
            )
    return None


@method(SerializerFields, "__delitem__", "pop")
def taken(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``del self.fields["x"]``, ``self.fields.pop("x", None)``; what ``pop`` gives back is not known."""
    default = call.argument(1)
    if default is not None and not (isinstance(default.kind, Const) and default.kind.value is None):
        raise frame.refuse(
            "serializer-fields", ast.unparse(call.node), "It pops with another default.", call.node
        )
    dropping.take_out(frame, owner, call.args[0], call.node, missing_ok=default is not None)
    return const(None)
