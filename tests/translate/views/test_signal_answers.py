"""What the receivers of a signal return: Django's ``send`` and one of the project's own give the same on both sides, or refuse."""

from __future__ import annotations

from pathlib import Path

from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.translate.program import translate

SIGNALS = """\
import django.dispatch
from django.apps import apps
from django.conf import settings
from django.dispatch.dispatcher import NO_RECEIVERS

from notes.models import Shop

memory = {}


def fill():
    apps.check_apps_ready()
    for config in apps.app_configs.values():
        memory[config.name] = config


class ShopSignal(django.dispatch.Signal):
    def get_live(self, sender):
        receivers = self._live_receivers(sender)
        if not receivers:
            return []
        return receivers[0]

    @staticmethod
    def _is_active(sender, receiver):
        path = receiver.__module__
        core = any(path.startswith(module) for module in settings.CORE_MODULES)
        if core:
            return True
        if sender and not sender.plugins:
            return False
        return path in memory

    def send(self, sender, **named):
        if sender and not isinstance(sender, Shop):
            raise ValueError("no shop")
        answers = []
        if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
            return answers
        if not memory:
            fill()
        for receiver in self.get_live(sender):
            if self._is_active(sender, receiver):
                response = receiver(signal=self, sender=sender, **named)
                answers.append((receiver, response))
        return sorted(answers, key=lambda answer: (answer[0].__module__, answer[0].__name__))


class PickySignal(ShopSignal):
    def send(self, sender, **named):
        answers = []
        for receiver in self.get_live(sender):
            if sender:
                response = receiver(signal=self, sender=sender, **named)
                answers.append((receiver, response))
        return answers


class HeardSignal(ShopSignal):
    def send(self, sender, **named):
        answers = []
        for receiver in self.get_live(sender):
            response = receiver(signal=self, sender=sender, **named)
            if response:
                answers.append((receiver, response))
        return answers


shown = ShopSignal()
heard = HeardSignal()
silent = ShopSignal()
picky = PickySignal()
plain = django.dispatch.Signal()
"""
RECEIVERS = """\
import string

from django.dispatch import receiver

from notes.signals import heard, picky, plain, shown

TEMPLATES = {"gone": "{title} is gone"}
NAMES = {"new": "A new note.", "old": "An old note."}


@receiver(shown)
def zz_last(sender, note, **kwargs):
    return f"last: {note.title}"


@receiver(shown)
def named(sender, note, **kwargs):
    if template := TEMPLATES.get(note.title):
        wanted = {part[1] for part in string.Formatter().parse(template) if part[1]}
        if wanted <= {"title"}:
            return template.format(title=note.title)
    return NAMES.get(note.title)


@receiver(plain)
def second(sender, note, **kwargs):
    return note.stars


@receiver(plain)
def first(sender, note, **kwargs):
    return note.stars + 1 if note.stars else None


@receiver(heard)
def says_nothing(sender, note, **kwargs):
    return note.title if note.stars else None


@receiver(picky)
def picked(sender, note, **kwargs):
    return "x"
"""
MODELS = """\
import logging

from django.db import models


class Shop(models.Model):
    plugins = models.CharField(max_length=9, blank=True)


class Note(models.Model):
    title = models.CharField(max_length=10)
    stars = models.IntegerField(default=0)
    shop = models.ForeignKey(Shop, models.CASCADE, null=True)

    @property
    def display(self):
        from notes.signals import shown

        for _receiver, response in shown.send(self.shop, note=self):
            if response:
                return response
        logger = logging.getLogger(__name__)
        logger.warning(f"Unknown {self.title}.")
        return self.title

    @property
    def told(self):
        from notes.signals import silent

        for _receiver, response in silent.send(self.shop, note=self):
            return response
        return "nobody"

    @property
    def total(self):
        from notes.signals import plain

        found = 0
        for _receiver, stars in plain.send(sender=None, note=self):
            if stars is None:
                found = found * 10
            else:
                found = found * 100 + stars
        return found

    @property
    def heard(self):
        from notes.signals import heard

        for _receiver, response in heard.send(self.shop, note=self):
            return response
        return "nobody"

    @property
    def picked(self):
        from notes.signals import picky

        for _receiver, response in picky.send(self.shop, note=self):
            return response
        return ""
"""
VIEWS = """\
from rest_framework import generics, serializers

from notes import receivers  # noqa
from notes.models import Note


class Shown(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["display", "told", "total"]


class Picked(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["picked"]


class Heard(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["heard"]


class One(generics.RetrieveAPIView):
    queryset = Note.objects.all()
    serializer_class = Shown
    authentication_classes = []


class All(generics.ListAPIView):
    queryset = Note.objects.exclude(title="gone").order_by("pk")
    serializer_class = Shown
    authentication_classes = []


class Picky(All):
    serializer_class = Picked


class Hears(All):
    serializer_class = Heard
"""
URLS = """\
from django.urls import path
from notes import views

urlpatterns = [
    path("notes/", views.All.as_view()), path("notes/<int:pk>/", views.One.as_view()), path("picky/", views.Picky.as_view()),
    path("heard/", views.Hears.as_view()),
]
"""
ASK = """
import os, sys
sys.path[:0] = [sys.argv[1]]
os.environ.update(DJANGO_SETTINGS_MODULE="site_.settings", DATABASE_URL="sqlite:///db.sqlite3", SECRET_KEY="x")
import django
django.setup()
from django.test import Client
from fastapi.testclient import TestClient
from notes.models import Note, Shop
from app.main import create_app
shops = [Shop.objects.create(), Shop.objects.create(plugins="a"), None]
for number, title in enumerate(["new", "other", "", "old", "gone"]):
    Note.objects.create(title=title, stars=number % 3, shop=shops[number % 3])
theirs = Client(raise_request_exception=False)
with TestClient(create_app(), raise_server_exceptions=False) as ours:
    for path in ["/notes/", *(f"/notes/{n}/" for n in range(1, 7))]:
        one, other = theirs.get(path), ours.get(path)
        print(path, one.status_code, one.content)
        print(path, other.status_code, other.content)
"""


def test_receivers_are_asked_as_django_asks_them(tmp_path: Path) -> None:
    files = {
        "site_/settings.py": SETTINGS + 'CORE_MODULES = ["notes."]\n', "site_/urls.py": URLS, "notes/models.py": MODELS,
        "notes/views.py": VIEWS, "notes/signals.py": SIGNALS, "notes/receivers.py": RECEIVERS,
    }  # fmt: skip
    site = Site.make(tmp_path / "site", files)
    program = translate(site.snapshot())
    write(program, tmp_path / "fastapi")
    # Whether it calls anybody depends on the sender; whether it gives an answer, on the answer.
    assert {(r.route_id, r.reasons[0].code) for r in program.refused} == {
        ("/picky/", "signal"),
        ("/heard/", "signal"),
    }
    lines = site.run("-c", ASK, str(tmp_path / "fastapi"))
    told = list(zip(lines[::2], lines[1::2], strict=True))
    left = [(one, other) for one, other in told if " 501 " in other]
    assert [one for one, other in told if (one, other) not in left] == [
        other for one, other in told if (one, other) not in left
    ]
    assert [one.split()[0] for one, _ in left] == ["/notes/5/"]  # its template is parsed by Django alone
    assert '"display":"A new note."' in told[1][0]
    assert '"display":"last: other"' in told[2][0]
