"""``attrs["author"]``, ``validated_data.pop("tags", [])``: items of validated data by their fields."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, Kind, Scalar, User, ValidatedData
from segue.translate.rules.registry import method
from segue.translate.serializers.values import kinds_by_source


def _kind(frame: Frame, owner: Val, key: Val) -> Kind | None:
    assert isinstance(owner.kind, ValidatedData)
    serializer = frame.ctx.snapshot.serializers.get(owner.kind.serializer)
    if serializer is None or not isinstance(key.kind, Const) or not isinstance(key.kind.value, str):
        return None
    return kinds_by_source(frame.ctx, serializer).get(key.kind.value)


@method(ValidatedData, "__getitem__")
def item(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``attrs[key]``: absent raises ``KeyError``, as in Django."""
    key = call.argument(0)
    if key is None or key.node is None or owner.node is None:
        return None
    kind = _kind(frame, owner, key)
    return None if kind is None else Val(kind, ast.Subscript(owner.node, key.node, ast.Load()))


@method(ValidatedData, "get", "pop")
def get(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``attrs.get(key, default)`` and ``pop``: the field's kind, or the default's."""
    key = call.argument(0)
    default = call.argument(1)
    if key is None or key.node is None or owner.node is None:
        raise frame.refuse("validated-data", ast.unparse(call.node), "The key is not plain.", call.node)
    kind = _kind(frame, owner, key) or Scalar("Any")
    arguments = [key.node]
    if default is not None:
        if default.node is None:
            raise frame.refuse(
                "validated-data", ast.unparse(call.node), "The default has no form.", call.node
            )
        arguments.append(default.node)
    node = ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), arguments, [])
    if call.name == "pop" and default is None:
        return Val(kind, node)
    return Val(_or_default(kind, default), node)


def _or_default(kind: Kind, default: Val | None) -> Kind:
    from segue.translate.interp.join import join

    if default is None or (isinstance(default.kind, Const) and default.kind.value is None):
        if isinstance(kind, Scalar):
            return Scalar(kind.type, True)
        if isinstance(kind, Instance):
            return Instance(kind.model, kind.site, kind.mode, True)
        if isinstance(kind, User):
            return kind
        return Scalar("Any")
    return join(kind, default.kind)
