"""django-phonenumber-field's serializer field and its validator. Source: ``phonenumber_field.serializerfields``, ``phonenumber_field.validators``."""

from __future__ import annotations

from segue.snapshot.model import SerializerField, Value
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.models import phones
from segue.translate.serializers.code import Text
from segue.translate.serializers.facts import class_of, const

FIELD = "phonenumber_field.serializerfields.PhoneNumberField"
BRIDGE = "segue_bridge.schema.phones"
_VALIDATOR = "phonenumber_field.validators.validate_international_phonenumber"
_OWN = ("phonenumber_field.", "rest_framework.", "django.")


def is_phone_field(ctx: Context, item: SerializerField) -> bool:
    """Whether it is the package's own field, or a class below it that adds nothing."""
    known = class_of(ctx, item.cls)
    if known is None or FIELD not in known.mro:
        return False
    return all(dotted.startswith(_OWN) for dotted in known.methods.values())


def field_arguments(ctx: Context, item: SerializerField) -> tuple[list[str], set[Import]]:
    """``PHONES, region="BE"`` of the field's rules. The probe sees the region that the field has, which is the setting's without one."""
    constant = phones.declared(ctx)
    region = const(item.kwargs.get("region"))
    arguments = [constant.name]
    if isinstance(region, str) and region != phones.setting(ctx, "DEFAULT_REGION", None):
        arguments.append(f"region={region!r}")
    return arguments, {constant}


def validator(ctx: Context, value: Value) -> Text | None:
    """``ValidPhone(PHONES)`` for the package's own validator of columns."""
    if value.kind != "ref" or value.name != _VALIDATOR:
        return None
    constant = phones.declared(ctx)
    code = phones.validator_code(ctx)
    more = f", code={code!r}" if code else ""
    return Text(f"ValidPhone({constant.name}{more})", {constant, Import(BRIDGE, "ValidPhone")})


__all__ = ["BRIDGE", "FIELD", "field_arguments", "is_phone_field", "validator"]
