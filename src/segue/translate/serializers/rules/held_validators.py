"""``self.email_validator(value)``: a validator of Django's that a field of the project's holds."""

from __future__ import annotations

import ast

from segue.snapshot.model import SerializerField
from segue.translate.functions.lift import Lifted
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const
from segue.translate.rules.registry import method
from segue.translate.serializers.held_object import HeldValidator
from segue.translate.serializers.validators import validator_of


@method(HeldValidator, "__call__")
def held_validator(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The same validator of the bridge; its ``ValidationError`` is DRF's, so this is for validation only."""
    assert isinstance(owner.kind, HeldValidator)
    call.only(at_most=1)
    given = call.argument(0)
    if given is None or given.node is None or not frame.ctx.memo.get(("kernel", "in-validation")):
        raise frame.refuse(
            "validator-call", ast.unparse(call.node), "Its errors are answered by validation only.", call.node
        )
    value = owner.kind.value
    where = frame.where(call.node)
    made = validator_of(
        frame.ctx,
        SerializerField(ast.unparse(call.node.func), value.name, value.name, "", where),
        value,
        given.kind,
    )
    if isinstance(made, Lifted):
        raise frame.refuse("validator-call", ast.unparse(call.node), "Segue has no rule for it.", call.node)
    frame.use(*made.imports)
    return Val(Const(None), ast.Call(name(made.text), [given.node], []))


__all__ = ["held_validator"]
