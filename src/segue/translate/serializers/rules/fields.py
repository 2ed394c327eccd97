"""``self.fields`` of a serializer."""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Global, Introspected, SerializerFields, SerializerSelf, Unknown
from segue.translate.rules.registry import attribute, method
from segue.translate.serializers import dropping
from segue.translate.serializers.by_view import own_context, view_of
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.initial import optional_on_update
from segue.translate.serializers.untouched import fields_vary
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
    """``self.fields["author"]`` where that is a serializer: for its ``create`` and ``update``; else what is known of the field."""
    assert isinstance(owner.kind, SerializerFields)
    key = call.argument(0)
    wanted = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    for item in serializer_of(frame.ctx, owner.kind.serializer).fields:
        if item.name == wanted and item.serializer and not item.many:
            return Val(
                SerializerSelf(
                    item.serializer,
                    Use(
                        item.serializer,
                        "save",
                        view=view_of(frame.ctx, item.serializer),
                        own=own_context(frame.ctx),
                    ),
                )
            )
    return _facts(frame, owner.kind.serializer, wanted)


_FACTS = ("source", "read_only", "write_only", "required", "allow_null")


def _facts(frame: Frame, name: str, field: object) -> Val | None:
    """What never changes of a field. An ``__init__`` that changes fields for an update is passed over."""
    serializer = serializer_of(frame.ctx, name)
    if optional_on_update(frame.ctx, serializer) or frame.hidden or fields_vary(frame.ctx, name):
        return None
    for item in serializer.fields:
        if item.name == field:
            facts = ((key, getattr(item, key)) for key in _FACTS)
            return Val(Introspected(f"self.fields[{item.name!r}]", tuple(facts)))
    return None


@attribute(SerializerSelf, "Meta")
def meta(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.Meta``: its model, and the options that can be written down."""
    assert isinstance(owner.kind, SerializerSelf)
    serializer = serializer_of(frame.ctx, owner.kind.name)
    facts: list[tuple[str, object]] = []
    for key, value in serializer.meta.items():
        if key == "model" and serializer.model:
            facts.append((key, Global(GlobalRef("model", frame.ctx.model(serializer.model).cls))))
        elif value.kind == "const" and isinstance(value.data, str | int | bool | None):
            facts.append((key, value.data))
        elif value.kind in ("list", "tuple") and all(item.kind == "const" for item in value.items):
            facts.append((key, tuple(item.data for item in value.items)))
        else:
            facts.append(
                (key, value_of(frame, value) or Val(Unknown(f"Segue cannot write down Meta.{key}.")))
            )
    return Val(Introspected("self.Meta", tuple(facts)))


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
