"""``user.set_password(raw)`` → ``user.password = await PASSWORDS.make(raw)``."""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, Scalar, User
from segue.translate.rules.registry import method

_VALIDATORS = "django.contrib.auth.password_validation."


@method(Instance, "set_password")
def set_password(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``AbstractBaseUser.set_password``; the next ``save()`` would call validators that keep passwords."""
    from segue.translate.views.authentication import passwords

    assert isinstance(owner.kind, Instance)
    ctx = frame.ctx
    user = ctx.snapshot.classes.get(ctx.model(owner.kind.model).cls)
    if (
        user is None
        or user.methods.get("set_password") != "django.contrib.auth.base_user.AbstractBaseUser.set_password"
    ):
        return None
    call.only("raw_password", at_most=1)
    raw = call.argument(0, "raw_password")
    if owner.kind.nullable or owner.node is None or raw is None or raw.node is None or not _is_text(raw):
        raise frame.refuse(
            "password", ast.unparse(call.node), "Segue cannot tell what is hashed here.", call.node
        )
    validators = ctx.snapshot.settings.values.get("AUTH_PASSWORD_VALIDATORS")
    for entry in validators.items if validators is not None else ():
        names = [str(v.data or v.name) for k, v in entry.pairs if k.data == "NAME"]
        if any(not name.startswith(_VALIDATORS) for name in names):
            raise frame.refuse(
                "password",
                names[0],
                "A password validator that is not Django's may keep the new password.",
                call.node,
            )
    passwords(ctx, frame.where(call.node))
    frame.use(Import(f"{ctx.program.package}.access", "PASSWORDS"))
    if owner.kind.mode == "row":
        owner.kind.site.written = True
    frame.is_async = True
    frame.emit(f"{owner.text}.password = await PASSWORDS.make({raw.text})")
    return Val(Const(None))


@method(User, "set_password")
def of_request(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The same of ``request.user``."""
    from segue.translate.rules.user import entity_of

    return set_password(frame, entity_of(frame, owner), call)


def _is_text(value: Val) -> bool:
    kind = value.kind
    return (isinstance(kind, Scalar) and kind.type == "str") or (
        isinstance(kind, Const) and (kind.value is None or isinstance(kind.value, str))
    )
