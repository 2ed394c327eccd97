"""Validators of Django's that code calls: ``self.email_validator(value)``, ``EmailValidator()(value)``, ``validate_email(value)``."""

from __future__ import annotations

import ast

from segue.snapshot.model import SerializerField, Value
from segue.translate.functions.lift import Lifted
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const
from segue.translate.rules.registry import function, method
from segue.translate.serializers.held_object import HeldValidator
from segue.translate.serializers.validators import validator_of

_DJANGO = "django.core.validators."


@method(HeldValidator, "__call__")
def held_validator(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The same validator of the bridge; its error is Django's ``ValidationError``, whoever catches that."""
    assert isinstance(owner.kind, HeldValidator)
    call.only(at_most=1)
    given = call.argument(0)
    if given is None or given.node is None:
        raise frame.refuse("validator-call", ast.unparse(call.node), "Segue has no rule for it.", call.node)
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
    check = frame.imported("segue_bridge.schema.validators", "as_django")
    return Val(Const(None), ast.Call(check, [name(made.text), given.node], []))


@function(f"{_DJANGO}EmailValidator")
def email_validator(frame: Frame, call: CallSite) -> Val:
    """``EmailValidator(message)``."""
    call.only("message", at_most=1)
    given = call.argument(0, "message")
    pairs: tuple[tuple[Value, Value], ...] = ()
    if given is not None:
        known = given.kind.value if isinstance(given.kind, Const) else None
        if not isinstance(known, str) or not known or "%" in known:
            raise frame.refuse(
                "validator-call", ast.unparse(call.node), "Segue does not know its message.", call.node
            )
        pairs = ((Value("const", "message"), Value("const", known)),)
    return Val(HeldValidator(Value("call", name=f"{_DJANGO}EmailValidator", pairs=pairs)))


def _called(short: str, value: Value) -> None:
    @function(f"{_DJANGO}{short}")
    def check(frame: Frame, call: CallSite) -> Val:
        return held_validator(frame, Val(HeldValidator(value)), call)

    check.__doc__ = f"``{short}(value)``."


_called("validate_email", Value("call", name=f"{_DJANGO}EmailValidator"))
for _short in ("validate_ipv4_address", "validate_ipv6_address", "validate_ipv46_address"):
    _called(_short, Value("ref", name=f"{_DJANGO}{_short}"))


__all__ = ["held_validator"]
