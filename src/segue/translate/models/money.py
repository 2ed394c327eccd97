"""Columns of django-money: an amount and beside it the code of its currency, which Django's code sees as one ``Money``.

Source: ``djmoney.models.fields`` (3.6): ``MoneyFieldProxy`` makes the object whenever the attribute is read, with a currency that
``moneyed.get_currency`` knows; ``values()``, look-ups and aggregates have the amount. Code that gives an object an amount is refused; the package's serializer field may.
"""

from __future__ import annotations

import ast

from segue.refusal import Refusal
from segue.snapshot.model import ModelField
from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.versions import since

CURRENCY = "djmoney.models.fields.CurrencyField"
FIELD = "djmoney.models.fields.MoneyField"
MANAGER = "djmoney.models.managers.money_manager.<locals>.MoneyManager"
SERIALIZER_FIELD = "djmoney.contrib.django_rest_framework.fields.MoneyField"
BRIDGE = "segue_bridge.money"
_PACKAGE = "django-money"


def is_currency(field: ModelField) -> bool:
    """Whether the column is the code of a currency: a text, of which the class changes no value."""
    return field.cls == CURRENCY


def is_money(field: ModelField) -> bool:
    """Whether the column is an amount, with the package's own descriptor."""
    return field.money is not None


def problem(ctx: Context, field: ModelField) -> Refusal | None:
    """Why its values are neither read nor written, or None."""
    release = ctx.snapshot.versions.packages.get(_PACKAGE, "")
    if not since(release, 3, 6) or since(release, 4, 0):
        return refusal(field, f"Segue knows {_PACKAGE} 3.6, and this is {release or 'another'}.")
    if field.default.kind not in ("empty", "const") and amount_of_default(field) is None:
        return refusal(field, "Its default is computed.")
    return (
        refusal(field, "An amount as the key of its rows is not translated.") if field.primary_key else None
    )


def amount_of_default(field: ModelField) -> str | None:
    """``'0'`` for ``default=Money(0, "USD")``; None where the default is no such object."""
    value = field.default
    if value.kind != "call" or not value.name.endswith(".Money") or not value.items or value.pairs:
        return None
    amount = value.items[0]
    return (
        str(amount.data)
        if amount.kind in ("const", "decimal") and not isinstance(amount.data, bool)
        else None
    )


def read_money(
    ctx: Context, owner: ast.expr, field: ModelField, nullable: bool
) -> tuple[ast.expr, set[Import]]:
    """``money(item.price, item.price_currency, CURRENCIES)``."""
    assert field.money is not None
    constant, function = declared(ctx, field), "money_or_none" if nullable else "money"
    parts = [ast.Attribute(owner, name, ast.Load()) for name in (field.attname, field.money.currency)]
    made = ast.Call(ast.Name(function, ast.Load()), [*parts, ast.Name(constant.name, ast.Load())], [])
    return made, {constant, Import(BRIDGE, function)}


def declared(ctx: Context, field: ModelField) -> Import:
    """The constant of all codes, which is declared."""
    assert field.money is not None
    module = ctx.program.module(f"{ctx.program.package}/money.py", "The currencies that the service knows.")
    if "CURRENCIES" not in module.decls:
        code = f'CURRENCIES = frozenset(\n    "{" ".join(field.money.codes)}".split()\n)'
        module.add(Decl("CURRENCIES", code, frozenset(), rank=10))
    return Import(f"{ctx.program.package}.money", "CURRENCIES")


def refusal(field: ModelField, why: str) -> Refusal:
    """A refusal of this column."""
    return Refusal("money", field.name, why, field.where.file, field.where.line)


__all__ = [
    "BRIDGE", "FIELD", "MANAGER", "SERIALIZER_FIELD", "amount_of_default", "declared", "is_currency", "is_money", "problem", "read_money", "refusal",
]  # fmt: skip
