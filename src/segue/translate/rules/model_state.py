"""``instance._state.adding``: whether an object was made by code and not saved yet. Source: ``django.db.models.base.ModelState``."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import Instance, ModelState, Scalar
from segue.translate.rules.registry import attribute


@attribute(Instance, "_state")
def state(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Of an entity that a local holds, or of a row."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    if kind.nullable or owner.node is None:
        return None
    return Val(ModelState(), owner.node) if kind.mode == "entity" else Val(ModelState(), None)


@attribute(ModelState, "adding")
def adding(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """False for what was read."""
    if owner.node is None:
        return const(False)
    return Val(
        Scalar("bool"), quote("{0}({1})", frame.imported("segue_bridge.db.base", "is_new"), owner.node)
    )
