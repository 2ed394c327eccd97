"""A JSON field with a ``to_internal_value`` of the project's own: lifted, with the field as ``self``.

``Field.run_validation`` of DRF deals with absent and null values itself and calls ``field.to_internal_value(data)`` for all else;
for a ``JSONField`` nothing stands between the two, and no validator follows unless one is given.
"""

from __future__ import annotations

from segue.snapshot.model import SerializerField
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Scalar
from segue.translate.serializers.facts import base_name, field_refusal, function_of, overridden
from segue.translate.serializers.own_field import parameters_of, self_of, stem_of
from segue.translate.serializers.synthetic import call_lifted, in_validation


def converts_itself(ctx: Context, item: SerializerField) -> bool:
    """Whether the field's class says itself what the value of its input is, in a way that is followed here."""
    return base_name(item) == "JSONField" and bool(overridden(ctx, item.cls, "to_internal_value"))


def conversion_lines(frame: Frame, item: SerializerField) -> None:
    """``form["x"] = parse_x(form["x"])``. Raises ``Refused``."""
    name = overridden(frame.ctx, item.cls, "to_internal_value")
    function = function_of(frame.ctx, name)
    if function is None or item.validators:
        raise field_refusal(item, "field-input", "Segue cannot follow what it makes of its input.")
    parameters = parameters_of(function)
    if len(parameters) != 2:
        raise field_refusal(item, "field-input", "Its to_internal_value does not take just the value.")
    with in_validation(frame.ctx):
        lifted = lift(
            frame.ctx, function, self_kind=self_of(frame, item), arguments={parameters[1]: Scalar("Any")},
            module_kind="validation", app=frame.app, name=f"parse_{stem_of(item)}",
        )  # fmt: skip
    target = f"form[{item.name!r}]"
    frame.emit_block(f"with form.field({item.name!r}):", [f"{target} = {call_lifted(frame, lifted, target)}"])


__all__ = ["conversion_lines", "converts_itself"]
