"""Input of amounts of money is read and put into two columns as django-money's own field and descriptor do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Annotated, Any

import pytest

from segue_bridge.errors import ValidationError
from segue_bridge.money import CurrencyDoesNotExist, Money, money, money_or_none
from segue_bridge.schema.data import FormData
from segue_bridge.schema.model import WriteModel
from segue_bridge.schema.money import MoneyField, split_money
from segue_bridge.schema.unset import UNSET

INPUTS: list[dict[str, Any]] = [
    {name: amount, **({} if currency is ... else {f"{name}_currency": currency})}
    for name in ("price", "was")
    for amount in ("5", 5, "7.25", "123456789012", "1.234", "abc", "", None, [], True, "  6 ")
    for currency in (..., "usd", "EUR", "???", "", None, 7, ["EUR"])
] + [{}, {"price_currency": "USD"}, {"was_currency": "USD"}]
_DJANGO = """
import json, sys
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "djmoney"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", SECRET_KEY="x")
django.setup()
from django.db import models
from django.http import QueryDict
from djmoney.models.fields import MoneyField
from djmoney.money import Money
from moneyed import CURRENCIES
from rest_framework import serializers

class Item(models.Model):
    price = MoneyField(max_digits=10, decimal_places=2, default_currency="EUR")
    was = MoneyField(max_digits=10, decimal_places=2, null=True, blank=True, default_currency=None)
    class Meta:
        app_label = "contenttypes"

class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["price", "was"]

def plain(value):
    return [str(value.amount), value.currency.code] if isinstance(value, Money) else None if value is None else str(value)

def columns(item):
    return [None if v is None else str(getattr(v, "amount", v)) for v in (item.__dict__[n] for n in ("price", "price_currency", "was", "was_currency"))]

def told(data, item):
    serializer = ItemSerializer(item, data=data, partial=item is not None)
    if not serializer.is_valid():
        return {"errors": serializer.errors}
    values = dict(serializer.validated_data)
    try:
        item = item or Item(**values)
        for name, value in values.items():
            setattr(item, name, value)
    except ValueError as error:
        return {"raised": str(error)}
    return {"values": {k: plain(v) for k, v in values.items()}, "columns": columns(item)}

def form(data):
    found = QueryDict(mutable=True)
    for name, value in data.items():
        found[name] = str(value)
    return found

inputs = json.load(sys.stdin)
print(json.dumps({"codes": sorted(CURRENCIES), "told": [
    told(data, item)
    for given in inputs for data in (given, form(given))
    for item in (None, Item(price=Money(1, "GBP"), was=None), Item(price=Money(1, "GBP"), was=Money(2, "CHF")))
]}))
"""


@pytest.fixture(scope="module")
def django() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _DJANGO], input=json.dumps(INPUTS), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _model(codes: frozenset[str]) -> type[WriteModel]:
    class Item(WriteModel):
        price: Annotated[Any, MoneyField(10, 2, codes, currency="EUR")]
        was: Annotated[Any, MoneyField(10, 2, codes, null=True)] = UNSET

    return Item


def _plain(value: Any) -> Any:
    return (
        [str(value.amount), value.code] if isinstance(value, Money) else None if value is None else str(value)
    )


def _told(model: type[WriteModel], data: Any, row: dict[str, Any] | None) -> dict[str, Any]:
    form = model.collect(data, partial=row is not None)
    try:
        form.raise_invalid()
    except ValidationError as error:
        return {"errors": json.loads(json.dumps(error.detail, default=str))}
    values = dict(form.values)
    shown = {name: _plain(value) for name, value in values.items()}
    columns = dict(row or {"price": None, "price_currency": "EUR", "was": None, "was_currency": None})
    try:
        split_money(values, "price", "price_currency")
        split_money(values, "was", "was_currency", null=True, kept=columns["was_currency"])
    except ValueError as error:
        return {"raised": str(error)}
    columns |= values
    return {"values": shown, "columns": [None if v is None else str(v) for v in columns.values()]}


def test_input_is_read_and_split_as_by_django_money(django: dict[str, Any]) -> None:
    model = _model(frozenset(django["codes"]))
    rows = (
        None,
        {"price": 1, "price_currency": "GBP", "was": None, "was_currency": None},
        {"price": 1, "price_currency": "GBP", "was": 2, "was_currency": "CHF"},
    )
    told = [
        _told(model, data, row)
        for given in INPUTS
        for data in (given, FormData([(name, str(value)) for name, value in given.items()]))
        for row in rows
    ]
    differ = [
        (n, ours, theirs)
        for n, (ours, theirs) in enumerate(zip(told, django["told"], strict=True))
        if ours != theirs
    ]
    assert differ == []
    kinds = [next(iter(one)) for one in told]
    assert min(kinds.count(kind) for kind in ("errors", "values", "raised")) >= 5


def test_an_object_is_made_of_two_columns(django: dict[str, Any]) -> None:
    codes = frozenset(django["codes"])
    assert (money(1, "eur", codes).code, money_or_none(None, None, codes)) == ("EUR", None)  # type: ignore[arg-type]
    with pytest.raises(CurrencyDoesNotExist, match="No currency with code ZZZ is defined"):
        money(1, "zzz", codes)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Currency code can't be None"):
        money_or_none(1, None, codes)  # type: ignore[arg-type]
