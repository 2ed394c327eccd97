"""``default=`` of input fields: in the write model where it is data or a plain function, else in the
validation function (current user, create-only)."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from segue.snapshot.model import SerializerField, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Instance, Scalar, User
from segue.translate.serializers.code import Text, pairs_of, value_text
from segue.translate.serializers.facts import base_name, field_refusal
from segue.translate.serializers.own_defaults import CURRENT_USER, asked, is_own, kind_of
from segue.translate.serializers.untouched import changes_fields
from segue.translate.serializers.use import Use
from segue.translate.serializers.values import value_kind

CREATE_ONLY = "rest_framework.fields.CreateOnlyDefault"
FACTORIES = {
    "django.utils.timezone.now": ("now", Import("segue_bridge.zone", "now")),
    "uuid.uuid4": ("uuid4", Import("uuid", "uuid4")),
    "uuid.uuid1": ("uuid1", Import("uuid", "uuid1")),
    "builtins.dict": ("dict", None),
    "builtins.list": ("list", None),
    "builtins.set": ("set", None),
    "builtins.str": ("str", None),
    "builtins.int": ("int", None),
    "builtins.bool": ("bool", None),
}
_FORM_DEFAULTS = frozenset({"BooleanField", "NullBooleanField", "MultipleChoiceField", "ManyRelatedField"})


@dataclass(frozen=True, slots=True)
class Computed:
    """A default set in the validation function under ``condition``, by ``lines``."""

    condition: str
    lines: Sequence[str]


def model_default(ctx: Context, item: SerializerField) -> Text | None:
    """Default text in the write model; ``None`` for ``UNSET``."""
    value = item.default
    if value.kind == "empty" or _is_computed(ctx, value):
        if value.kind != "empty" and base_name(item) in _FORM_DEFAULTS:
            raise field_refusal(
                item, "default", "Form input takes this default too, which Segue cannot compute."
            )
        return None
    factory = _factory(ctx, item, value)
    if factory is not None:
        imports = {*factory.imports, Import("pydantic", "Field")}
        return Text(f"Field(default_factory={factory.text})", imports)
    return value_text(value, item.where, f"default of {item.name}")


def _is_computed(ctx: Context, value: Value) -> bool:
    return (value.kind == "call" and value.name in (CURRENT_USER, CREATE_ONLY)) or is_own(ctx, value)


def _factory(ctx: Context, item: SerializerField, value: Value) -> Text | None:
    if value.kind != "ref":
        return None
    known = FACTORIES.get(value.name)
    if known is not None:
        text, imported = known
        return Text(text, {imported} if imported is not None else set())
    if value.name not in ctx.snapshot.functions:
        raise field_refusal(item, "default", f"The default is computed by {value.name}.")
    lifted = lift(ctx, value.name, module_kind="defaults")
    if lifted.state or lifted.is_async or lifted.explicit:
        raise field_refusal(item, "default", f"{value.name} needs more than plain Python.")
    return Text(lifted.name, set(lifted.imports))


def computed_default(
    frame: Frame, serializer: str, item: SerializerField, use: Use, *, has_instance: bool
) -> Computed | None:
    """The statements for hidden fields and for defaults that depend on the request."""
    value = item.default
    hidden = base_name(item) == "HiddenField"
    if value.kind == "empty" or not (hidden or _is_computed(frame.ctx, value)):
        return None
    if hidden and item.source != item.name:
        raise field_refusal(item, "hidden-source", "A hidden field with a source of its own.")
    missing = f"form.missing({item.name!r})"
    # A hidden field is always missing where it has not been taken out.
    conditions = [*([missing] if not hidden or changes_fields(frame.ctx, serializer) else []), "not partial"]
    if value.kind == "call" and value.name == CREATE_ONLY:
        if has_instance:
            conditions.append("instance is None")
        inner = pairs_of(value).get("default") or (value.items[0] if value.items else None)
        if inner is None:
            raise field_refusal(item, "default", "What CreateOnlyDefault gives is not known.")
        value = inner
    return Computed(" and ".join(conditions), _lines(frame, serializer, item, value, use))


def _lines(frame: Frame, serializer: str, item: SerializerField, value: Value, use: Use) -> list[str]:
    target = f"form[{item.name!r}]"
    if not is_own(frame.ctx, value):
        return [f"{target} = {_expression(frame, item, value)}"]
    found = asked(frame, serializer, item, value, use)
    if base_name(item) != "HiddenField":
        _same_kind(frame.ctx, item, value)
    lines = [*found.lines, *([f"{target} = {found.text}"] if found.text else [])]
    if not found.fails:
        return lines
    with frame.capture() as captured:
        frame.emit_block(f"with form.field({item.name!r}):", lines)
        return list(captured)


def _same_kind(ctx: Context, item: SerializerField, value: Value) -> None:
    """Refuse a default that is something else than what the field makes of its input."""
    given, usual = kind_of(ctx, item), value_kind(ctx, item)
    if isinstance(given, Instance | User) and isinstance(usual, Instance):
        same = given.model == usual.model and not (isinstance(given, Instance) and given.nullable)
    else:
        same = given == usual or (isinstance(given, Scalar) and usual == Scalar(given.type, True))
    if not same:
        raise field_refusal(item, "default", f"{value.name} gives something else than the field's input.")


def _expression(frame: Frame, item: SerializerField, value: Value) -> str:
    if value.kind == "call" and value.name == CURRENT_USER:
        return ast.unparse(frame.state("user"))
    factory = _factory(frame.ctx, item, value)
    found = factory or value_text(value, item.where, f"default of {item.name}")
    frame.use(*found.imports)
    return f"{found.text}()" if factory is not None else found.text
