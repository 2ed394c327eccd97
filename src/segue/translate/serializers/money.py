"""django-money's serializer field. Source: ``djmoney.contrib.django_rest_framework.fields.MoneyField`` (3.6)."""

from __future__ import annotations

from segue.snapshot.model import ModelField, Serializer, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.load.models import concrete, field_of
from segue.translate.models import money
from segue.translate.serializers.code import Text
from segue.translate.serializers.facts import field_refusal, option

FIELD = money.SERIALIZER_FIELD
BRIDGE = "segue_bridge.schema.money"
# What ``Field`` itself does, and the number: nothing of it looks at the currency.
_VALUES = ("min_value", "max_value")


def field_arguments(ctx: Context, item: SerializerField, model: str) -> Text:
    """``CURRENCIES, currency="EUR"`` of the field's rules. Raises ``Refused``."""
    column = field_of(concrete(ctx, model), item.source) if model else None
    if column is None or column.money is None or item.source != item.name:
        raise field_refusal(item, "money", "It reads amounts of something else than a column of that name.")
    if item.validators or item.default.kind != "empty" or any(option(item, k) is not None for k in _VALUES):
        raise field_refusal(item, "money", "Limits, validators and defaults of amounts are not translated.")
    own = item.kwargs.get("default_currency")
    if own is not None and (own.kind != "const" or own.data is not None):
        raise field_refusal(item, "money", "It has a currency of its own.")
    constant = money.declared(ctx, column)
    usual = _usual(column, item)
    return Text(f"{constant.name}{f', currency={usual!r}' if usual else ''}", {constant})


def _usual(column: ModelField, item: SerializerField) -> str | None:
    """The currency that a row has by itself. Raises ``Refused``."""
    value = column.attributes.get("default_currency")
    if value is None or value.kind != "const" or not (value.data is None or isinstance(value.data, str)):
        raise field_refusal(item, "money", "The currency of its column is computed.")
    return value.data


def split(frame: Frame, serializer: Serializer, item: SerializerField, entity: str) -> None:
    """Emit what puts an amount of ``given`` into two columns. ``entity``: the object that is changed; '' for a new one."""
    column = field_of(concrete(frame.ctx, serializer.model), item.source)
    assert column is not None
    assert column.money is not None
    more = ""
    if column.null:
        kept = f"{entity}.{column.money.currency}" if entity else repr(_usual(column, item))
        more = f", null=True, kept={kept}"
    frame.use(Import(BRIDGE, "split_money"))
    frame.emit(f"split_money(given, {column.attname!r}, {column.money.currency!r}{more})")


__all__ = ["BRIDGE", "FIELD", "field_arguments", "split"]
