"""A small Django project that tests write into a temporary folder and probe.

Works on Django 3.2 to 6 and DRF 3.14 and later.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

MANAGE = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""

SETTINGS = """
import os
print("settings say hello on standard output")
BASE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECRET_KEY = "top-secret-key"
PAYMENT_API_KEY = "sk_live_never_leave"
PASSWORD_ATTEMPTS = 5
BROKER = "amqp://user:hunter2@mq/"
PAGE_LIMIT = 7
DEBUG = False
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
                  "rest_framework", "shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "shop.middleware.Stamp"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE, "db.sqlite3"),
                         "PASSWORD": "hunter2"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                      "LOCATION": "redis://:hunter2@cache:6379/1"}}
REST_FRAMEWORK = {"PAGE_SIZE": 25,
                  "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"]}
"""

URLS = """
from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter
from rest_framework.urlpatterns import format_suffix_patterns
from shop import views

router = DefaultRouter()
router.register("items", views.ItemViewSet, basename="item")
inner = format_suffix_patterns([path("ping/<uuid:token>/", views.ping, name="ping")])
urlpatterns = [
    path("api/", include((router.urls, "shop"), namespace="v1"), {"flavour": "mint"}),
    path("x/", include(inner)),
    re_path(r"^years/(?P<year>[0-9]{4})/?$", views.Years.as_view(), name="years"),
    path("limited/", views.Limited.as_view()),
    path("plain/", views.plain),
]
"""

MODELS = """
import uuid
import django
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def shout(value):
    return value.upper()


def folder(instance, name):
    return "items/%s" % name


def check(name, q):
    key = "condition" if django.VERSION >= (5, 1) else "check"
    return models.CheckConstraint(name=name, **{key: q})


class Stamped(models.Model):
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Tag(models.Model):
    name = models.CharField(_("tag name"), max_length=30, unique=True)


class ItemQuerySet(models.QuerySet):
    def cheap(self):
        return self.filter(price__lt=10)


class Item(Stamped):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sku = models.CharField(max_length=12, db_column="sku_code", validators=[RegexValidator(r"^[A-Z]+$", _("Upper case only."))])
    price = models.DecimalField(max_digits=6, decimal_places=2, validators=[MinValueValidator(0)])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    tags = models.ManyToManyField(Tag, through="ItemTag", related_name="items", blank=True)
    watchers = models.ManyToManyField("auth.User", blank=True)
    file = models.FileField(upload_to=folder, blank=True)
    notes = GenericRelation("shop.Note", content_type_field="kind", object_id_field="key")
    data = models.JSONField(default=dict)

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["-created", models.F("price").desc(nulls_last=True)]
        unique_together = [("sku", "status")]
        indexes = [models.Index(fields=["status", "-price"], name="status_price"),
                   models.Index(fields=["sku"], name="live_sku", condition=models.Q(status="live"))]
        constraints = [check("price_ok", models.Q(price__gte=0) | ~models.Q(status="live")),
                       models.UniqueConstraint(fields=["sku"], condition=models.Q(status="live"), name="one_live")]

    @property
    def label(self):
        return shout(self.sku) + LABEL_END

    def age(self):
        return timezone.now() - self.created


LABEL_END = "!"


class ItemTag(models.Model):
    item = models.ForeignKey(Item, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT)
    rank = models.PositiveSmallIntegerField(default=0)


class Special(Item):
    reason = models.TextField()


class CheapItem(Item):
    class Meta:
        proxy = True


class Note(models.Model):
    kind = models.ForeignKey("contenttypes.ContentType", on_delete=models.CASCADE)
    key = models.CharField(max_length=40)
    target = GenericForeignKey("kind", "key")
"""

SERIALIZERS = """
from rest_framework import serializers
from .models import Item, Tag


class TagSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name"]


class ItemSerializer(serializers.ModelSerializer):
    tags = TagSerializer(many=True, read_only=True)
    owner = serializers.HiddenField(default=serializers.CurrentUserDefault())
    title = serializers.CharField(source="sku", min_length=2, error_messages={"min_length": "Too short."})
    parent = serializers.PrimaryKeyRelatedField(queryset=Item.objects.filter(status="live"), required=False)
    age = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = ["id", "title", "status", "price", "parent", "tags", "owner", "age", "file", "created"]
        read_only_fields = ["created"]

    def get_age(self, item):
        from .models import shout as loud
        return loud(str(item.age().days))


class Broken(serializers.ModelSerializer):
    class Meta:
        model = Item
        fields = ["nothing_like_this"]


class Nosy(serializers.Serializer):
    tag = serializers.ChoiceField(choices=[])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = [(t.pk, t.name) for t in Tag.objects.all()]
"""

VIEWS = '''
import functools
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import permissions, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.response import Response
from rest_framework.views import APIView
from . import models, tools
from .permissions import IsOwner
from .serializers import ItemSerializer


@method_decorator(never_cache, name="list")
class ItemViewSet(viewsets.ModelViewSet):
    """All **items**."""

    queryset = models.Item.objects.all()
    serializer_class = ItemSerializer
    permission_classes = [permissions.IsAuthenticated & ~IsOwner | permissions.IsAdminUser]

    def get_queryset(self):
        limit = settings.PAGE_LIMIT
        key, tries = settings.PAYMENT_API_KEY, settings.PASSWORD_ATTEMPTS
        return models.Item.objects.cheap().filter(status=models.Item.Status.LIVE)[:limit]

    @transaction.atomic
    def perform_create(self, serializer):
        serializer.save(sku=tools.clean(serializer.validated_data["sku"]))

    @action(detail=True, methods=["post"], permission_classes=[permissions.AllowAny], url_path="do-it")
    def poke(self, request, pk=None):
        return Response()


@api_view(["GET", "POST"])
@permission_classes([permissions.AllowAny])
def ping(request, token, format=None):
    return Response({"pong": str(token)})


class Years(APIView):
    def get(self, request, year):
        return Response(year)


class Limited(APIView):
    http_method_names = ["get", "options"]

    def get(self, request):
        return Response()

    def post(self, request):
        return Response()


def plain(request):
    return HttpResponse("plain")
'''

TOOLS = """
import functools
WORDS = {"a": 1}
API_TOKEN = "never-leave"


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper


@traced
def clean(text):
    # a comment that stays
    token = API_TOKEN
    return helper(text).strip() if WORDS else len(text)


def helper(text):
    return text


def unreached():
    return None
"""

PERMISSIONS = """
from rest_framework.permissions import BasePermission


class IsOwner(BasePermission):
    message = "Not yours."

    def has_object_permission(self, request, view, obj):
        return obj.owner_id == request.user.pk
"""

SIGNALS = """
from django.db.models.signals import post_save
from django.dispatch import receiver
from .models import Item


@receiver(post_save, sender=Item)
def item_saved(sender, instance, **kwargs):
    print("saved")
"""

FILES = {
    "manage.py": MANAGE,
    "site_/__init__.py": "",
    "site_/settings.py": SETTINGS,
    "site_/urls.py": URLS,
    "shop/__init__.py": "",
    "shop/apps.py": "from django.apps import AppConfig\n\n\nclass ShopConfig(AppConfig):\n    name = 'shop'\n\n"
    "    def ready(self):\n        from . import signals\n",
    "shop/models.py": MODELS,
    "shop/serializers.py": SERIALIZERS,
    "shop/views.py": VIEWS,
    "shop/tools.py": TOOLS,
    "shop/permissions.py": PERMISSIONS,
    "shop/signals.py": SIGNALS,
    "shop/middleware.py": "def Stamp(get_response):\n    return get_response\n",
}


def write(root: Path, changes: Mapping[str, str] | None = None) -> Path:
    """Write the project into ``root``; ``changes`` replaces or adds files by path."""
    for name, text in {**FILES, **(changes or {})}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
    return root
