"""``super().get_prep_value(value)`` and ``super().to_python(value)`` in text fields of the project's own.

Source: ``django.db.models.fields.Field``, ``CharField`` and ``TextField``: a text or None is given back, all else by ``str()``.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, Object, Scalar
from segue.translate.models.conversions import TEXTS, ModelFieldUse
from segue.translate.models.kinds import base_name
from segue.translate.models.problems import overriding
from segue.translate.rules.registry import framework

_FIELDS = "django.db.models.fields."


@framework(
    f"{_FIELDS}CharField.to_python",
    f"{_FIELDS}TextField.to_python",
    f"{_FIELDS}CharField.get_prep_value",
    f"{_FIELDS}TextField.get_prep_value",
)
def as_text(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The value as text, None as None."""
    use = owner.kind.use if isinstance(owner.kind, Object) else None
    call.only(at_most=1)
    given = call.argument(0)
    if (
        not isinstance(use, ModelFieldUse)
        or base_name(use.item) not in TEXTS
        or given is None
        or given.node is None
    ):
        return None
    if call.name == "get_prep_value" and overriding(frame.ctx.snapshot, use.item, "to_python"):
        raise frame.refuse(
            "field-method", ast.unparse(call.node), "It calls the field's own to_python.", call.node
        )
    kind = widen(given.kind)
    if isinstance(kind, Scalar) and kind.type == "str":
        return given
    if not isinstance(kind, Scalar):
        return None
    return Val(
        Scalar("str", True),
        quote("{0}({1})", frame.imported("segue_bridge.text", "text_or_none"), given.node),
    )


@framework(f"{_FIELDS}Field.validate")
def validate(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().validate(value, model_instance)``: NULL and blank values, as the field has it."""
    use = owner.kind.use if isinstance(owner.kind, Object) else None
    given = call.argument(0)
    if not isinstance(use, ModelFieldUse) or given is None or given.node is None or use.item.choices:
        return None
    if not frame.ctx.memo.get(("kernel", "in-validation")):
        return None
    made = ast.Call(frame.imported("segue_bridge.schema.cleaning", "validate_value"), [given.node], [])
    made.keywords = [
        ast.keyword(key, ast.Constant(True)) for key in ("null", "blank") if getattr(use.item, key)
    ]
    if not use.item.editable:
        made.keywords.append(ast.keyword("editable", ast.Constant(False)))
    return Val(Const(None), made)


__all__ = ["as_text", "validate"]
