"""``get_serializer_class`` that looks at the request: the rest of the operation is written once for each class, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.snapshot.model import Function, Value, Where
from segue.translate.interp.frame import Frame
from segue.translate.program import translate
from segue.translate.views.given_context import without_unasked

MODELS = """\
from django.contrib.auth.models import AbstractUser
from django.db import models


class Shop(models.Model):
    code = models.CharField(max_length=3, unique=True)
    name = models.CharField(max_length=8)


class User(AbstractUser):
    pass


class Team(models.Model):
    members = models.ManyToManyField(User, related_name="teams")
    shops = models.ManyToManyField(Shop)
    all_shops = models.BooleanField(default=False)


class Note(models.Model):
    title = models.CharField(max_length=10)
    stars = models.IntegerField(default=0)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True, blank=True, to_field="code")
    kind = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")], default="a")
    author = models.ForeignKey(User, models.SET_NULL, null=True, editable=False)
"""
VIEWS = """\
from contextlib import suppress
from datetime import date, datetime, timezone
from decimal import Decimal
from functools import cached_property

from django.shortcuts import get_object_or_404
from rest_framework import filters, generics, permissions, serializers, viewsets
from rest_framework.authentication import BasicAuthentication
from rest_framework.decorators import action
from rest_framework.response import Response

from notes.models import Note, Shop, Team, User


class Short(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title"]


class Long(serializers.ModelSerializer):
    author = serializers.SlugRelatedField(slug_field="username", read_only=True)

    class Meta:
        model = Note
        fields = ["id", "title", "stars", "shop", "author"]


class Staff(Long):
    shop = serializers.PrimaryKeyRelatedField(queryset=Shop.objects.none(), required=False, allow_null=True)

    def validate_title(self, value):
        if value == "no":
            raise serializers.ValidationError("No.")
        return value + "!"


class Base(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    authentication_classes = [BasicAuthentication]
    permission_classes = [permissions.AllowAny]
    filter_backends = [filters.OrderingFilter, filters.SearchFilter]
    ordering_fields = ["shop__name", "author__username", "stars"]
    ordering = ["shop__name", "-pk"]
    search_fields = ["shop__name"]


class ByUser(Base):
    def get_serializer_class(self):
        user = self.request.user
        if user.is_staff:
            return Staff
        if user.is_authenticated:
            return Long
        return Short

    def perform_create(self, serializer):
        user = self.request.user
        serializer.save(author=user if user.is_authenticated else None)


class Rights:
    def may(self, what):
        return self.request.user.has_perm(f"notes.{what}_note")

    def get_serializer_class(self):
        if hasattr(self, "get_class"):
            return self.get_class()
        return Short


class ByRight(Rights, Base):
    pagination_class = None

    @cached_property
    def is_long(self):
        return self.request.query_params.get("long")

    def get_class(self):
        if self.request.method not in permissions.SAFE_METHODS or self.may("change"):
            return Staff
        return Long if self.is_long else Short


class ByArguments(generics.ListAPIView):
    queryset = Note.objects.order_by("pk")
    authentication_classes = []

    def get_serializer_class(self):
        if "pk" in self.kwargs:
            return Long
        return Short


class Guarded(Base):
    http_method_names = ["get"]

    def get_serializer_class(self):
        try:
            if self.request.user.teams.exists():
                return Long
        except AttributeError:
            return Short
        return Staff


class Staffs(Base):
    # What the user is does not matter where the action decides.
    http_method_names = ["get"]

    def get_serializer_class(self):
        if self.request.user.is_staff and self.action == "update":
            return Long
        return Short


class Locked(Staffs):
    # It looks the object up for some users before it asks for the action.
    def get_serializer_class(self):
        if self.request.user.is_staff and self.get_object().stars and self.action == "update":
            return Long
        return Short


class Picks(Staffs):
    # What it puts on the view is there for some users only.
    serializer_class = Short

    def pick(self):
        self.serializer_class = Long
        return False

    def get_serializer_class(self):
        if self.request.user.is_staff and self.pick():
            return Staff
        return super().get_serializer_class()


class Flagged(Staffs):
    flag = ""

    def get_serializer_class(self):
        found = self.request.user.is_staff and self.flag
        return Long if found == "" else Short


class Looked(Staffs):
    # The property is asked for once, and always.
    @property
    def total(self):
        return get_object_or_404(Shop, code=self.request.query_params.get("shop", "a"))

    def get_serializer_class(self):
        total = self.total
        if self.request.user.is_staff:
            return Staff
        return Long if total else Short


class Mailed(Staffs):
    # Anonymous users have no mail.
    def get_serializer_class(self):
        mail = self.request.user.email
        if self.request.user.is_staff:
            return Staff
        return Long if mail else Short


class Counted(serializers.ModelSerializer):
    told = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["title", "told"]

    def get_told(self, note):
        return [self.context["total"], self.context["shop"].name, self.context.get("long"), self.context.get("none"), note.shop_id]

    def validate_title(self, value):
        if value == self.context["shop"].name:
            raise serializers.ValidationError(f"One of {self.context['total']}.")
        return value


class WithLong:
    def get_serializer_context(self):
        context = super().get_serializer_context()
        if self.request.query_params.get("long"):
            context["long"] = self.request.query_params.get("long")
        return context


class InShop(WithLong, viewsets.ModelViewSet):
    queryset = Note.objects.order_by("pk")
    serializer_class = Counted
    authentication_classes = []
    pagination_class = None

    def get_serializer_context(self):
        context = super().get_serializer_context()
        context["shop"] = get_object_or_404(Shop, code=self.kwargs["code"])
        context["total"] = Note.objects.filter(shop=context["shop"]).count()
        return context

    def perform_create(self, serializer):
        serializer.save(shop=serializer.context["shop"])

    @action(detail=False)
    def first(self, request, code):
        note = Note.objects.order_by("pk")[0]
        return Response([Counted(note, context=self.get_serializer_context()).data, self.get_serializer(note).data])


class Unasked(InShop):
    http_method_names = ["get"]
    serializer_class = Short


class Maybe(InShop):
    http_method_names = ["get"]

    def get_serializer_context(self):
        context = super().get_serializer_context()
        if Note.objects.exists():
            context["total"] = Note.objects.count()
        return context


class Labelled(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["kind", "stars"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        with suppress(Exception):
            if not request or not request.user.is_authenticated:
                self.fields["kind"].choices = []
                self.fields["stars"].help_text = "How many"


class Labels(generics.ListAPIView):
    queryset = Note.objects.order_by("pk")
    serializer_class = Labelled
    authentication_classes = [BasicAuthentication]


class Whole(Labelled):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with suppress(Exception):
            if not self.context["request"].user:
                self.fields["stars"].choices = []


class Wholes(Labels):
    serializer_class = Whole


class Numbered(Labelled):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with suppress(Exception):
            if not self.context["request"].user:
                self.fields["kind"].choices = [(1, "One")]


class Numbers(Labels):
    serializer_class = Numbered


class Stars(serializers.ModelSerializer):
    stars = serializers.ChoiceField(choices=[("1", "One"), ("2", "Two")])

    class Meta:
        model = Note
        fields = ["stars"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = self.context.get("request")
        if request:
            self.fields["stars"].choices = []


class Starred(Labels):
    serializer_class = Stars


class ShopSerializer(serializers.ModelSerializer):
    class Meta:
        model = Shop
        fields = ["code"]


class Shops(generics.ListAPIView):
    serializer_class = ShopSerializer
    authentication_classes = [BasicAuthentication]
    permission_classes = [permissions.IsAuthenticated]

    def get_queryset(self):
        teams = self.request.user.teams.filter(all_shops=False)
        return Shop.objects.filter(pk__in=teams.values_list("shops__id", flat=True)).order_by("pk")


class Members(Shops):
    def get_queryset(self):
        ids = self.request.user.teams.values_list("members__id", flat=True)
        return Shop.objects.filter(pk__in=ids).order_by("pk")


class Handled(viewsets.GenericViewSet):
    # DRF finds the second at the first's route, as it is called like a method of HTTP.
    authentication_classes = []

    @action(detail=False)
    def me(self, request):
        return Response({})

    @action(detail=False, methods=["delete"])
    def delete(self, request):
        return Response({"deleted": True})


class Unhandled(Handled):
    http_method_names = ["get"]


def unlike(what, name):
    def validator(value):
        if value == what:
            raise serializers.ValidationError(f"{name} is not {what}.")
        return value

    return validator


class Priced(serializers.Serializer):
    # Two functions of one place, each with what it holds.
    label = serializers.CharField(required=False, validators=[unlike("-", "A label")])
    other = serializers.CharField(required=False, validators=[unlike("+", "Another"), unlike("-", "A label")])

    # OPTIONS describes them: DRF's encoder writes a number for a Decimal, and no texts.
    price = serializers.DecimalField(6, 2, min_value=Decimal("0.50"), max_value=Decimal("10"))
    step = serializers.ChoiceField([(Decimal("1.5"), "Some"), (datetime(2026, 1, 2, tzinfo=timezone.utc), "Then"), (date(2026, 1, 2), "Day"), ("x", "X")])
    most = serializers.IntegerField(max_value=Decimal("7"))

    def validate(self, attrs):
        if attrs["most"] == 3:
            raise serializers.ValidationError("Not three.")
        return attrs


class PricedLonger(serializers.Serializer):
    # Its validator's name begins with the other's.
    most = serializers.IntegerField()


class Prices(generics.CreateAPIView):
    authentication_classes = [BasicAuthentication]
    serializer_class = Priced

    def post(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"most": serializer.validated_data["most"]})


class Starry(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["title", "stars"]
        extra_kwargs = {"stars": {"required": True}}


class Either(generics.CreateAPIView):
    authentication_classes = [BasicAuthentication]

    def get_serializer_class(self):
        return Starry if self.request.user.is_staff else Short


class Longer(Prices):
    def post(self, request):
        serializer = PricedLonger(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"most": serializer.validated_data["most"]})


def told(limit):
    class Told(viewsets.ViewSet):
        authentication_classes = []

        def list(self, request):
            return Response({"limit": limit})

    return Told


Few, Many = told(3), told(7)
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("by-user", views.ByUser, basename="by-user")
router.register("by-right", views.ByRight, basename="by-right")
router.register("in/(?P<code>[^/.]+)", views.InShop, basename="in")
router.register("unasked/(?P<code>[^/.]+)", views.Unasked, basename="unasked")
router.register("maybe/(?P<code>[^/.]+)", views.Maybe, basename="maybe")
router.register("few", views.Few, basename="few")
router.register("many", views.Many, basename="many")
router.register("guarded", views.Guarded, basename="guarded")
router.register("staffs", views.Staffs, basename="staffs")
router.register("locked", views.Locked, basename="locked")
router.register("picks", views.Picks, basename="picks")
router.register("flagged", views.Flagged, basename="flagged")
router.register("looked", views.Looked, basename="looked")
router.register("handled", views.Handled, basename="handled")
router.register("unhandled", views.Unhandled, basename="unhandled")
router.register("mailed", views.Mailed, basename="mailed")
urlpatterns = [
    *router.urls, path("all/", views.ByArguments.as_view()), path("all/<int:pk>/", views.ByArguments.as_view()),
    path("prices/", views.Prices.as_view()), path("longer/", views.Longer.as_view()), path("either/", views.Either.as_view()),
    path("labels/", views.Labels.as_view()), path("wholes/", views.Wholes.as_view()), path("shops/", views.Shops.as_view()),
    path("members/", views.Members.as_view()), path("numbers/", views.Numbers.as_view()), path("starred/", views.Starred.as_view()),
]
"""
REFUSED = {
    ("/maybe/{code}/", "override-get-serializer-context"),
    ("/maybe/{code}/first/", "override-get-serializer-context"),
    ("/maybe/{code}/{pk}/", "override-get-serializer-context"),
    ("/guarded/", "dynamic-get-serializer-class"),
    ("/guarded/{pk}/", "dynamic-get-serializer-class"),
    ("/locked/", "lookup"),  # there is no object to look up for a list: Django fails
    ("/flagged/", "dynamic-get-serializer-class"),
    ("/flagged/{pk}/", "dynamic-get-serializer-class"),
    ("/looked/", "dynamic-get-serializer-class"),
    ("/looked/{pk}/", "dynamic-get-serializer-class"),
    ("/mailed/", "dynamic-get-serializer-class"),
    ("/mailed/{pk}/", "dynamic-get-serializer-class"),
    ("/handled/me/", "override-delete"),
    ("/wholes/", "serializer-fields"),
    ("/numbers/", "serializer-fields"),
    ("/starred/", "serializer-fields"),
    ("/members/", "group-by"),  # Django shares the join that the related set begins with
}
# Both sides are asked the same, one after the other, so that their databases stay alike.
ASK = """
import base64, json, os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///ours.sqlite3", SECRET_KEY="x")
import shutil
import django
django.setup()
from django.contrib.auth.models import Permission
from django.test import Client
from fastapi.testclient import TestClient
from notes.models import Note, Shop, Team, User
from app.main import create_app
people = {name: User.objects.create_user(name, password="x", is_staff=name == "staff") for name in ("staff", "some", "may")}
people["may"].user_permissions.add(Permission.objects.get(codename="change_note"))
shops = [Shop.objects.create(code=code, name=name) for code, name in (("a", "zeta"), ("b", "alpha"), ("c", "mu"))]
for number, shop in enumerate([shops[0], None, shops[1], shops[2]]):
    Note.objects.create(title=f"t{number}", stars=number, shop=shop, author=people["some"] if number % 2 else None, kind="ab"[number % 2])
for name, code in (("some", 0), ("some", 2), ("may", 1)):
    team = Team.objects.create(all_shops=name == "may")
    team.members.add(people[name])
    team.shops.add(shops[code])
shutil.copy("db.sqlite3", "ours.sqlite3")
theirs = Client(raise_request_exception=False)
asked, served = [], []
assert theirs.delete("/handled/me/").json() == {"deleted": True}
asked += [("", method, place, None) for method in ("GET", "DELETE") for place in ("/unhandled/me/", "/handled/delete/")]
for who in ("", "staff", "some", "may"):
    for place in ("/by-user/", "/by-right/"):
        for query in ("", "?long=1", "?ordering=-shop__name,stars", "?ordering=author__username", "?search=l"):
            asked.append((who, "GET", place + query, None))
        asked += [(who, "GET", place + "2/", None), (who, "GET", place + "99/", None)]
        for body in ({"title": "new", "stars": 4, "shop": "b"}, {"title": "no"}, []):
            asked += [(who, "POST", place, body), (who, "PATCH", place + "1/", body), (who, "PUT", place + "3/", body)]
        asked.append((who, "DELETE", place + "99/", None))
    asked.append((who, "HEAD", "/by-user/2/", None))
for code in ("b", "zz"):
    asked += [("", "GET", f"/in/{code}/{rest}", None) for rest in ("", "?long=1", "2/", "99/", "first/", "first/?long=x")]
    asked += [("", "GET", f"/unasked/{code}/{rest}", None) for rest in ("", "2/")]
    asked += [("", "POST", f"/in/{code}/", {"title": title}) for title in ("alpha", "more")]
    asked += [("", "PATCH", f"/in/{code}/2/", {"title": title}) for title in ("alpha", "more")]
for who in ("", "staff", "some", "may"):
    asked += [(who, "GET", place, None) for place in ("/all/", "/all/1/", "/labels/", "/shops/", "/few/", "/many/")]
    asked += [(who, "GET", place + rest, None) for place in ("/staffs/", "/locked/", "/picks/") for rest in ("", "2/", "99/") if place + rest != "/locked/"]
asked.append(("some", "OPTIONS", "/prices/", None))
asked += [(who, "POST", place, body) for who in ("", "staff") for place in ("/prices/", "/longer/", "/either/") for body in ({"price": "1", "step": "x", "most": 2}, {"most": 2}, {"most": 3}, {"title": "t", "stars": 1}, {"title": "t"})]
asked += [("", "POST", "/prices/", {"price": "1", "step": "x", "most": 2, key: value}) for key in ("label", "other") for value in "+-."]
with TestClient(create_app(), raise_server_exceptions=False) as ours:
    for who, method, place, body in asked:
        sign = {"Authorization": "Basic " + base64.b64encode(f"{who}:x".encode()).decode()} if who else {}
        text = json.dumps(body) if body is not None else ""
        one = theirs.generic(method, place, text, content_type="application/json", headers=sign)
        other = ours.request(method, place, content=text, headers={**sign, "content-type": "application/json"})
        print(who, method, place, body, one.status_code, one.content)
        print(who, method, place, body, other.status_code, other.content)
        if one.status_code in (200, 201) and method == "POST":
            served.append((place, body))
    # A document that asks for more than what Django has served would be wrong.
    document = ours.app.openapi()

    def wanted(schema):
        name = schema.get("$ref", "").rpartition("/")[2]
        return [wanted(one) for one in schema["anyOf"]] if "anyOf" in schema else set(document["components"]["schemas"][name].get("required", ()))

    for place, body in served:
        schema = document["paths"][place.replace("/in/b/", "/in/{code}/")]["post"]["requestBody"]["content"]["application/json"]["schema"]
        found = wanted(schema)
        found = found if isinstance(found, list) else [found]
        print("served", place, body)
        print("served" if any(one <= set(body) for one in found) else f"asks for {found}", place, body)
"""


def test_each_class_has_its_own_way(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + 'AUTH_USER_MODEL = "notes.User"\nPASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\nREST_FRAMEWORK |= {"PAGE_SIZE": 3, '
        '"DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination"}\n',
        "site_/urls.py": URLS,
        "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    snapshot = site.snapshot()
    program = translate(snapshot)
    write(program, tmp_path / "fastapi")
    assert {(r.route_id, r.reasons[0].code) for r in program.refused} == REFUSED
    lines = site.run("-c", ASK, str(tmp_path / "fastapi"))
    assert lines[::2] == lines[1::2]
    found = "\n".join(lines[::2])
    assert all(f" {status} b" in found for status in ("200", "201", "400", "401", "404")), found
    views = "\n".join(f.read_text() for f in (tmp_path / "fastapi" / "app" / "notes").glob("*.py"))
    assert "user.is_staff" in views
    routes = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    unasked = routes.partition("async def unasked_list(")[2].partition("\n\n\n")[0]
    assert "found(" in unasked  # a shop that is not there is a 404, whoever looks the entry up
    assert "total =" not in unasked

    # Where nobody is there to ask, or the user model says by itself who is staff, it matters that it is asked.
    settings, user = snapshot.settings, snapshot.models["notes.User"]
    pairs = tuple(
        (key, Value("const", None) if key.data == "UNAUTHENTICATED_USER" else value)
        for key, value in settings.values["REST_FRAMEWORK"].pairs
    )
    framework = {**settings.values, "REST_FRAMEWORK": Value("dict", pairs=pairs)}
    fewer = replace(user, fields=tuple(f for f in user.fields if f.name != "is_staff"))
    for other, code in (
        (replace(snapshot, settings=replace(settings, values=framework)), "user-model"),
        (replace(snapshot, models={**snapshot.models, user.label: fewer}), "user-field"),
    ):
        refused = {r.route_id: r.reasons[0].code for r in translate(other).refused}
        assert refused["/staffs/"] == refused["/staffs/{pk}/"] == code


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["total = await f(", "    1,", ")", "return None"], ["await f(", "    1,", ")", "return None"]),
        (["total = (", "    1", ")", "return None"], ["return None"]),
        (["if call.user:", "    total = 1", "return None"], ["if call.user:", "    pass", "return None"]),
        (['other = """', "total = 1", '"""', "return None"], None),
        (["total = await f()", "total = await g(total)", "return None"], None),
        (["total = await f()", 'return f"{total}"'], None),
        (["wanted = await f()", "return None"], None),
    ],
)
def test_only_entries_lose_their_names(lines: list[str], left: list[str] | None) -> None:
    frame = Frame(cast("Any", None), Function("f", Where(""), "", "function", {}), "")
    frame.lines = lines
    assert without_unasked(frame) == lines
    frame.context_locals.add("total")
    assert without_unasked(frame) == (lines if left is None else left)
