"""DRF's own serializer methods, called by overrides through ``super()`` or ``self``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, SerializerSelf, Super, ValidatedData
from segue.translate.rules.registry import framework
from segue.translate.serializers import dropping
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.flex_fields import MIXIN
from segue.translate.serializers.synthetic import call_lifted


def _serializer(frame: Frame, owner: Val, call: CallSite) -> str:
    kind = owner.kind
    if isinstance(kind, Super):
        kind = kind.receiver
    if not isinstance(kind, SerializerSelf):
        raise frame.refuse(
            "serializer-self", ast.unparse(call.node), "It is called on no serializer.", call.node
        )
    return kind.name


@framework(
    "rest_framework.serializers.Serializer.validate", "rest_framework.serializers.ModelSerializer.validate"
)
def validate(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().validate(attrs)`` gives the values back."""
    return call.argument(0, "attrs")


@framework("rest_framework.serializers.Serializer.to_representation", f"{MIXIN}.to_representation")
def to_representation(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().to_representation(instance)``: the plain presenter, as a dict that may be changed."""
    from segue.translate.serializers.read import compose_presenter

    instance = call.argument(0, "instance")
    if instance is None or not isinstance(instance.kind, Instance) or instance.kind.nullable:
        raise frame.refuse(
            "to-representation", ast.unparse(call.node), "It shows no model instance.", call.node
        )
    serializer = serializer_of(frame.ctx, _serializer(frame, owner, call))
    dropping.current(frame)
    made = compose_presenter(frame.ctx, serializer, instance.kind, loose=True, hideable=frame.hideable)
    hidden = [frame.hidden] if frame.hideable else []
    return Val(made.kind, name(call_lifted(frame, made.lifted, instance.text, *hidden)))


@framework("rest_framework.serializers.ModelSerializer.create")
def create(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().create(validated_data)``."""
    from segue.translate.serializers.save import plain_saver

    values = _values(frame, call, 0)
    saver = plain_saver(
        frame.ctx, serializer_of(frame.ctx, _serializer(frame, owner, call)), "create", called=True
    )
    return Val(saver.lifted.returns, name(call_lifted(frame, saver.lifted, values)))


@framework("rest_framework.serializers.ModelSerializer.update")
def update(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().update(instance, validated_data)``."""
    from segue.translate.serializers.save import plain_saver

    instance = call.argument(0, "instance")
    if instance is None or not isinstance(instance.kind, Instance) or instance.node is None:
        raise frame.refuse(
            "serializer-update", ast.unparse(call.node), "It updates no model instance.", call.node
        )
    values = _values(frame, call, 1)
    saver = plain_saver(
        frame.ctx, serializer_of(frame.ctx, _serializer(frame, owner, call)), "update", called=True
    )
    return Val(saver.lifted.returns, name(call_lifted(frame, saver.lifted, instance.text, values)))


def _values(frame: Frame, call: CallSite, position: int) -> str:
    values = call.argument(position, "validated_data")
    if values is None or not isinstance(values.kind, ValidatedData) or values.node is None:
        raise frame.refuse(
            "validated-data", ast.unparse(call.node), "What is saved is not the validated data.", call.node
        )
    return values.text
