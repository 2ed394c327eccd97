"""What is sold: decimals, durations, numbers of 64 bits, moments around a change of the clock."""

import datetime as dt
from decimal import Decimal

from django.db import models


class Press(models.Model):
    name = models.CharField(max_length=30)
    count = models.IntegerField(default=0)

    class Meta:
        app_label = "library"


class Sale(models.Model):
    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="sales")
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    rate = models.DecimalField(max_digits=8, decimal_places=4, null=True)
    weight = models.FloatField(null=True)
    big = models.BigIntegerField(default=0)
    lasted = models.DurationField(null=True)
    sold = models.DateTimeField()
    day = models.DateField(null=True)
    at = models.TimeField(null=True)
    data = models.JSONField(default=dict)
    note = models.CharField(max_length=30, null=True)

    class Meta:
        app_label = "library"
        ordering = ["id"]


def fill():
    one, two, _ = (Press.objects.create(name=name) for name in ("one", "two", "none"))
    rows = [
        (one, "1.10", "0.1250", 1.5, 3, dt.timedelta(hours=1), dt.datetime(2024, 1, 1, 3),
         dt.date(2024, 1, 1), dt.time(3, 0), {"a": 1, "s": "x"}, "x"),
        (one, "2.25", None, None, 2**40, None, dt.datetime(2024, 3, 10, 7, 30), None, None, {"a": "1", "l": [1, 2]}, None),
        (one, "0.05", "3.5000", -2.25, -5, dt.timedelta(days=-1, seconds=5, microseconds=7), dt.datetime(2024, 11, 3, 5, 30),
         dt.date(2024, 2, 29), dt.time(23, 59, 59, 999999), {"a": None}, ""),
        (two, "99.99", "1.0000", 0.1, 7, dt.timedelta(days=3, hours=4), dt.datetime(2024, 11, 3, 6, 30),
         dt.date(2023, 12, 31), dt.time(12, 0), {"a": {"b": 2}, "t": True}, "Zed"),
        (two, "5.00", "0.3333", 0.2, 0, dt.timedelta(0), dt.datetime(2025, 12, 31, 23, 59, 59, 123456),
         dt.date(2025, 12, 31), dt.time(0, 0), {}, "abc"),
    ]  # fmt: skip
    for press, amount, rate, weight, big, lasted, sold, day, at, data, note in rows:
        Sale.objects.create(
            press=press, amount=Decimal(amount), rate=rate and Decimal(rate), weight=weight, big=big, lasted=lasted,
            sold=sold.replace(tzinfo=dt.UTC), day=day, at=at, data=data, note=note,
        )  # fmt: skip
