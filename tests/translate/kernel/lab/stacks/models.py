"""Columns and rows that exist on PostgreSQL alone."""

import datetime

from django.contrib.postgres.fields import ArrayField, DateRangeField, DateTimeRangeField, IntegerRangeField
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Rack(models.Model):
    name = models.CharField(max_length=30)


class Paper(models.Model):
    rack = models.ForeignKey(Rack, null=True, on_delete=models.CASCADE, related_name="papers")
    title = models.CharField(max_length=60)
    body = models.TextField(null=True)
    words = ArrayField(models.CharField(max_length=10), default=list)
    numbers = ArrayField(models.IntegerField(), null=True)
    ages = IntegerRangeField(null=True)
    days = DateRangeField(null=True)
    open = DateTimeRangeField(null=True, default_bounds="[]")
    seen = models.BooleanField(default=False)
    found = SearchVectorField(null=True)
    labels = models.ManyToManyField("Label", related_name="papers")


class Slip(models.Model):
    paper = models.ForeignKey(Paper, on_delete=models.CASCADE)


class Label(models.Model):
    text = models.CharField(max_length=20)
    old = models.BooleanField(default=False)


NOON = datetime.datetime(2024, 5, 2, 12, tzinfo=datetime.UTC)


def fill():
    racks = [Rack.objects.create(name=name) for name in ("low", "high", "empty")]
    labels = [Label.objects.create(text=text) for text in ("old", "new", "old")]
    rows = (
        (racks[0], "The quick fox", "A fox jumps over the lazy dog", ["red", "new"], [3, 1, 2], (1, 10), (0, 1)),
        (racks[0], "Lazy foxes", None, [], [], (5, None), (1, 2)),
        (racks[1], "Éric naïve", "Dogs and cats 100% sure_", ["red", "averyveryl"], None, None, ()),
        (None, "dog days", "the dog", ["blue", "red", "blue"], [1], (None, 3), (0,)),
    )  # fmt: skip
    for rack, title, body, words, numbers, ages, picked in rows:
        paper = Paper.objects.create(
            rack=rack, title=title, body=body, words=words, numbers=numbers, ages=ages, seen=body is not None
        )
        if rack is not None:
            Paper.objects.filter(pk=paper.pk).update(days=(datetime.date(2024, rack.pk, 1), None))
        Paper.objects.filter(pk=paper.pk).update(open=(NOON, NOON + datetime.timedelta(days=1)))
        Slip.objects.create(paper=paper)
        paper.labels.set([labels[i] for i in picked])
    Slip.objects.create(paper=Paper.objects.earliest("id"))  # in another order than their papers are
