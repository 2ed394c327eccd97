"""Amounts of money: ``MoneyField`` of django-money (3.6), two columns of a row that Django's code sees as one object.

What is asked of a ``Money`` is its amount and the code of its currency. Texts depend on the language and the settings of the package,
arithmetic and comparisons on both currencies: here these raise :class:`~segue_bridge.errors.Unserved`.
"""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal
from typing import Any, NoReturn

from segue_bridge.errors import Unserved


class CurrencyDoesNotExist(Exception):
    """``moneyed.classes.CurrencyDoesNotExist``."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No currency with code {code} is defined.")


class Money:
    """An amount and the code of its currency, in capitals."""

    __slots__ = ("amount", "code")

    def __init__(self, amount: Decimal, code: str) -> None:
        self.amount = amount
        self.code = code

    def __repr__(self) -> str:
        return f"Money({self.amount!r}, {self.code!r})"

    def __bool__(self) -> bool:
        return bool(self.amount)

    def _unserved(self, *_: Any) -> NoReturn:
        raise Unserved("the text, the order or the arithmetic of an amount of money")

    __str__ = __format__ = __eq__ = __ne__ = __hash__ = __lt__ = __le__ = __gt__ = __ge__ = _unserved
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __neg__ = __abs__ = (
        __round__
    ) = _unserved
    __float__ = __int__ = _unserved


def money(amount: Decimal, currency: str | None, currencies: Set[str]) -> Money:
    """The object that ``MoneyFieldProxy`` makes of two columns.

    Raises ``TypeError`` where there is no currency, and :class:`CurrencyDoesNotExist` for one that is none of ``currencies``.
    """
    if currency is None:
        raise TypeError("Currency code can't be None")
    code = currency.upper()
    if code not in currencies:
        raise CurrencyDoesNotExist(code)
    return Money(amount, code)


def money_or_none(amount: Decimal | None, currency: str | None, currencies: Set[str]) -> Money | None:
    """:func:`money`; None for NULL, whatever the currency is."""
    return None if amount is None else money(amount, currency, currencies)


__all__ = ["CurrencyDoesNotExist", "Money", "money", "money_or_none"]
