"""What a model does to the objects of its rows, and what its managers show to relations; Django answers too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import Site, differences

from segue.target.ir import Program
from segue.verify.evidence import Report

MODELS = """
from django.db import models
from django.db.models.signals import post_init
from django.dispatch import receiver


class Shown(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(stars__gt=0)


class Last(models.Manager):
    def get_queryset(self):
        return super().get_queryset().order_by("-stars", "-id")


class Rows(models.QuerySet):
    def starred(self):
        return self.filter(stars__gt=0)


class Plain(models.Manager):
    def get_queryset(self):
        return Rows(self.model, using=self._db)


class Owner(models.Model):
    name = models.CharField(max_length=20)


class Item(models.Model):
    title = models.CharField(max_length=20)
    stars = models.IntegerField(default=0)

    class Meta:
        abstract = True


class Hidden(Item):
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="hidden")
    objects = Shown()


class Ordered(Item):
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="ordered")
    objects = Last()

    class Meta:
        ordering = ["title"]


class Counted(Item):
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="counted")
    objects = Plain()

    class Meta:
        ordering = ["-title"]


class Keeper(models.Model):
    name = models.CharField(max_length=20)


class Narrow(Item):
    keeper = models.ForeignKey(Keeper, on_delete=models.CASCADE, null=True)
    objects = Shown()

    class Meta:
        base_manager_name = "objects"


class Below(Item):
    narrow = models.ForeignKey(Narrow, on_delete=models.CASCADE, null=True)


class Wide(Item):
    objects = Plain()

    class Meta:
        base_manager_name = "objects"


class UnderWide(Item):
    wide = models.ForeignKey(Wide, on_delete=models.CASCADE)


class Shouting(Item):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.title = (self.title or "").upper()


class Noting(Item):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._was = self.title


class Exclaiming(Item):
    @classmethod
    def from_db(cls, db, field_names, values):
        made = super().from_db(db, field_names, values)
        made.title += "!"
        return made


class Checked(models.IntegerField):
    def from_db_value(self, value, expression, connection):
        if value is not None and value < 0:
            raise ValueError("below zero")
        return value


class Failing(Item):
    size = Checked(default=1)


class Told(Item):
    pass


@receiver(post_init, sender=Told)
def tell(sender, instance, **kwargs):
    instance.title = "told"


class Loose(models.Model):
    # Until the row is read again an object holds its defaults as they are written.
    weight = models.FloatField(default=0)
    on = models.BooleanField(default=1)
    three = models.IntegerField(default="3")
    code = models.CharField(max_length=9, default=5)


class Other(Noting):
    class Meta:
        proxy = True
"""

SIMPLE = ("Shouting", "Noting", "Exclaiming", "Failing", "Told", "Other")
VIEWS = (
    """
from rest_framework import generics, serializers
from notes import models

"""
    + "".join(
        f"""
class {name}Serializer(serializers.ModelSerializer):
    class Meta:
        model = models.{name}
        fields = ["id", "title", "stars"]


class {name}List(generics.ListAPIView):
    serializer_class = {name}Serializer
    queryset = models.{name}.objects.order_by("id")

"""
        for name in (*SIMPLE, "Hidden", "Ordered", "Counted")
    )
    + "".join(
        f"""
class OwnerOf{name}Serializer(serializers.ModelSerializer):
    {name.lower()} = {name}Serializer(many=True, read_only=True)

    class Meta:
        model = models.Owner
        fields = ["id", "{name.lower()}"]


class OwnerOf{name}List(generics.ListAPIView):
    serializer_class = OwnerOf{name}Serializer
    queryset = models.Owner.objects.order_by("id")

"""
        for name in ("Hidden", "Ordered", "Counted")
    )
    + "".join(
        f"""
class {name}Serializer(serializers.ModelSerializer):
    of = serializers.CharField(source="{field}.title", default=None)

    class Meta:
        model = models.{name}
        fields = ["id", "of"]


class {name}List(generics.ListAPIView):
    serializer_class = {name}Serializer
    queryset = models.{name}.objects.order_by("id")

"""
        for name, field in (("Below", "narrow"), ("UnderWide", "wide"))
    )
    + """
class WideSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Wide
        fields = ["id", "title"]


class WideUpdate(generics.UpdateAPIView):
    serializer_class = WideSerializer
    queryset = models.Wide.objects.all()
    http_method_names = ["put"]


class LooseSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Loose
        fields = ["id", "weight", "on", "three", "code"]


class LooseList(generics.ListCreateAPIView):
    serializer_class = LooseSerializer
    queryset = models.Loose.objects.order_by("id")


class KeeperDelete(generics.DestroyAPIView):
    queryset = models.Keeper.objects.all()
"""
)
LISTS = (
    *SIMPLE,
    "Hidden",
    "OwnerOfHidden",
    "OwnerOfOrdered",
    "OwnerOfCounted",
    "Below",
    "UnderWide",
    "Loose",
)
URLS = (
    "from django.urls import path\nfrom notes import views\nurlpatterns = [\n"
    + "".join(f"    path('{name.lower()}/', views.{name}List.as_view()),\n" for name in LISTS)
    + "    path('wide/<int:pk>/', views.WideUpdate.as_view()),\n"
    + "    path('keeper/<int:pk>/', views.KeeperDelete.as_view()),\n]\n"
)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Report]:
    root: Path = tmp_path_factory.mktemp("loading")
    site = Site.make(root, {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS})
    return site.explore(site.snapshot(), root / "out", cases=350)


def test_translated_as_django_answers(answered: tuple[Program, Report]) -> None:
    program, report = answered
    assert {n.route_id for n in program.native} == {
        "/hidden/",  # the view's own queryset filters as the manager says
        "/ownerofordered/",
        "/ownerofcounted/",
        "/underwide/",
        "/noting/",
        "/loose/",
    }
    assert not differences(report)
    assert all({"200", "201"} & set(o.statuses) for o in report.operations)


@pytest.mark.parametrize(
    ("route", "code"),
    [
        ("/ownerofhidden/", "related-manager"),
        ("/below/", "related-manager"),
        ("/shouting/", "model-load"),
        ("/exclaiming/", "model-load"),
        ("/failing/", "model-load"),  # whose column is not shown
        ("/told/", "signals"),
        ("/other/", "proxy"),
        ("/keeper/{pk}/", "base-manager"),
        ("/wide/{pk}/", "base-manager"),
    ],
)
def test_refused(answered: tuple[Program, Report], route: str, code: str) -> None:
    reasons = {r.route_id: [i.code for i in r.reasons] for r in answered[0].refused}
    assert code in reasons[route]
