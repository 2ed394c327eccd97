"""In the methods of a list serializer: ``self.child``, and DRF's own methods behind ``super()``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Instance, ListChild, ListOf, Object, Super, ValidatedData
from segue.translate.rules.registry import attribute, framework, method
from segue.translate.serializers.own_list import LIST, ListUse, parsed
from segue.translate.serializers.synthetic import call_lifted


@attribute(Object, "child")
def child(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.child``: the serializer of one item."""
    use = owner.kind.use if isinstance(owner.kind, Object) else None
    return Val(ListChild(use.child, use)) if isinstance(use, ListUse) else None


def _use(frame: Frame, owner: Val, call: CallSite) -> ListUse:
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    use = kind.use if isinstance(kind, Object) else None
    if not isinstance(use, ListUse):
        raise frame.refuse(
            "list-serializer", ast.unparse(call.node), "It is called on no list serializer.", call.node
        )
    return use


@framework(f"{LIST}.to_representation")
def to_representation(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().to_representation(data)``: each row by the child."""
    from segue.translate.views.serializer_object import listed

    rows = call.argument(0, "data")
    if rows is None:
        return None
    return listed(frame, _use(frame, owner, call).child, rows, call.node)


@framework(f"{LIST}.validate")
def validate(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().validate(attrs)`` gives them back."""
    return call.argument(0, "attrs")


@framework(f"{LIST}.create")
def create(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().create(validated_data)``: one after another."""
    from segue.translate.serializers.save import creator

    values = call.argument(0, "validated_data")
    use = _use(frame, owner, call)
    if values is None or values.node is None or not _are_values(values, use.child):
        raise frame.refuse(
            "list-serializer", ast.unparse(call.node), "What is saved is not the validated data.", call.node
        )
    saver = creator(frame.ctx, use.child)
    frame.locals_seen.add("item")
    made = call_lifted(frame, saver.lifted, "item")
    return Val(ListOf(saver.lifted.returns), quote(f"[{made} for item in {{0}}]", values.node))


def _are_values(val: Val, child: str) -> bool:
    kind = val.kind
    return isinstance(kind, ListOf) and isinstance(kind.item, ValidatedData) and kind.item.serializer == child


@method(ListChild, "to_representation")
def shown(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.child.to_representation(item)``."""
    from segue.translate.serializers import presenter, saved_presenter
    from segue.translate.serializers.dropping import shares

    item = call.argument(0, "instance")
    assert isinstance(owner.kind, ListChild)
    if item is None or item.node is None or not isinstance(item.kind, Instance) or item.kind.nullable:
        raise frame.refuse(
            "list-serializer", ast.unparse(call.node), "It shows no model instance.", call.node
        )
    site = item.kind.site
    written = site.written and not site.classes
    if written:
        made = saved_presenter(frame.ctx, owner.kind.serializer, item.kind.model, fetched=item.kind)
    else:
        made = presenter(frame.ctx, owner.kind.serializer, item.kind)
    if shares(made):
        why = "Which fields the serializer of an item shows is decided by requests."
        raise frame.refuse("list-serializer", ast.unparse(call.node), why, call.node)
    return Val(made.kind, parsed(call_lifted(frame, made.lifted, item.text)))


@method(ListChild, "create")
def created(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.child.create(attrs)``."""
    from segue.translate.serializers.save import creator

    values = call.argument(0, "validated_data")
    assert isinstance(owner.kind, ListChild)
    if values is None or values.node is None or not isinstance(values.kind, ValidatedData):
        raise frame.refuse(
            "list-serializer", ast.unparse(call.node), "What is saved is not the validated data.", call.node
        )
    saver = creator(frame.ctx, owner.kind.serializer)
    return Val(saver.lifted.returns, parsed(call_lifted(frame, saver.lifted, values.text)))


@method(ListChild, "update")
def updated(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.child.update(instance, attrs)``."""
    from segue.translate.serializers.save import updater
    from segue.translate.views.serializer_object import entity

    instance, values = call.argument(0, "instance"), call.argument(1, "validated_data")
    assert isinstance(owner.kind, ListChild)
    if (
        instance is None
        or values is None
        or values.node is None
        or not isinstance(values.kind, ValidatedData)
    ):
        raise frame.refuse(
            "list-serializer", ast.unparse(call.node), "What is saved is not the validated data.", call.node
        )
    saver = updater(frame.ctx, owner.kind.serializer)
    target = entity(frame, instance, call.node)
    return Val(saver.lifted.returns, parsed(call_lifted(frame, saver.lifted, target.text, values.text)))


__all__ = ["child", "create", "created", "shown", "to_representation", "updated", "validate"]
