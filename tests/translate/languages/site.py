"""A project that speaks English, German, Polish and Swiss German, with its own catalogues: both of its sides asked the same."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from tests.cli.tiny import MANAGE

SETTINGS = """\
import os
SECRET_KEY = "x"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "site_.urls"
LANGUAGE_CODE = os.environ.get("SITE_LANGUAGE", "en")
LANGUAGES = [("en", "English"), ("de", "German"), ("de-ch", "Swiss German"), ("pl", "Polish"), ("fr", "French"), ("rn", "Rundi")]
LOCALE_PATHS = [os.path.join(os.path.dirname(__file__), "locale")]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "django_filters", "shop"]
MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", "django.middleware.common.CommonMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
                  "DEFAULT_AUTHENTICATION_CLASSES": [],
                  "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"]}
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from shop import views

router = DefaultRouter()
router.register("items", views.ItemViewSet)
router.register("shelves", views.ShelfViewSet)
router.register("sealed", views.SealedViewSet, basename="sealed")
urlpatterns = [path("api/", include(router.urls)), path("api/say/<str:what>/", views.Say.as_view()),
               path("api/early/", views.Early.as_view()), path("api/computed/", views.Computed.as_view())]
"""
MODELS = """\
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinLengthValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    DRAFT = "d", _("Draft")
    OPEN = "o", pgettext_lazy("of a shop", "Open")


class Shelf(models.Model):
    name = models.CharField(_("name of the shelf"), max_length=20, unique=True)
    row = models.IntegerField(_("row"), default=0)
    column = models.IntegerField("plain column", default=0)

    class Meta:
        verbose_name = _("shelf")
        unique_together = [("row", "column")]


class Item(models.Model):
    title = models.CharField(_("title"), max_length=10, unique=True, validators=[MinLengthValidator(2)])
    code = models.CharField(max_length=9, blank=True, validators=[RegexValidator("^[a-z]*$", _("Small letters only."))])
    plain = models.CharField(max_length=9, blank=True, validators=[RegexValidator("^[a-z]*$", "Enter a valid value.")])
    price = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True, validators=[MaxValueValidator(100)])
    kind = models.CharField(max_length=1, choices=Kind.choices, default=Kind.DRAFT)
    made = models.DateField(null=True, blank=True)
    stock = models.IntegerField(null=True, blank=True)
    shelf = models.ForeignKey(Shelf, models.CASCADE, null=True, blank=True)

    def clean(self):
        if self.title == "wrong":
            raise ValidationError({"title": _("This title is wrong.")})
        if self.title == "whole":
            raise ValidationError(_("All of %(name)s is wrong."), params={"name": self.title})
"""
VIEWS = """\
import datetime

from django.utils.formats import date_format, localize, time_format
from django.utils.translation import get_language, gettext, gettext_lazy, gettext_noop, ngettext, npgettext, pgettext
from django_filters import rest_framework as filters
from django.db.models import Case, Value, When
from rest_framework import permissions, serializers, status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from shop.models import Item, Shelf

GREETING = gettext_lazy("Hello")
LATER = gettext_lazy("Hello, %(name)s")
TABLE = {"a": gettext_lazy("Hello"), "b": "Hello"}


class Closed(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = gettext_lazy("The shop is closed.")
    default_code = "closed"


class Pages(PageNumberPagination):
    page_size = 2
    invalid_page_message = gettext_lazy("There is no page {page_number}.")


class ShelfSerializer(serializers.ModelSerializer):
    class Meta:
        model = Shelf
        fields = ["id", "name", "row", "column"]


class ItemSerializer(serializers.ModelSerializer):
    default_error_messages = {"odd": gettext_lazy("{title} is odd."), "even": "Even is not translated."}
    label = serializers.CharField(source="get_kind_display", read_only=True)
    code = serializers.CharField(max_length=9, required=False, error_messages={
        "blank": gettext_lazy("Say a code."), "max_length": "Not more than {max_length}."})
    count = serializers.IntegerField(source="stock", required=False, max_value=3,
                                     error_messages={"invalid": "A valid integer is required."})

    class Meta:
        model = Item
        fields = ["id", "title", "code", "plain", "price", "kind", "label", "made", "shelf", "count"]
        extra_kwargs = {"price": {"error_messages": {"invalid": gettext_lazy("What does it cost?")}}}

    def validate_title(self, value):
        if value == "odd":
            self.fail("odd", title=value)
        if value == "even":
            self.fail("even")
        if value.startswith("many"):
            raise ValidationError(ngettext("%d item", "%d items", len(value)) % len(value))
        return value

    def validate(self, attrs):
        if attrs.get("title") == attrs.get("code"):
            raise ValidationError({"code": gettext_lazy("The same as the title."), "title": gettext("Draft")})
        instance = Item(**attrs)
        instance.full_clean(exclude=["made"], validate_unique=False)
        return attrs


class ItemFilter(filters.FilterSet):
    since = filters.DateFilter(field_name="made", lookup_expr="gte")
    cheap = filters.NumberFilter(field_name="price", lookup_expr="lte")

    class Meta:
        model = Item
        fields = ["kind", "since", "cheap"]


class Sealed(permissions.BasePermission):
    message = gettext_lazy("This is sealed.")

    def has_permission(self, request, view):
        return request.method == "GET" and "open" in request.query_params


class ItemViewSet(ModelViewSet):
    queryset = Item.objects.order_by("id")
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    pagination_class = Pages


class ShelfViewSet(ModelViewSet):
    queryset = Shelf.objects.order_by("id")
    serializer_class = ShelfSerializer


class SealedViewSet(ModelViewSet):
    queryset = Shelf.objects.order_by("id")
    serializer_class = ShelfSerializer
    permission_classes = [Sealed]


def hello_at_first(text=gettext("Hello")):
    return text


def words(moment):
    return [
        date_format(moment), date_format(moment, "SHORT_DATE_FORMAT"), date_format(moment, "DATETIME_FORMAT"), time_format(moment.time()),
        date_format(moment, "a A b D E F l M N P"), localize(moment.date())]


class Early(APIView):
    def get(self, request):
        return Response({"hello": hello_at_first()})


class Computed(APIView):
    def get(self, request):
        return Response({"hello": gettext(request.query_params.get("text", "Hello"))})


class Say(APIView):
    def get(self, request, what):
        if what == "closed":
            raise Closed()
        if what == "gone":
            raise NotFound(gettext_lazy("Gone for {}").format(what))
        if what == "missing":
            raise NotFound()
        count = Item.objects.count()
        return Response({
            "greeting": GREETING, "again": gettext("Hello"), "filled": gettext("Hello, %(name)s") % {"name": what},
            "later": LATER % {"name": what}, "table": TABLE["a"], "plain": TABLE["b"], "noop": gettext_noop("Hello"),
            "items": ngettext("%d item", "%d items", count) % count, "no items": ngettext("%d item", "%d items", 0) % 0,
            "open": pgettext("of a shop", "Open"), "open door": pgettext("of a door", "Open"),
            "doors": npgettext("of a shop", "%d item", "%d items", count) % count,
            "doors of a house": npgettext("of a house", "%d item", "%d items", count) % count,
            "django": gettext("Enter a valid value."), "nothing": gettext("Said by nobody"), "language": get_language(),
            "annotated": list(Item.objects.annotate(said=Value(gettext("Draft"))).order_by("id").values_list("said", flat=True)),
            "chosen": [item.said for item in Item.objects.annotate(said=Case(
                When(kind="d", then=Value(str(GREETING))), default=Value(gettext("Open")))).order_by("id")],
            "in all": f"{GREETING}: {TABLE['a']}", "joined": ", ".join([str(GREETING), gettext("Draft")]), "upper": GREETING.upper(),
            "is": gettext("Hello") == "Hallo", "shown": [str(label) for label in (GREETING, TABLE["b"])],
            "code": request.LANGUAGE_CODE, "dates": [
                words(datetime.datetime(2024, month, month, hour, 0 if hour in (0, 12) else month))
                for month, hour in ((1, 0), (3, 12), (5, 9), (8, 13), (9, 23), (12, 1))],
        })
"""
CATALOGUES = {
    "en": """
msgid "Said by nobody"
msgstr "Said by somebody"
""",
    "de": """
msgid "Hello"
msgstr "Hallo"
msgid "Hello, %(name)s"
msgstr "Hallo %(name)s"
msgid "%d item"
msgid_plural "%d items"
msgstr[0] "%d Ding"
msgstr[1] "%d Dinge"
msgctxt "of a shop"
msgid "Open"
msgstr "Geöffnet"
msgid "Open"
msgstr "Öffnen"
msgid "Draft"
msgstr "Entwurf"
msgid "title"
msgstr "Titel"
msgid "shelf"
msgstr "Regal"
msgid "name of the shelf"
msgstr "Name des Regals"
msgid "row"
msgstr "Reihe"
msgid "Small letters only."
msgstr "Nur \\"kleine\\" Buchstaben.\\n"
msgid "This title is wrong."
msgstr "Der Titel ist falsch."
msgid "All of %(name)s is wrong."
msgstr "%(name)s ist ganz falsch."
msgid "The shop is closed."
msgstr "Der Laden ist zu."
msgid "There is no page {page_number}."
msgstr "Seite {page_number} gibt es nicht."
msgid "{title} is odd."
msgstr "{title} ist seltsam."
msgid "Say a code."
msgstr "Bitte ein Kürzel."
msgid "What does it cost?"
msgstr "Was kostet es?"
msgid "The same as the title."
msgstr "Wie der Titel."
msgid "This is sealed."
msgstr "Versiegelt."
msgid "Gone for {}"
msgstr "Fort für {}"
msgid "Not found."
msgstr "Hier ist nichts."
msgid "Not more than {max_length}."
msgstr "wird nie gesagt"
msgid "Even is not translated."
msgstr "wird nie gesagt"
""",
    "de_CH": """
msgid "Hello"
msgstr "Grüezi"
""",
    "pl": """
msgid "Hello"
msgstr "Cześć"
msgid "%d item"
msgid_plural "%d items"
msgstr[0] "%d rzecz"
msgstr[1] "%d rzeczy"
msgstr[2] "%d rzeczy (wiele)"
""",
    # By another rule than Django's French, which has the singular for 0 as well.
    "fr": """
msgid "%d item"
msgid_plural "%d items"
msgstr[0] "%d chose"
msgstr[1] "%d choses"
""",
}
RULES = {
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "fr": "nplurals=2; plural=(n != 1);",
}
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {rule}\\n"\n'
LEGACY = """\
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment(debug=False)
out = []
for one in json.load(sys.stdin):
    client = Client(raise_request_exception=False)
    client.cookies.load(one.get("cookies", {}))
    body = {"data": json.dumps(one["json"]), "content_type": "application/json"} if "json" in one else {}
    answer = client.generic(one["method"], one["path"], headers=one.get("headers", {}), **body)
    out.append({"status": answer.status_code, "language": answer.headers.get("Content-Language"), "body": answer.content.decode()})
json.dump(out, sys.stdout)
"""
MODERN = """\
import json, sys
from starlette.testclient import TestClient
from app.main import create_app
client = TestClient(create_app(), follow_redirects=False)
out = []
with client:
    for one in json.load(sys.stdin):
        client.cookies.clear()
        client.cookies.update(one.get("cookies", {}))
        headers = {"host": "testserver", **one.get("headers", {})}
        body = {"json": one["json"]} if "json" in one else {}
        answer = client.request(one["method"], one["path"], headers=headers, **body)
        out.append({"status": answer.status_code, "language": answer.headers.get("content-language"), "body": answer.text})
json.dump(out, sys.stdout)
"""
TEXTS = """\
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_.settings"
import django
django.setup()
from django.core import validators
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.dateformat import format
from rest_framework import exceptions
import datetime
def said(validate, value):
    try:
        validate(value)
    except ValidationError as error:
        return error.messages
asked = json.load(sys.stdin)
out = {}
for code in asked["codes"]:
    with translation.override(code):
        out[code] = [translation.gettext(t) for t in asked["texts"]] + [
            translation.ngettext(a, b, n) for a, b in asked["plurals"] for n in asked["numbers"]] + [
            str(exceptions.Throttled(wait=1).detail), str(exceptions.Throttled(wait=5).detail), str(exceptions.Throttled().detail),
            str(exceptions.MethodNotAllowed("PUT").detail), str(exceptions.UnsupportedMediaType("a/b").detail),
            *said(validators.MaxLengthValidator(1), "abc"), *said(validators.MinLengthValidator(5), "abc"),
            *said(validators.MaxValueValidator(1.5), 2), *said(validators.validate_ipv46_address, "x"),
            *said(validators.DecimalValidator(2, 1), __import__("decimal").Decimal("1.23")),
            *(format(datetime.datetime(2024, m, m, m * 2 - 1, 0), "a A b D E F l M N P") for m in range(1, 13))]
json.dump(out, sys.stdout)
"""


def create(root: Path) -> Path:
    """The project; its tables are made by :func:`fresh`."""
    files = {
        "manage.py": MANAGE, "site_/__init__.py": "", "site_/settings.py": SETTINGS, "site_/urls.py": URLS,
        "shop/__init__.py": "", "shop/models.py": MODELS, "shop/views.py": VIEWS,
    }  # fmt: skip
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for code, texts in CATALOGUES.items():
        folder = root / "site_" / "locale" / code / "LC_MESSAGES"
        folder.mkdir(parents=True)
        made = HEADER.format(rule=RULES.get(code, "nplurals=2; plural=(n != 1);")) + texts
        with (folder / "django.mo").open("wb") as file:
            write_mo(file, read_po(io.BytesIO(made.encode())))
    unreadable(root / "site_" / "locale" / "rn" / "LC_MESSAGES" / "django.mo")
    run(root, ["manage.py", "makemigrations", "shop", "-v0"], "")
    fresh(root)
    return root


def fresh(root: Path) -> None:
    """An empty database."""
    (root / "db.sqlite3").unlink(missing_ok=True)
    run(root, ["manage.py", "migrate", "-v0"], "")


def run(root: Path, arguments: list[str], text: str, **environment: str) -> str:
    """Python in the folder ``root``; its standard output."""
    env = {**os.environ, "SEGUE_TEST_FORK": "1", **environment}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=env, input=text, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def both(
    root: Path, generated: Path, requests: list[dict[str, Any]], **environment: str
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(Django's answer, FastAPI's) for each request, each side from the same rows on."""
    kept = (root / "db.sqlite3").read_bytes()
    legacy = json.loads(run(root, ["-c", LEGACY], json.dumps(requests), **environment))
    (root / "db.sqlite3").write_bytes(kept)
    url = f"sqlite+aiosqlite:///{root / 'db.sqlite3'}"
    modern = run(generated, ["-c", MODERN], json.dumps(requests), DATABASE_URL=url, SECRET_KEY="x")
    (root / "db.sqlite3").write_bytes(kept)
    return list(zip(legacy, json.loads(modern), strict=True))


def unreadable(file: Path) -> None:
    """A catalogue whose ``Plural-Forms`` was never filled in, as ``makemessages`` leaves it."""
    header = HEADER.split('"', 3)[3].replace('"', "").replace("\\n", "\n")
    said = header.format(rule="nplurals=INTEGER; plural=EXPRESSION;").encode()
    places = struct.pack("<7I", 0x950412DE, 0, 1, 28, 36, 0, 0) + struct.pack("<4I", 0, 44, len(said), 45)
    file.parent.mkdir(parents=True)
    file.write_bytes(places + b"\0" + said + b"\0")
