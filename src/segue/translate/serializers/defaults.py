"""``default=`` of input fields: in the write model where it is data or a plain function, else in the
validation function (current user, create-only)."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.snapshot.model import SerializerField, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.interp.frame import Frame
from segue.translate.serializers.code import Text, pairs_of, value_text
from segue.translate.serializers.facts import base_name, field_refusal

CURRENT_USER = "rest_framework.fields.CurrentUserDefault"
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
    """A default set in the validation function under ``condition``."""

    condition: str
    text: str


def model_default(ctx: Context, item: SerializerField) -> Text | None:
    """Default text in the write model; ``None`` for ``UNSET``."""
    value = item.default
    if value.kind == "empty" or _is_computed(value):
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


def _is_computed(value: Value) -> bool:
    return value.kind == "call" and value.name in (CURRENT_USER, CREATE_ONLY)


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


def computed_default(frame: Frame, item: SerializerField, *, has_instance: bool) -> Computed | None:
    """The statement for hidden fields and for defaults that depend on the request."""
    value = item.default
    hidden = base_name(item) == "HiddenField"
    if value.kind == "empty" or not (hidden or _is_computed(value)):
        return None
    if hidden and item.source != item.name:
        raise field_refusal(item, "hidden-source", "A hidden field with a source of its own.")
    conditions = ["not partial"] if hidden else [f"form.missing({item.name!r})", "not partial"]
    if value.kind == "call" and value.name == CREATE_ONLY:
        if has_instance:
            conditions.append("instance is None")
        inner = pairs_of(value).get("default") or (value.items[0] if value.items else None)
        if inner is None:
            raise field_refusal(item, "default", "What CreateOnlyDefault gives is not known.")
        value = inner
    return Computed(" and ".join(conditions), _expression(frame, item, value))


def _expression(frame: Frame, item: SerializerField, value: Value) -> str:
    if value.kind == "call" and value.name == CURRENT_USER:
        return ast.unparse(frame.state("user"))
    factory = _factory(frame.ctx, item, value)
    found = factory or value_text(value, item.where, f"default of {item.name}")
    frame.use(*found.imports)
    return f"{found.text}()" if factory is not None else found.text
