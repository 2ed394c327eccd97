"""``SetPasswordForm(user=…, data=attrs)`` of Django in a serializer → ``NewPassword``."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import DictOf, Instance, ListOf, NewPasswordForm, Scalar, User, ValidatedData
from segue.translate.rules.registry import attribute, function, method
from segue.translate.rules.user import entity_of
from segue.translate.serializers.values import kinds_by_source
from segue.translate.views.accounts import password_rules
from segue.translate.views.serializer_object import member

_FIELDS = ("new_password1", "new_password2")


@function("django.contrib.auth.forms.SetPasswordForm")
def new_password(frame: Frame, call: CallSite) -> Val:
    """Given validated data that has both passwords as text. Raises ``Refused`` for anything else."""
    call.only("user", "data", at_most=2)
    user, data = call.argument(0, "user"), call.argument(1, "data")
    label = frame.ctx.snapshot.settings.user_model
    if (
        user is None
        or user.node is None
        or not isinstance(user.kind, Instance | User)
        or user.kind.model != label
        or (isinstance(user.kind, Instance) and user.kind.nullable)
    ):
        raise frame.refuse(
            "form", ast.unparse(call.node), "Segue does not know whose password it is.", call.node
        )
    if data is None or data.node is None or not _has_both(frame, data):
        why = "It is given other data than new_password1 and new_password2 that a serializer requires."
        raise frame.refuse("form", ast.unparse(call.node), why, call.node)
    _check_help(frame, call)
    if isinstance(user.kind, Instance) and user.kind.mode == "row":
        user.kind.site.written = True
    made = quote(
        "{0}({1}, {2})",
        frame.imported("segue_bridge.auth.password_forms", "NewPassword"),
        user.node,
        data.node,
    )
    return Val(NewPasswordForm(user.kind), made)


def _check_help(frame: Frame, call: CallSite) -> None:
    """The form asks every validator for its ``get_help_text()``, which fails where the project's has none."""
    value = frame.ctx.snapshot.settings.values.get("AUTH_PASSWORD_VALIDATORS")
    for entry in value.items if value is not None else ():
        name = next((str(v.name or v.data) for k, v in entry.pairs if k.data == "NAME"), "")
        known = frame.ctx.snapshot.classes.get(name)
        if name.startswith("django."):
            continue
        function = frame.ctx.snapshot.functions.get(known.methods.get("get_help_text", "")) if known else None
        tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
        body = tree.body[ast.get_docstring(tree) is not None :] if isinstance(tree, ast.FunctionDef) else []
        if len(body) != 1 or not isinstance(body[0], ast.Return):
            why = (
                "Django's form calls get_help_text() of it, which is not there or does more than give a text."
            )
            raise frame.refuse("password-rule", name, why, call.node)


def _has_both(frame: Frame, data: Val) -> bool:
    if not isinstance(data.kind, ValidatedData):
        return False
    serializer = frame.ctx.snapshot.serializers.get(data.kind.serializer)
    if serializer is None:
        return False
    kinds = kinds_by_source(frame.ctx, serializer)
    required = {f.source for f in serializer.fields if f.required}
    return all(kinds.get(key) == Scalar("str") and key in required for key in _FIELDS)


@method(NewPasswordForm, "is_valid")
def is_valid(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Both alike, then ``AUTH_PASSWORD_VALIDATORS``."""
    call.only()
    assert isinstance(owner.kind, NewPasswordForm)
    user = owner.kind.user
    if isinstance(user, Instance):
        user = Instance(user.model, user.site, "entity")
    lifted = password_rules(frame.ctx, Scalar("str"), user, frame.where(call.node))
    from segue.translate.interp.invoke import lifted_call

    asked = lifted_call(frame, lifted, [quote(f"{owner.text}.password"), quote(f"{owner.text}.user")])
    frame.emit_block(
        f"if {owner.text}.is_alike():", [f"with {owner.text}.checking():", f"    {ast.unparse(asked)}"]
    )
    return Val(Scalar("bool"), quote(f"{owner.text}.accepted"))


@attribute(NewPasswordForm, "errors")
def errors(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """The texts by field."""
    return Val(DictOf((), ListOf(Scalar("str"))), quote(f"{owner.text}.errors"))


@method(NewPasswordForm, "save")
def save(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``user.set_password(…)`` and ``user.save()``; gives back the user."""
    call.only()
    assert isinstance(owner.kind, NewPasswordForm)
    user = Val(owner.kind.user, quote(f"{owner.text}.user"))
    if isinstance(user.kind, User):
        user = member(frame, entity_of(frame, user))
    before = dict(frame.env)
    frame.env.update({"user_": user, "password_": Val(Scalar("str"), quote(f"{owner.text}.password"))})
    try:
        for text in ("user_.set_password(password_)", "user_.save()"):
            done = ast.parse(text, mode="eval").body
            for part in ast.walk(done):
                if isinstance(part, ast.expr):
                    ast.copy_location(part, call.node)
            made = frame.eval(done)
            if made.node is not None and not isinstance(made.node, ast.Constant):
                frame.emit(made.text)
    finally:
        for name in ("user_", "password_"):
            frame.env.pop(name, None)
        frame.env.update({k: v for k, v in before.items() if k in ("user_", "password_")})
    return user


__all__ = ["errors", "is_valid", "new_password", "save"]
