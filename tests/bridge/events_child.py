"""Django objects that are saved and deleted, and a model whose events go to the outbox."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import django
from django.conf import settings

ENTRY = json.loads(sys.argv[1])
settings.configure(
    SECRET_KEY="x", DATABASES={"default": ENTRY}, INSTALLED_APPS=["django.contrib.contenttypes"], USE_TZ=True
)
django.setup()

from django.core.serializers.base import DeserializedObject  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402

from segue_bridge.legacy import outbox  # noqa: E402
from segue_bridge.legacy.events import announce  # noqa: E402


class Customer(models.Model):
    class Meta:
        app_label = "shop"


class Order(models.Model):
    status = models.CharField(max_length=9)
    total = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    at = models.DateTimeField(null=True)
    file = models.FileField(null=True)
    customer = models.ForeignKey(Customer, models.CASCADE, null=True)

    class Meta:
        app_label = "shop"


with connection.schema_editor() as editor:
    editor.create_model(Customer)
    editor.create_model(Order)
outbox.create()
announce(Order, "orders", fields=["status", "total", "at", "file", "customer"])
announce(Order, "orders", fields=["status", "total", "at", "file", "customer"])  # ready() may run twice
announce(Customer, "customers", strict=True)

with transaction.atomic():
    customer = Customer.objects.create()
with transaction.atomic():
    order = Order.objects.create(
        status="new",
        total=Decimal("1.50"),
        at=datetime(2030, 1, 2, 3, 4, 5, 678901, UTC),
        file="a.txt",
        customer=customer,
    )
    order.status = "paid"
    order.save(update_fields=["status"])
with suppress(RuntimeError), transaction.atomic():
    Order.objects.create(status="undone")
    raise RuntimeError
DeserializedObject(Order(pk=70, status="x")).save()  # as loaddata does
try:
    Customer.objects.create()
except transaction.TransactionManagementError as error:
    sys.stdout.write(str(error))
with transaction.atomic():
    Order.objects.filter(pk=1).delete()
    customer.delete()
