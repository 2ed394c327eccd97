"""Input of amounts of money: the serializer field of django-money (3.6), which reads two keys of the body."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from segue_bridge.money import Money
from segue_bridge.schema.numbers import DecimalField
from segue_bridge.schema.unset import UNSET
from segue_bridge.translation import Text
from segue_bridge.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class _Sent:
    """An amount with the currency that goes with it, neither of them looked at (``_PrimitiveMoney``)."""

    amount: Any
    currency: Any


class MoneyField(DecimalField):
    """``djmoney.contrib.django_rest_framework.fields.MoneyField``: an amount under the field's name, its currency under
    ``<name>_currency``; ``currency`` is that of the model's column where none is sent. The value is a ``Money``, or the bare amount
    where there is no currency at all.
    """

    messages: ClassVar[Mapping[str, Text]] = {
        "invalid_currency": _("{currency!r} is not a valid currency"),
    }

    def __init__(
        self,
        max_digits: int | None,
        decimal_places: int | None,
        currencies: Set[str],
        *,
        currency: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(max_digits, decimal_places, **options)
        self.currencies = currencies
        self.currency = currency

    def raw(self, data: Mapping[str, Any], name: str, *, partial: bool, required: bool, default: Any) -> Any:
        """The amount with its currency (``MoneyField.get_value``)."""
        amount = super().raw(data, name, partial=partial, required=required, default=default)
        currency = data.get(f"{name}_currency", self.currency)
        if currency and amount is not None and amount is not UNSET:
            return _Sent(amount, currency)
        return amount

    def parse(self, raw: Any) -> Any:
        """A ``Money``, or an amount. Raises ``ValidationError`` for what is no number, and for a currency that is not known."""
        if not isinstance(raw, _Sent):
            return super().parse(raw)
        amount = super().parse(raw.amount)
        code = str(raw.currency).upper()
        if code not in self.currencies:
            self.fail("invalid_currency", currency=raw.currency)
        return Money(amount, code)


def split_money(
    given: MutableMapping[str, Any], name: str, currency: str, *, null: bool = False, kept: str | None = None
) -> None:
    """Put the amount and the currency of ``given[name]`` into their two columns (``MoneyFieldProxy.__set__``).

    ``null``: the columns may be NULL; ``kept``: the currency that the object has already. Raises ``ValueError`` for a bare amount where
    there is none, as the package does for such columns.
    """
    value = given.get(name)
    if isinstance(value, Money):
        given[name], given[currency] = value.amount, value.code
    elif value is not None and null and not kept:
        raise ValueError("Missing currency value")


__all__ = ["MoneyField", "split_money"]
