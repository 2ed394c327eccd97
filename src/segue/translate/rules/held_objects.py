"""``Model._options.order_attr``: an attribute of an object that a class holds, as the probe saw it.

Packages keep their options of a model in such objects (``MPTTOptions``). The snapshot has an instance as a ``call`` of
its class whose ``pairs`` are its ``__dict__``; what is not there the class gives.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Made
from segue.translate.rules.registry import attribute

# The probe leaves private names, and names that sound like this, out of an object's state.
_LEFT_OUT = (
    "secret",
    "token",
    "passw",
    "pwd",
    "dsn",
    "credential",
    "salt",
    "private",
    "sign",
    "verify",
    "key",
)


def left_out(name: str) -> bool:
    """Whether the snapshot does not tell an instance's attribute of that name."""
    return name.startswith("_") or any(part in name.lower() for part in _LEFT_OUT)


@attribute(Made, "*")
def held_attribute(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Its value where that is known for sure, else None."""
    assert isinstance(owner.kind, Made)
    value: Value = owner.kind.value
    known = frame.ctx.snapshot.classes.get(value.name)
    if known is None or not value.pairs or value.items or left_out(name):
        return None
    state = {str(key.data): item for key, item in value.pairs}
    if name in state:
        return None if name in known.methods else value_of(frame, state[name])
    if name in known.methods or {"__getattr__", "__getattribute__"} & set(known.methods):
        return None
    held = known.attributes.get(name)
    return value_of(frame, held.value) if held is not None else None


__all__ = ["held_attribute", "left_out"]
