"""django-rules and django-scopes: both sides allow the same and show the same rows, or a refusal that names what is in the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences
from tests.translate.middleware.stacks import MODERN

from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
from contextlib import suppress
from functools import cached_property

import rules
from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scopes import ScopedManager
from rules.contrib.models import RulesModel

from notes import may


class Looks:
    @cached_property
    def _file_fields(self):
        return [f.name for f in self._meta.fields if isinstance(f, models.FileField)]

    def save(self, *args, **kwargs):
        update_fields = kwargs.get("update_fields")
        if not self.pk or (update_fields and not set(self._file_fields) & set(update_fields)):
            return super().save(*args, **kwargs)
        try:
            before = self.__class__.objects.get(pk=self.pk)
        except Exception:
            return super().save(*args, **kwargs)
        for field in self._file_fields:
            if getattr(before, field) != getattr(self, field):
                getattr(before, field).delete(save=False)
        return super().save(*args, **kwargs)


class User(AbstractUser):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.permission_cache = {}
        self.rights_cache = {}

    def has_perm(self, perm, obj=None, *args, **kwargs):
        known = None
        if not getattr(obj, "pk", None):
            return super().has_perm(perm, obj, *args, **kwargs)
        with suppress(TypeError):
            known = self.permission_cache.get((perm, obj))
        if known is not None:
            return known
        result = super().has_perm(perm, obj, *args, **kwargs)
        self.permission_cache[(perm, obj)] = result
        return result

    def rights_in(self, shop):
        if rights := self.rights_cache.get(shop.pk):
            return rights
        rights = set()
        teams = shop.teams.filter(members__in=[self])
        if teams:
            rights = set().union(*[team.rights for team in teams])
        self.rights_cache[shop.pk] = rights
        return rights


class Shop(models.Model):
    name = models.CharField(max_length=20)
    is_open = models.BooleanField(default=True)


    def lead(self):
        if pk := getattr(self, "_first_team", None):
            return f"given {pk}"
        return "asked"

    def first_team(self):
        team = self.teams.order_by("pk").first()
        if team is None:
            return Team.objects.create(shop=self, can_sell=bool(eval("0")))
        return team


class Team(models.Model):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="teams")
    members = models.ManyToManyField(User, related_name="teams")
    can_sell = models.BooleanField(default=False)
    can_hide = models.BooleanField(default=True)
    is_small = models.BooleanField(default=False)
    may_smoke = models.BooleanField(default=False)

    @cached_property
    def rights(self):
        names = dir(self)
        return {n for n in names if (n.startswith("can_") or n.startswith("is_")) and getattr(self, n, False) is True}


class Item(Looks, RulesModel):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="items")
    title = models.CharField(max_length=20)
    hidden = models.BooleanField(default=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True)
    objects = ScopedManager(shop="shop")

    class Meta:
        rules_permissions = {
            "list": may.sees_any,
            "view": may.owns | (may.is_open & ~may.is_hidden) | may.sells,
            "change": may.sells & ~may.is_hidden | may.owns,
            "delete": may.sells ^ may.owns,
            "peek": may.is_open_or_none,
            "peek_twice": (may.is_open_or_none & may.owns) | (may.sells & may.is_open_or_none),
            "peek_thrice": ~may.is_open_or_none | may.owns,
            "itself": may.itself,
            "denied": may.denied,
        }

    def copy_to(self, other):
        other.shop = self.shop


class Label(models.Model):
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="labels")
    objects = ScopedManager(shop="item__shop")


class Bundle(models.Model):
    items = models.ManyToManyField(Item, related_name="bundles", blank=True)


class Offer(models.Model):
    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="offers", null=True)
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    note = models.CharField(max_length=9, blank=True)
"""
MIDDLEWARE = """\
from django.db.models import OuterRef, Subquery
from django.shortcuts import get_object_or_404
from django.urls import resolve
from django_scopes import scope, scopes_disabled

from notes.models import Shop, Team


class InShop:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        name = resolve(request.path_info).kwargs.get("shop")
        if name:
            with scopes_disabled():
                teams = Team.objects.filter(shop=OuterRef("pk")).order_by("pk").values("pk")[:1]
                request.shop = get_object_or_404(Shop.objects.annotate(_first_team=Subquery(teams)), name__iexact=name)
        shop = getattr(request, "shop", None)
        if shop:
            with scope(shop=shop):
                return self.get_response(request)
        return self.get_response(request)
"""
MAY = """\
import rules
from django.core.exceptions import PermissionDenied


@rules.predicate
def owns(user, item):
    return item.owner_id is not None and item.owner_id == user.pk


@rules.predicate
def is_open(user, item):
    return item.shop.is_open


@rules.predicate
def is_hidden(user, item):
    return item.hidden


@rules.predicate
def sells(user, obj):
    shop = getattr(obj, "shop", None)
    if not user or user.is_anonymous or not shop:
        return False
    return "can_sell" in user.rights_in(shop)


@rules.predicate
def sees_any(user):
    return user.is_staff or not user.is_anonymous


@rules.predicate
def is_open_or_none(user, item):
    return True if item.shop.is_open else None


@rules.predicate(bind=True)
def itself(self, user, item):
    return True


@rules.predicate
def denied(user, item):
    raise PermissionDenied
"""
VIEWS = """\
from django_filters.rest_framework import DjangoFilterBackend
from django_scopes import scopes_disabled
from rest_framework import permissions, serializers, viewsets
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response

from notes.models import Bundle, Item, Offer, Shop, Team


class ItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "title", "hidden", "owner"]
        read_only_fields = ["owner"]


class Allowed(permissions.BasePermission):
    names = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "DELETE": "delete"}

    def has_object_permission(self, request, view, obj):
        action = self.names.get(request.method, "change")
        wanted = view.queryset.model.get_perm(getattr(view, "asked", None) or action)
        return request.user.has_perm(wanted, obj)


class Open(viewsets.ModelViewSet):
    queryset = Item.objects.none()
    serializer_class = ItemSerializer
    permission_classes = [Allowed]
    authentication_classes = [BasicAuthentication]
    http_method_names = ["get", "put", "patch", "delete", "head", "options"]

    def get_queryset(self):
        return Item.objects.order_by("pk")


class ItemViewSet(Open):
    def dispatch(self, *args, **kwargs):
        with scopes_disabled():
            return super().dispatch(*args, **kwargs)


class ShopViewSet(viewsets.ViewSet):
    authentication_classes = [BasicAuthentication]

    def list(self, request):
        with scopes_disabled():
            count = Item.objects.count()
            shops = [{"name": s.name, "items": s.items.count()} for s in Shop.objects.order_by("pk")]
        return Response({"count": count, "shops": shops, "any": getattr(self, "nothing", None)})


class Peeks(ItemViewSet):
    asked = "peek"
    http_method_names = ["get", "head", "options"]


class Twice(Peeks):
    asked = "peek_twice"


class Thrice(Peeks):
    asked = "peek_thrice"


class Itself(Peeks):
    asked = "itself"


class Denied(Peeks):
    asked = "denied"


class Healed(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        return obj.shop.first_team().can_hide


class Healing(ItemViewSet):
    permission_classes = [Healed]
    http_method_names = ["get", "delete", "head", "options"]

    def destroy(self, request, *args, **kwargs):
        item = Item.objects.select_related("shop").get(pk=kwargs["pk"])
        item.title = "x"
        item.save()
        item.shop.first_team()
        return Response(status=204)


class Changed(ItemViewSet):
    http_method_names = ["get", "head", "options"]

    def dispatch(self, request, *args, **kwargs):
        with scopes_disabled():
            return super().dispatch(request, *args)


class Unscoped(Open):
    http_method_names = ["get", "head", "options"]


class Leads(viewsets.ViewSet):
    authentication_classes = []

    def list(self, request, shop=None):
        if not getattr(request, "shop", None):
            return Response({"shop": "none"})
        rows = request.shop.items.order_by("pk")
        return Response(
            {
                "begun": [item.shop.lead() for item in rows],
                "joined": [item.shop.lead() for item in rows.select_related("shop")],
                "asked": [item.shop.lead() for item in Item.objects.order_by("pk")],
                "own": request.shop.lead(),
                "behind": [o.team.shop.lead() for o in Offer.objects.select_related("team__shop").order_by("pk")],
            }
        )


class Here(viewsets.ReadOnlyModelViewSet):
    queryset = Item.objects.none()
    serializer_class = ItemSerializer
    authentication_classes = []
    filter_backends = [DjangoFilterBackend]
    filterset_fields = ["hidden"]

    def get_queryset(self):
        return self.request.shop.items.order_by("pk")


class BundleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Bundle
        fields = ["id", "items"]


class Bundles(viewsets.ModelViewSet):
    queryset = Bundle.objects.order_by("pk")
    serializer_class = BundleSerializer
    authentication_classes = []


class LabelledSerializer(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["id", "labels"]


class ShownSerializer(BundleSerializer):
    items = LabelledSerializer(many=True)


class Shown(viewsets.ReadOnlyModelViewSet):
    queryset = Bundle.objects.prefetch_related("items").order_by("pk")
    serializer_class = ShownSerializer
    authentication_classes = []


class OfferSerializer(serializers.ModelSerializer):
    class Meta:
        model = Offer
        fields = ["id", "team", "note"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        request = kwargs.get("context", {}).get("request")
        if request and hasattr(request, "shop"):
            self.fields["team"].queryset = request.shop.teams.all()
        else:
            self.fields["team"].queryset = Team.objects.none()


class Offers(viewsets.ModelViewSet):
    queryset = Offer.objects.order_by("pk")
    serializer_class = OfferSerializer
    authentication_classes = []
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
for name in ("items", "shops", "peeks", "twice", "thrice", "itself", "denied", "changed", "unscoped", "healing"):
    router.register(name, getattr(views, {"items": "ItemViewSet", "shops": "ShopViewSet"}.get(name, name.title())), basename=name)
here = SimpleRouter()
for name in ("leads", "here", "offers", "bundles", "shown"):
    here.register(name, getattr(views, name.title()), basename=f"in-{name}")
for name in ("leads", "offers"):
    router.register(name, getattr(views, name.title()), basename=name)
urlpatterns = [*router.urls, path("in/<slug:shop>/", include(here.urls))]
"""
REFUSED = {
    ("/thrice/{pk}/", "GET"): ("has-perm", "notes.may.is_open_or_none"),
    ("/itself/{pk}/", "GET"): ("has-perm", "notes.itself_item"),
    ("/denied/{pk}/", "GET"): ("has-perm", "notes.may.denied"),
    ("/changed/", "GET"): ("override-dispatch", "notes.views.Changed.dispatch"),
    ("/changed/{pk}/", "GET"): ("override-dispatch", "notes.views.Changed.dispatch"),
    ("/healing/{pk}/", "DELETE"): ("unknown-call", "eval()"),
    ("/unscoped/", "GET"): ("scope", "ScopeError"),
    ("/unscoped/{pk}/", "GET"): ("scope", "ScopeError"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    settings = SETTINGS + (
        'AUTH_USER_MODEL = "notes.User"\nINSTALLED_APPS += ["rules"]\n'
        'MIDDLEWARE += ["notes.middleware.InShop"]\n'
        'AUTHENTICATION_BACKENDS = ["rules.permissions.ObjectPermissionBackend", "django.contrib.auth.backends.ModelBackend"]\n'
    )
    files = {
        "site_/settings.py": settings, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/may.py": MAY,
        "notes/middleware.py": MIDDLEWARE,
        "notes/views.py": VIEWS,
    }  # fmt: skip
    return Site.make(tmp_path_factory.mktemp("rules"), files)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_cannot_be_told_is_refused(snapshot: Snapshot) -> None:
    found = {
        (r.route_id, r.method): (r.reasons[0].code, r.reasons[0].construct)
        for r in translate(snapshot).refused
    }
    assert found == REFUSED


FILL = """\
from django_scopes import scopes_disabled
from notes.models import Bundle, Item, Label, Offer, Shop, Team
with scopes_disabled():
    for name in ("one", "two"):
        shop = Shop.objects.create(name=name)
        team = Team.objects.create(shop=shop)
        Item.objects.create(shop=shop, title=name, hidden=name == "two")
        Offer.objects.create(shop=shop, team=team)
    Item.objects.create(shop_id=1, title="more", hidden=True)
    Bundle.objects.create().items.set(Item.objects.all())
    for item in (1, 2, 3, 3):
        Label.objects.create(item_id=item)
"""
ASK = """\
import json, sys
import django
from django.test import Client
django.setup()
for method, path, body in json.load(sys.stdin):
    answer = Client(raise_request_exception=False).generic(method, path, json.dumps(body), "application/json")
    print(answer.status_code, "".join(answer.content.decode().split("\\n")))
"""
REQUESTS = [
    ("GET", "/leads/", None),
    *(("GET", f"/in/{shop}/{path}", None) for shop in ("one", "TWO", "no") for path in ("leads/", "here/", "here/?hidden=true", "here/1/", "here/2/")),
    *((method, path, {"team": team}) for team in (1, 2, 9) for method, path in (
        ("POST", "/offers/"), ("POST", "/in/one/offers/"), ("POST", "/in/two/offers/"), ("PUT", "/in/two/offers/1/"), ("PATCH", "/in/one/offers/2/")
    )),
    ("GET", "/offers/", None),
    # Rows of the other shop are not shown, may not be named, and stay where they are.
    *((method, f"/in/{shop}/{path}", body) for method, path, body in (
        ("GET", "bundles/", None), ("GET", "shown/1/", None), ("PATCH", "bundles/1/", {"items": [3]}), ("PUT", "bundles/1/", {"items": [2]}),
        ("POST", "bundles/", {"items": [1, 3]}), ("PATCH", "bundles/1/", {}), ("GET", "bundles/", None),
    ) for shop in ("one", "two")),
]  # fmt: skip


def test_rows_of_the_request(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    """A scope of middleware, what it computes on its object, which a related set leads back to, and which rows input may name."""
    write(translate(snapshot), tmp_path / "fastapi")
    environment = {**os.environ, "SEGUE_TEST_FORK": "1", "DJANGO_SETTINGS_MODULE": "site_.settings"}
    site.run("manage.py", "shell", "-c", FILL)
    shutil.copy(site.root / "db.sqlite3", tmp_path / "ours.sqlite3")
    asked = json.dumps(REQUESTS)
    theirs = subprocess.run(
        [str(site.python), "-c", ASK], cwd=site.root, env=environment, input=asked, capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    given = [{"method": m, "path": p, "json": b, "key": ""} for m, p, b in REQUESTS]
    modern = MODERN.replace('one["path"],', 'one["path"], **({"json": one["json"]} if one["json"] else {}),')
    ours = subprocess.run(
        [sys.executable, "-c", modern], cwd=tmp_path / "fastapi", input=json.dumps(given), capture_output=True, text=True, timeout=60,
        env={**os.environ, "SEGUE_TEST_FORK": "1", "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'ours.sqlite3'}", "SECRET_KEY": "x"}, check=True,
    )  # fmt: skip
    expected = theirs.stdout.splitlines()
    found = [f"{one['status']} {one['body']}" for one in json.loads(ours.stdout)]
    pages = [n for n, line in enumerate(expected) if line.startswith("404") and "<" in line]  # Django's own
    same = [n for n in range(len(expected)) if n not in pages]
    assert [found[n] for n in same] == [expected[n] for n in same]
    assert (
        '"begun":["given 1","given 1"],"joined":["asked","asked"],"asked":["asked","asked"]' in expected[1]
    ), expected[1]
    shown = {
        line for line, (_, path, _) in zip(expected, REQUESTS, strict=True) if path.endswith("/shown/1/")
    }
    assert '200 {"id":1,"items":[{"id":1,"labels":[1]},{"id":3,"labels":[3,4]}]}' in shown, shown
    assert expected[-2:] == [
        '200 [{"id":1,"items":[3]},{"id":2,"items":[1,3]}]',
        '200 [{"id":1,"items":[2]},{"id":2,"items":[]}]',
    ]
    assert {line[:3] for line in expected} == {"200", "201", "400", "404"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("except Exception:", "except KeyError:"),  # a row that is not there raises DoesNotExist
        ("except Exception:", "except self.__class__.DoesNotExist:"),  # without a scope it is ScopeError
        ("if not self.pk or", "if not self.shop or"),  # asks for the shop, which may be gone
        ("try:\n", "before = self.__class__.objects.get(pk=self.pk)\n    try:\n"),
    ],
)
def test_a_save_that_may_fail_is_not_one_that_does_nothing(
    snapshot: Snapshot, before: str, after: str
) -> None:
    name = "notes.models.Looks.save"
    function = snapshot.functions[name]
    assert before in function.source
    changed = replace(function, source=function.source.replace(before, after))
    found = translate(replace(snapshot, functions={**snapshot.functions, name: changed}))
    assert ("/items/{pk}/", "PUT") in {(r.route_id, r.method) for r in found.refused}
    assert ("/items/{pk}/", "PUT") not in {(r.route_id, r.method) for r in translate(snapshot).refused}


OFFER = "notes.views.OfferSerializer"


def test_rows_of_another_object_than_the_one_that_is_seen_are_refused(snapshot: Snapshot) -> None:
    """A name that changes before the rows are taken of it, and a serializer that is made without a context as well."""
    init = snapshot.functions[f"{OFFER}.__init__"]
    taken = 'request = kwargs.get("context", {}).get("request")\n'
    later = taken + "    if request:\n        " + taken.replace('"request"', '"view"')
    assert taken in init.source
    changed = replace(init, source=init.source.replace("    " + taken, "    " + later))
    if "        request =" in init.source:  # as it stands in the class
        changed = replace(init, source=init.source.replace(taken, later.replace("\n    ", "\n        ")))
    item = snapshot.serializers["notes.views.ItemSerializer"]
    nested = replace(item, fields=(*item.fields, replace(item.fields[0], name="offer", serializer=OFFER)))
    for other in (
        replace(snapshot, functions={**snapshot.functions, init.name: changed}),
        replace(snapshot, serializers={**snapshot.serializers, item.name: nested}),
    ):
        reasons = {(r.route_id, r.method): r.reasons[0].code for r in translate(other).refused}
        assert reasons[("/offers/", "POST")] == "relation-queryset"


def test_both_sides_allow_the_same(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    # The routes of shops are asked above.
    routes = tuple(r for r in snapshot.routes if not r.path.startswith("/in/"))
    snapshot = replace(snapshot, routes=routes)
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=300, seconds=40)
    assert differences(report) == []
    met = {o.key: set(o.statuses) for o in report.operations}
    assert {"200", "401", "404"} <= met["GET /items/{pk}/"], met
    assert {"403", "204"} <= met["GET /items/{pk}/"] | met["PUT /items/{pk}/"] | met["DELETE /items/{pk}/"], (
        met
    )
    assert "200" in met["PUT /items/{pk}/"] | met["PATCH /items/{pk}/"], met
    assert "200" in met["GET /items/"]
    assert "200" in met["GET /shops/"]
    assert "200" in met["GET /peeks/{pk}/"]
    assert "200" in met["GET /twice/{pk}/"]
    assert "200" in met["GET /healing/{pk}/"]
    code = (tmp_path / "fastapi" / "app" / "notes" / "services.py").read_text()
    assert "raise left_to_django(db, " in code
    assert not [r for r in program.refused if r.reasons[0].code == "segue-defect"]
