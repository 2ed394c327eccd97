"""Fields that exist on PostgreSQL only."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    HStoreField,
    IntegerRangeField,
    RangeOperators,
)
from django.contrib.postgres.indexes import BrinIndex, GinIndex, HashIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Postgres(models.Model):
    words = ArrayField(models.CharField(max_length=10), default=list)
    grid = ArrayField(ArrayField(models.IntegerField(), size=2), null=True)
    prices = ArrayField(models.DecimalField(max_digits=6, decimal_places=2), null=True)
    store = HStoreField(null=True)
    ints = IntegerRangeField(null=True)
    bigs = BigIntegerRangeField(null=True)
    decimals = DecimalRangeField(null=True)
    moments = DateTimeRangeField(null=True)
    days = DateRangeField(null=True)
    search = SearchVectorField(null=True)
    spoken = models.CharField(max_length=20, db_collation="C", default="")

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="gin_words"),
            BrinIndex(fields=["id"], name="brin_id"),
            HashIndex(fields=["spoken"], name="hash_spoken"),
            models.Index(fields=["spoken"], name="cover", include=["ints"]),
            models.Index(fields=["spoken"], name="ops", opclasses=["varchar_pattern_ops"]),
        ]
        constraints = [
            ExclusionConstraint(name="no_overlap", expressions=[("ints", RangeOperators.OVERLAPS)]),
            models.UniqueConstraint(
                fields=["spoken", "ints"], name="late", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(fields=["bigs"], name="nulls", nulls_distinct=False),
        ]
