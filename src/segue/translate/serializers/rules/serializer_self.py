"""``self.instance`` and ``self.partial`` in the methods of a serializer."""

from __future__ import annotations

import ast

from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, Instance, Scalar, SerializerSelf
from segue.translate.rules.registry import attribute
from segue.translate.serializers.use import Use


@attribute(SerializerSelf, "instance")
def instance(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """The entity being updated, or ``None`` on create: a parameter of the lifted function."""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    if not isinstance(use, Use) or use.purpose != "write":
        raise frame.refuse("serializer-instance", "self.instance", "Segue does not know it here.", node)
    if isinstance(use.instance, Const):
        return const(None)
    kind = use.instance
    if not isinstance(kind, Instance):
        raise frame.refuse("serializer-instance", "self.instance", "Segue does not know it here.", node)
    text, imports = annotation(frame.ctx, kind)
    if "instance" not in frame.state_used:
        frame.use(*imports)
    return frame.extra_state("instance", lambda: text, kind)


@attribute(SerializerSelf, "partial")
def partial(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Is this a PATCH?"""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    if not isinstance(use, Use) or use.purpose != "write":
        return None
    return frame.extra_state("partial", lambda: "bool", Scalar("bool"))
