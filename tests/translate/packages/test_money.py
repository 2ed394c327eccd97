"""Amounts of django-money on both sides: read, shown, looked up, kept by writes of other columns; what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences
from tests.services import Postgres

from segue import verify
from segue.snapshot.model import Snapshot
from segue.translate.program import translate
from segue.verify import ProjectRef

MODELS = """\
from django.db import models
from djmoney.models.fields import MoneyField

class Item(models.Model):
    name = models.CharField(max_length=20)
    price = MoneyField(max_digits=10, decimal_places=2, default=0, default_currency="EUR")
    was = MoneyField(max_digits=10, decimal_places=2, null=True, blank=True, default_currency=None)
    fee = MoneyField(max_digits=10, decimal_places=3, default="1.5", default_currency="USD", currency_field_name="fee_code")

class Line(models.Model):
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    count = models.IntegerField()
"""
FILL = """\
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
django.setup()
from djmoney.money import Money
from notes.models import Item, Line
for n in range(1, 4):
    item = Item.objects.create(name=f"i{n}", price=Money(n * 5, "USD" if n == 2 else "EUR"), was=None if n == 1 else Money("7.10", "GBP"))
    Line.objects.create(item=item, count=n)
"""
VIEWS = """\
from django.db.models import F
from rest_framework import filters, serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView
from djmoney.contrib.django_rest_framework import MoneyField
from djmoney.money import Money
from notes.models import Item, Line

class ItemSerializer(serializers.ModelSerializer):
    cost = serializers.SerializerMethodField()
    fee = MoneyField(max_digits=10, decimal_places=1, coerce_to_string=False, read_only=True)
    class Meta:
        model = Item
        fields = ["id", "name", "price", "price_currency", "was", "was_currency", "fee", "fee_code", "cost"]
        read_only_fields = ["price", "was"]
    def get_cost(self, obj):
        return [str(obj.price.amount), obj.price.currency.code, obj.price.amount * 2]

class Items(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    serializer_class = ItemSerializer
    filter_backends = [filters.OrderingFilter]
    ordering_fields = ["price", "price_currency"]

class LineSerializer(serializers.ModelSerializer):
    item = ItemSerializer(read_only=True)
    class Meta:
        model = Line
        fields = ["id", "count", "item"]

class Lines(viewsets.ModelViewSet):
    queryset = Line.objects.order_by("pk")
    serializer_class = LineSerializer

class Asked(APIView):
    def get(self, request):
        return Response([
            [i.name for i in Item.objects.filter(price__gt=5).order_by("-price")],
            [i.name for i in Item.objects.filter(price=5, price_currency="EUR")],
            [i.name for i in Item.objects.exclude(price__lte=5)],
            [i.name for i in Item.objects.filter(was__isnull=True)],
            [line.count for line in Line.objects.filter(item__price__range=(6, 11))],
            list(Item.objects.order_by("pk").values_list("price", "price_currency", "was")),
        ])
    def post(self, request):
        item = Item.objects.create(name="made")
        item.name = "again"
        item.save()
        kept = Item.objects.get(pk=item.pk)
        was = kept.was
        known = "no" if was is None else "yes"
        return Response([kept.price.amount, kept.price.currency.code, kept.fee.amount, kept.fee.currency.code, kept.was is None, known])
    def put(self, request):
        return Response([[i.name for i in Item.objects.all() if i.price], [str(i.price.currency) for i in Item.objects.all()]])

class Written(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    class serializer_class(serializers.ModelSerializer):
        class Meta:
            model = Item
            fields = ["id", "name", "price", "price_currency"]

class Old(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    class serializer_class(serializers.ModelSerializer):
        class Meta:
            model = Item
            fields = ["id", "name", "was", "was_currency"]

class Limited(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    class serializer_class(serializers.ModelSerializer):
        price = MoneyField(max_digits=10, decimal_places=2, min_value=1)
        class Meta:
            model = Item
            fields = ["id", "price"]

class Looked(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    class serializer_class(serializers.ModelSerializer):
        class Meta:
            model = Item
            fields = ["id", "price"]
        def validate_price(self, value):
            if value.amount < 0:
                raise serializers.ValidationError("negative")
            return value

class Plain(viewsets.ModelViewSet):
    queryset = Item.objects.order_by("pk")
    class serializer_class(serializers.ModelSerializer):
        price = serializers.DecimalField(max_digits=10, decimal_places=2)
        class Meta:
            model = Item
            fields = ["id", "price"]

class One(APIView):
    def get(self, request):
        return Response([str(i.price) for i in Item.objects.all()])
    def post(self, request):
        return Response([(i.price + i.price).amount for i in Item.objects.all()])
    def put(self, request):
        return Response([i.price == i.fee for i in Item.objects.all()])
    def patch(self, request):
        return Response([i.price for i in Item.objects.all()])
    def delete(self, request):
        return Response([i.was.amount for i in Item.objects.all()])

class Two(APIView):
    def get(self, request):
        return Response(Item.objects.filter(price__in=[5, 10]).count())
    def post(self, request):
        return Response(Item.objects.filter(price=Money(5, "EUR")).count())
    def put(self, request):
        return Response(Item.objects.filter(price=F("fee")).count())
    def patch(self, request):
        i = Item.objects.get(name="i1")
        i.price = 5
        i.save()
        return Response([])
    def delete(self, request):
        Item.objects.create(name="x", price=4)
        return Response([])

class Three(APIView):
    def get(self, request):
        return Response([bool(i.price) for i in Item.objects.all()])
    def post(self, request):
        return Response([i.name for i in Item.objects.all() if i.price > 5])
    def put(self, request):
        return Response([f"{i.price}" for i in Item.objects.all()])
    def patch(self, request):
        Item.objects.update(price=F("fee"))
        return Response([])
    def delete(self, request):
        Item.objects.get_or_create(price_currency="EUR", name="q")
        return Response([])

class Four(APIView):
    def get(self, request):
        return Response([float(i.price) for i in Item.objects.all()])
    def post(self, request):
        return Response([i.name for i in sorted(Item.objects.all(), key=lambda i: i.price)])
    def put(self, request):
        return Response([i.name for i in Item.objects.all() if i.was])
    def delete(self, request):
        return Response([getattr(i, "price") for i in Item.objects.all()])
"""
URLS = """\
from django.urls import path
from notes import views
LIST, ONE = {"get":"list","post":"create"}, {"get": "retrieve", "put":"update","patch":"partial_update","delete":"destroy"}
urlpatterns=[
 path("items/", views.Items.as_view(LIST)),
 path("items/<int:pk>/", views.Items.as_view(ONE)),
 path("lines/", views.Lines.as_view({"get": "list"})),
 path("asked/", views.Asked.as_view()),
 path("written/", views.Written.as_view(LIST)),
 path("written/<int:pk>/", views.Written.as_view(ONE)),
 path("old/", views.Old.as_view({"post": "create"})),
 path("limited/", views.Limited.as_view({"post": "create"})),
 path("looked/", views.Looked.as_view({"post": "create"})),
 path("plain/", views.Plain.as_view(LIST)),
 path("one/", views.One.as_view()),
 path("two/", views.Two.as_view()),
 path("three/", views.Three.as_view()),
 path("four/", views.Four.as_view()),
]
"""
REFUSED = {
    "POST /limited/": "validators",
    "POST /looked/": "unknown-value",
    "GET /plain/": "money",
    "POST /plain/": "money",
    "GET /one/": "money",
    "POST /one/": "operand",
    "PUT /one/": "comparison",
    "PATCH /one/": "money",
    "GET /two/": "money",
    "POST /two/": "package-django-money",
    "PUT /two/": "money",
    "PATCH /two/": "money",
    "DELETE /two/": "money",
    "POST /three/": "comparison",
    "PUT /three/": "money",
    "PATCH /three/": "money",
    "DELETE /three/": "money",
    "GET /four/": "argument",
    "POST /four/": "money",
    "DELETE /four/": "money",
}


def _site(root: Path, more: str = "") -> Site:
    files = {
        "site_/settings.py": SETTINGS + '\nINSTALLED_APPS += ["djmoney"]\n' + more,
        "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(root, files)
    site.run("-c", FILL)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return _site(tmp_path_factory.mktemp("money"))


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_is_refused(snapshot: Snapshot) -> None:
    found = {f"{r.method} {r.route_id}": r.reasons[0].code for r in translate(snapshot).refused}
    assert found == REFUSED


def test_both_sides_answer_alike_and_a_fault_is_found(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    output = tmp_path / "fastapi"
    _, report = site.explore(snapshot, output, cases=24, seconds=20)
    assert differences(report) == []
    seen = {o.key: o.statuses for o in report.operations}
    without = [key for key, statuses in seen.items() if not any(s.startswith("2") for s in statuses)]
    # None has no amount, and a bare amount no currency: both sides fail.
    assert sorted(without) == ["DELETE /one/", "POST /old/"]

    presenters = output / "app" / "notes" / "presenters.py"
    text = presenters.read_text()
    assert "money(obj.price, obj.price_currency" in text
    presenters.write_text(
        text.replace("money(obj.price, obj.price_currency", "money(obj.price, obj.fee_code")
    )
    project = ProjectRef(site.root, output, site.root / ".segue", site.python, snapshot)
    again = verify.explore(project, only=["GET /items/"], cases=4)
    assert [o.key for o in again.operations if o.differences] == ["GET /items/"]


def test_postgresql_answers_alike(tmp_path: Path, postgres: Postgres) -> None:
    postgres.create("money")
    entry = postgres.django("money")
    site = _site(tmp_path / "site", f'\nDATABASES = {{"default": {entry!r}}}\n')
    _, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=24, seconds=20)
    assert differences(report) == []
