"""What validated data holds: the kind of every input field's value."""

from __future__ import annotations

from segue.snapshot.model import Serializer, SerializerField
from segue.translate.context import Context
from segue.translate.kinds import (
    Instance,
    Kind,
    ListOf,
    Phone,
    Scalar,
    Unknown,
    Uploaded,
    User,
    ValidatedData,
)
from segue.translate.models.money import SERIALIZER_FIELD as MONEY
from segue.translate.needs import Needs
from segue.translate.serializers.facts import base_name, option, overridden
from segue.translate.serializers.left_fields import left_fields
from segue.translate.serializers.phones import is_phone_field

SCALARS = {
    "CharField": "str",
    "EmailField": "str",
    "URLField": "str",
    "RegexField": "str",
    "SlugField": "str",
    "IPAddressField": "str",
    "UUIDField": "UUID",
    "IntegerField": "int",
    "BigIntegerField": "int",
    "FloatField": "float",
    "DecimalField": "Decimal",
    "BooleanField": "bool",
    "NullBooleanField": "bool",
    "DateTimeField": "datetime",
    "DateField": "date",
    "TimeField": "time",
    "DurationField": "timedelta",
}


def written(model: str) -> Needs:
    """The site of objects that were looked up to be written with: entities, all columns."""
    return Needs(model, written=True)


def value_kind(ctx: Context, item: SerializerField) -> Kind:
    """Kind of the validated value of ``item``."""
    base = base_name(item)
    if is_phone_field(ctx, item):
        return Phone(item.allow_null)
    if item.cls == MONEY:
        return Unknown("This is an amount of money, or a bare number where the client names no currency.")
    one = item.child if base == "ManyRelatedField" and item.child is not None else item
    if not item.read_only and overridden(ctx, one.cls, "to_internal_value"):
        from segue.translate.serializers.own_input import converted_kind, converts_itself

        return converted_kind(ctx, item) if converts_itself(ctx, item) else Scalar("Any")
    if base in SCALARS:
        return Scalar(SCALARS[base], item.allow_null)
    if base in ("ChoiceField", "FilePathField"):
        choices = item.kwargs.get("choices")
        types = (
            {type(pair.items[0].data).__name__ for pair in choices.items if pair.items} if choices else set()
        )
        if types == {"str"}:
            return Scalar("str", item.allow_null)
        if types == {"int"} and not option(item, "allow_blank"):
            return Scalar("int", item.allow_null)
        if types == {"bool"} and not option(item, "allow_blank"):
            return Scalar("bool", item.allow_null)
        return Scalar("Any")
    if base in ("FileField", "ImageField"):
        return Uploaded(item.allow_null)
    if base in ("PrimaryKeyRelatedField", "SlugRelatedField") and item.queryset_model:
        return Instance(item.queryset_model, written(item.queryset_model), "entity", item.allow_null)
    if base == "ManyRelatedField" and item.child is not None and item.child.queryset_model:
        model = item.child.queryset_model
        return ListOf(Instance(model, written(model), "entity"))
    if base == "ListField":
        return ListOf(value_kind(ctx, item.child) if item.child is not None else Scalar("Any"))
    if base == "HiddenField" and item.default.name == "rest_framework.fields.CurrentUserDefault":
        return User(ctx.snapshot.settings.user_model)
    if base == "HiddenField":
        from segue.translate.serializers.own_defaults import kind_of

        return kind_of(ctx, item) or Scalar("Any")
    if base == "ListSerializer":
        return ListOf(ValidatedData(item.serializer))
    if item.serializer:
        return Scalar("Any") if item.allow_null else ValidatedData(item.serializer)
    return Scalar("Any")


def kinds_by_source(ctx: Context, serializer: Serializer) -> dict[str, Kind]:
    """Kind by source name for the writable fields with a plain source; those whose requests are Django's are never there."""
    found: dict[str, Kind] = {}
    left = left_fields(ctx, serializer)
    for item in serializer.fields:
        if not item.read_only and item not in left and item.source != "*" and "." not in item.source:
            found[item.source] = value_kind(ctx, item)
    return found
