"""django-rules and django-scopes: both sides allow the same and show the same rows, or a refusal that names what is in the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

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
from django_scopes import scopes_disabled
from rest_framework import permissions, serializers, viewsets
from rest_framework.authentication import BasicAuthentication
from rest_framework.response import Response

from notes.models import Item, Shop


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
"""
URLS = """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
for name in ("items", "shops", "peeks", "twice", "thrice", "itself", "denied", "changed", "unscoped", "healing"):
    router.register(name, getattr(views, {"items": "ItemViewSet", "shops": "ShopViewSet"}.get(name, name.title())), basename=name)
urlpatterns = router.urls
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
        'AUTHENTICATION_BACKENDS = ["rules.permissions.ObjectPermissionBackend", "django.contrib.auth.backends.ModelBackend"]\n'
    )
    files = {
        "site_/settings.py": settings, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/may.py": MAY,
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


def test_both_sides_allow_the_same(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=200, seconds=20)
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
