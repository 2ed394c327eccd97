"""``validate_<field>`` and ``validate`` of the project's serializers, lifted by the kernel."""

from __future__ import annotations

from dataclasses import replace

from segue.refusal import refuse
from segue.snapshot.model import Function, Serializer, SerializerField
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, DictOf, Kind, Scalar, SerializerSelf, ValidatedData
from segue.translate.rules import registry
from segue.translate.serializers.added import lose
from segue.translate.serializers.by_view import view_key
from segue.translate.serializers.facts import app_label, overridden, short
from segue.translate.serializers.synthetic import call_lifted, in_validation
from segue.translate.serializers.use import Use
from segue.translate.serializers.validators import first_parameter
from segue.translate.serializers.values import value_kind


def field_hook(frame: Frame, serializer: Serializer, item: SerializerField, use: Use) -> None:
    """``validate_title(value)`` on whatever value there is, defaults and nulls included."""
    name = overridden(frame.ctx, serializer.name, f"validate_{item.name}")
    if not name:
        return
    kind = value_kind(frame.ctx, item)
    lifted = _lift(frame, serializer, name, kind, use)
    _returns_something(frame, serializer, name, lifted)
    target = f"form[{item.name!r}]"
    inner: list[str] = []
    with frame.capture() as captured:
        frame.emit_block(
            f"with form.field({item.name!r}):", [f"{target} = {call_lifted(frame, lifted, target)}"]
        )
        inner = captured
    frame.emit_block(f"if form.has({item.name!r}):", list(inner))


_TAKEN = "taken out by validate()"


def taken_out(ctx: Context, serializer: str) -> frozenset[str]:
    """The values that the serializer's ``validate`` takes out whenever they are there; its writer has been translated."""
    found = ctx.memo.get((_TAKEN, (serializer, view_key(ctx, serializer))), frozenset())
    assert isinstance(found, frozenset)
    return found


def whole_hook(frame: Frame, serializer: Serializer, use: Use) -> None:
    """``validate(attrs)``: its errors are those of the whole unless it names fields."""
    name = overridden(frame.ctx, serializer.name, "validate")
    if not name:
        return
    lifted = _lift(frame, serializer, name, ValidatedData(serializer.name), use)
    returned = lifted.returns
    if isinstance(returned, Const) or not isinstance(returned, ValidatedData | DictOf | Scalar):
        function = frame.ctx.snapshot.functions[name]
        raise refuse(
            "validate-result", short(name), "Segue does not see that it returns the values.", function.where
        )
    if isinstance(returned, ValidatedData) and returned.serializer == serializer.name:
        frame.ctx.memo[(_TAKEN, (serializer.name, view_key(frame.ctx, serializer.name)))] = returned.taken
    else:
        lose(frame.ctx, serializer.name)
    frame.emit_block("with form.non_field():", [f"values = {call_lifted(frame, lifted, 'values')}"])
    frame.emit("form.raise_invalid()")


def _function(frame: Frame, serializer: Serializer, name: str) -> Function:
    function = frame.ctx.snapshot.functions.get(name)
    if function is None:
        raise refuse("no-source", name, "The snapshot has no source for it.", serializer.where)
    return function


def _lift(frame: Frame, serializer: Serializer, name: str, kind: Kind, use: Use) -> Lifted:
    function = _function(frame, serializer, name)
    if name in registry.framework_methods:
        # A package's own, which a rule translates: the function only asks it.
        function = replace(function, source="def validate(self, attrs):\n    return self.validate(attrs)\n")
    skip = 0 if function.role == "staticmethod" else 1
    parameter = first_parameter(function.source, function.where, skip)
    with in_validation(frame.ctx):
        return lift(
            frame.ctx,
            function,
            self_kind=Val(SerializerSelf(serializer.name, use)),
            arguments={parameter: kind},
            module_kind="validation",
            app=app_label(frame.ctx, serializer),
        )


def _returns_something(frame: Frame, serializer: Serializer, name: str, lifted: Lifted) -> None:
    if isinstance(lifted.returns, Const) and lifted.returns.value is None:
        function = _function(frame, serializer, name)
        raise refuse(
            "validate-result", short(name), "It returns None, which replaces the value.", function.where
        )
