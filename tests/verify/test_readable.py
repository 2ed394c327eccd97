"""Rows that explore makes can be read by Django, and rows that it cannot read end nothing: Django's converters judge."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import json, random
from decimal import Decimal
from django.conf import settings
settings.configure(
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
import django
django.setup()
from django.contrib.auth.models import User
from django.db import connection, models
urlpatterns = []

def number(digits, places, **more):
    return models.DecimalField(max_digits=digits, decimal_places=places, **more)

class Picky(models.TextField):
    def from_db_value(self, value, expression, connection):
        if value == "unreadable":
            raise KeyError(value)
        return value

class Payment(models.Model):
    amount = number(5, 2)
    rate = number(3, 3)
    share = number(4, 4, null=True)
    note = Picky(null=True)
    class Meta:
        app_label = "contenttypes"

class Measure(models.Model):
    weight = number(5, 1, null=True)
    height = number(4, 1, null=True)
    index = number(4, 2, null=True)
    def save(self, *args, **more):
        if self.weight and self.height:
            self.index = round(float(self.weight) / (float(self.height) / 100) ** 2, 2)
        super().save(*args, **more)
    class Meta:
        app_label = "contenttypes"

class Computed(models.Model):
    total = number(5, 2)
    def save(self, *args, **more):
        self.total = Decimal("123456.78")
        super().save(*args, **more)
    class Meta:
        app_label = "contenttypes"

class Line(models.Model):
    payment = models.ForeignKey(Payment, models.CASCADE)
    class Meta:
        app_label = "contenttypes"

made = [Payment, Measure, Computed, Line]
with connection.schema_editor() as editor:
    for model in [django.contrib.contenttypes.models.ContentType, *User._meta.app_config.get_models(), *made]:
        if not model._meta.auto_created:
            editor.create_model(model)
from segue.verify.joined import paths, readable, seeding, spread, variety

def read(model):
    try:
        return [[str(v) for v in row] for row in model._base_manager.order_by("pk").values_list()]
    except Exception as error:
        return type(error).__name__

labels = [m._meta.label for m in made]
seeding.fill(labels)
for step in range(5, 130, 3):
    spread.add(Payment, step, "", {})
result = {"made": {m.__name__: read(m) for m in made}, "rates": len(set(Payment.objects.values_list("rate")))}

ours = [Payment.objects.create(amount=Decimal("7.50"), rate=Decimal("0.1"), share=None) for _ in range(3)]
Payment.objects.exclude(pk__in=[p.pk for p in ours]).delete()
Line.objects.create(payment=ours[2])
Payment.objects.filter(pk=ours[0].pk).update(amount=models.F("amount") * 1000)
Payment.objects.filter(pk=ours[1].pk).update(share=models.F("rate") * 1000)
result["django"] = read(Payment)
operation = {"path": "/payments/{amount}/", "parameters": [{"name": "amount", "converter": "str"}]}
def existing():
    return [p for label, p in paths.paths_of(operation, Payment, ("amount", "amount"), random.Random(1)) if label == "existing"]
result["paths"] = existing()
result["chosen"] = [p.pk for p in ours] == sorted(paths.chosen(Payment))
result["made below"] = [spread.spread([Line._meta.label]) > 0]
Line.objects.exclude(payment=ours[0]).delete()
Line.objects.create(payment=ours[0])
result["made below"].append(variety.vary([Line._meta.label], []) > 0)
result["notes"] = [readable.unread()]
Payment.objects.filter(pk=ours[1].pk).update(note="unreadable", share=None)
Payment.objects.filter(pk=ours[2].pk).update(amount=models.F("amount") * 1000)
result["own"] = [str(n) for n in readable.readable(Payment.objects.order_by("pk").values_list("note", flat=True), 9)]
result["chosen then"] = len(paths.chosen(Payment))
Payment.objects.update(amount=models.F("amount") * 1000, share=5000)
result["none"] = existing()
result["notes"].append(readable.unread())

from rest_framework import serializers
class Kept(serializers.CharField):
    def to_internal_value(self, data):
        return Payment.objects.create(amount=1, rate=0, note=super().to_internal_value(data))
from segue.verify.joined import payloads
rows = Payment.objects.count()
result["kept"] = [payloads.value_for(Kept(), "kept", random.Random(1), 7), Payment.objects.count() - rows]
Kept().run_validation("x")
result["kept"].append(Payment.objects.count() - rows)
print("RESULT" + json.dumps(result))
"""


@pytest.fixture(scope="module")
def found() -> Any:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.partition("RESULT")[2])


def test_django_reads_the_rows_that_are_made(found: Any) -> None:
    assert all(isinstance(rows, list) for rows in found["made"].values()), found["made"]
    assert found["made"]["Payment"]
    assert found["rates"] > 20, "columns without a digit in front of the point differ too"
    assert found["made"]["Measure"], "what `save` computes beyond its column gets another value"
    assert found["made"]["Line"]


def test_rows_that_django_cannot_read_are_passed_over(found: Any) -> None:
    assert found["django"] == "InvalidOperation", "Django's own reading ends with the first of them"
    assert found["paths"] == ["/payments/7.50/"]
    assert found["chosen"], "their keys can be read"
    assert found["made below"] == [True, True], "by those that can be read"


def test_a_field_of_the_projects_own_that_refuses(found: Any) -> None:
    assert found["own"] == ["None", "None"], "without the one in the middle"
    assert found["chosen then"] == 3
    assert found["none"] == []
    table = "table contenttypes_payment: Django's own fields could read none of the rows that were tried"
    assert found["notes"] == [[], [table]]


def test_a_field_that_writes_is_not_asked_while_a_text_is_made_up(found: Any) -> None:
    """Its rows stood in the database from then on, and PostgreSQL's sequences were behind them."""
    assert found["kept"] == ["kept 7", 0, 1]
