"""Objects that Django has once where several rows lead to them, what a loop's functions read of relations, ``data`` of
serializers that have saved nothing, and serializers that change their fields
(``tests.translate.serializers.own_fields``) or have lists of their own (``own_lists``)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.projects.asked import Asking, both, other_answers
from tests.projects.site import SETTINGS, Site
from tests.translate.serializers import own_fields, own_lists

from segue.emit import write
from segue.target.ir import Program
from segue.translate.program import translate

MODELS = """\
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver


class Town(models.Model):
    count = models.IntegerField(default=0)


class Press(models.Model):
    name = models.CharField(max_length=10)
    count = models.IntegerField(default=0)
    town = models.ForeignKey(Town, on_delete=models.CASCADE)


class Note(models.Model):
    stars = models.IntegerField(default=0)
    press = models.ForeignKey(Press, on_delete=models.CASCADE, related_name="notes")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    def give(self):
        self.press.count += self.stars
        self.press.save()


class Detail(models.Model):
    note = models.OneToOneField(Note, on_delete=models.CASCADE, related_name="detail")
    text = models.CharField(max_length=10)


class Page(models.Model):
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="pages")
    number = models.IntegerField(default=0)


@receiver(post_save, sender=Page)
def counted(sender, instance, **kwargs):
    count(instance)


def count(page):
    give_star(page)


def give_star(page):
    page.note.stars += 1
    page.note.save()
"""
ROWS = """\
town = Town.objects.create()
for i in range(2):
    press = Press.objects.create(name=f"p{i}", count=i, town=town)
    for j in range(3):
        note = Note.objects.create(stars=j + 1, press=press, parent=note if j else None)
        Detail.objects.create(note=note, text=f"d{j}")
        Page.objects.bulk_create([Page(note=note, number=n) for n in range(j)])
"""
VIEWS = """\
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Detail, Note, Page, Press


class PressSerializer(serializers.ModelSerializer):
    class Meta:
        model = Press
        fields = ["id", "name", "count"]


class NoteSerializer(serializers.ModelSerializer):
    press = PressSerializer(read_only=True)

    class Meta:
        model = Note
        fields = ["id", "stars", "press"]


class WordSerializer(serializers.Serializer):
    word = serializers.CharField(max_length=5)
    times = serializers.IntegerField(required=False)
    loud = serializers.BooleanField(required=False)


class DaySerializer(serializers.Serializer):
    word = serializers.CharField(max_length=5)
    day = serializers.DateField(format="%d.%m.%Y", required=False)


class PerhapsSerializer(serializers.Serializer):
    word = serializers.CharField(required=False, allow_null=True)


class RenamedSerializer(serializers.Serializer):
    word = serializers.CharField(source="title")


class QuietSerializer(serializers.Serializer):
    word = serializers.CharField()
    secret = serializers.CharField(write_only=True)


class CheckedSerializer(serializers.Serializer):
    word = serializers.CharField()

    def validate(self, attrs):
        attrs["more"] = 1
        return attrs


class Frozen(APIException):
    status_code = 409
    default_detail = "Frozen."
    default_code = "frozen"


class NotSecret(BasePermission):
    def has_permission(self, request, view):
        return view.action != "secret"


class PlainView(APIView):  # has no action: an AttributeError in Django
    permission_classes = [NotSecret | IsAuthenticated]

    def get(self, request):
        return Response([])

    def delete(self, request):
        return Response([])


def take(note):
    note.press.count += 1
    note.press.save()
    return note.press.count


class DoneViewSet(viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    # What a function of a loop looks into is read in its round, as the rounds before have written it.
    @action(detail=False, methods=["post"])
    def given(self, request):
        for note in Note.objects.order_by("id"):
            note.give()
        return Response(list(Press.objects.order_by("id").values_list("count", flat=True)))

    @action(detail=False, methods=["post"])
    def given_joined(self, request):
        for note in Note.objects.select_related("press").order_by("id"):
            note.give()
        return Response(list(Press.objects.order_by("id").values_list("count", flat=True)))

    @action(detail=False, methods=["post"])
    def one(self, request):
        note = Note.objects.get(pk=2)
        note.press.count += 1
        note.press.save()
        press = note.press
        press.name = "x"
        press.save()
        return Response([note.press.count, note.press.name])

    @action(detail=False, methods=["post"])
    def received(self, request):
        note = Note.objects.get(pk=2)
        for number in range(2):
            Page.objects.create(note=note, number=number)
        note.pages.create(number=9)
        note.save()
        return Response(note.stars)

    @action(detail=False, methods=["post"])
    def saved_first(self, request):
        press = Press.objects.get(pk=1)
        press.count = 50
        press.save()
        return Response([note.press.count for note in press.notes.order_by("id")])

    @action(detail=False, methods=["post"])
    def echoed(self, request):
        serializer = WordSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=False, methods=["post"], permission_classes=[NotSecret])
    def frozen(self, request):
        raise Frozen(None)

    @action(detail=False, methods=["post"])
    def frozen_by_name(self, request):
        raise Frozen(detail=None, code="x")

    @action(detail=False, methods=["post"])
    def frozen_perhaps(self, request):
        raise Frozen(request.data.get("why"), "y")

    # What is fetched for the change alone, which is in the database behind it.
    @action(detail=False, methods=["post"])
    def gone(self, request):
        Note.objects.get(pk=2).detail.delete()
        return Response(Detail.objects.count())

    @action(detail=False, methods=["post"])
    def renamed(self, request):
        serializer = PressSerializer(Note.objects.get(pk=2).press, data={"name": "new"})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    # One object of Django's that several rows lead to.
    @action(detail=False, methods=["post"])
    def back(self, request):
        press = Press.objects.get(pk=1)
        for note in press.notes.all():
            note.press.count += 1
        press.save()
        return Response(press.count)

    @action(detail=False, methods=["post"])
    def back_by_method(self, request):
        press = Press.objects.get(pk=1)
        for note in press.notes.filter(stars__gt=1):
            note.give()
        press.save()
        return Response(press.count)

    @action(detail=False, methods=["post"])
    def back_of_all(self, request):
        for press in Press.objects.prefetch_related("notes").order_by("id"):
            for note in press.notes.all():
                note.press.count += 1
            press.save()
        return Response()

    @action(detail=False, methods=["post"])
    def back_by_serializer(self, request):
        note = Press.objects.get(pk=1).notes.get(stars=2)
        serializer = PressSerializer(note.press, data={"name": "new"})
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response()

    @action(detail=False, methods=["post"])
    def back_deleted(self, request):
        press = Press.objects.get(pk=1)
        press.notes.get(stars=2).press.delete()
        return Response(press.pk)

    @action(detail=False, methods=["post"])
    def back_refreshed(self, request):
        press = Press.objects.get(pk=1)
        Press.objects.update(count=9)
        for note in press.notes.all():
            note.press.refresh_from_db()
        return Response(press.count)

    @action(detail=False, methods=["post"])
    def prefetched(self, request):
        notes = Note.objects.prefetch_related("press").order_by("id")
        for note in notes:
            note.press.count += 1
            note.press.save()
        return Response()

    @action(detail=False, methods=["post"])
    def made(self, request):
        press = Press.objects.get(pk=1)
        note = Note.objects.create(press=press)
        note.press.count += 5
        note.press.save()
        return Response(press.count)

    @action(detail=False, methods=["post"])
    def assigned(self, request):
        press, note = Press.objects.get(pk=1), Note.objects.get(pk=5)
        note.press = press
        note.press.count += 7
        press.save()
        return Response(press.count)

    @action(detail=False, methods=["post"])
    def other_side(self, request):
        note = Note.objects.get(pk=1)
        note.detail.note.stars = 55
        return Response(note.stars)

    @action(detail=False, methods=["post"])
    def twice_asked(self, request):
        note = Note.objects.get(pk=2)
        note.press.count += 1
        note.press.save()
        note.press.town.count = 8
        note.press.town.save()
        return Response()

    @action(detail=False, methods=["post"])
    def received_back(self, request):
        note = Note.objects.get(pk=3)
        for page in note.pages.all():
            page.number += 1
            page.save()
        note.save()
        return Response(note.stars)

    @action(detail=False, methods=["post"])
    def received_prefetched(self, request):
        for page in Page.objects.prefetch_related("note").order_by("id"):
            page.save()
        return Response()

    @action(detail=False, methods=["post"])
    def unsaved(self, request):
        press = Press.objects.get(pk=1)
        press.count = 50
        return Response([note.press.count for note in press.notes.all()])

    @action(detail=False, methods=["post"])
    def unsaved_shown(self, request):
        press = Press.objects.get(pk=1)
        press.count = 50
        return Response(NoteSerializer(press.notes.all(), many=True).data)

    @action(detail=False, methods=["post"])
    def given_in_a_list(self, request):
        return Response([take(note) for note in Note.objects.order_by("id")])

    # Each object leads to one of its own kind.
    @action(detail=False, methods=["post"])
    def climbed(self, request):
        note, found = Note.objects.get(pk=3), []
        while note is not None:
            found.append(note.stars)
            note = note.parent
        return Response(found)

    # Fields that show something else than what they have read.
    @action(detail=False, methods=["post"])
    def echoed_day(self, request):
        serializer = DaySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=False, methods=["post"])
    def echoed_null(self, request):
        serializer = PerhapsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"shown": serializer.data})

    @action(detail=False, methods=["post"])
    def echoed_other_name(self, request):
        serializer = RenamedSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=False, methods=["post"])
    def echoed_secret(self, request):
        serializer = QuietSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    @action(detail=False, methods=["post"])
    def echoed_more(self, request):
        serializer = CheckedSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)
"""
URLS = """\
from django.urls import include, path
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("done", views.DoneViewSet, basename="done")
urlpatterns = [*router.urls, path("plain/", views.PlainView.as_view()), path("own/", include("notes.own_urls")), path("lists/", include("notes.list_urls"))]
"""
SAME = ("given_joined", "one", "received", "saved_first", "gone", "renamed", "made", "twice_asked")
SHARED = (
    "back", "back_by_method", "back_of_all", "back_by_serializer", "back_deleted", "back_refreshed", "prefetched", "assigned",
    "other_side", "received_back", "received_prefetched", "unsaved", "unsaved_shown",
)  # fmt: skip
ECHOED = ("echoed_day", "echoed_null", "echoed_other_name", "echoed_secret", "echoed_more")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, Path, Program]:
    root = tmp_path_factory.mktemp("shared")
    files = {
        "notes/models.py": MODELS + own_fields.MODELS + own_lists.MODELS, "notes/views.py": VIEWS, "notes/own_fields.py": own_fields.VIEWS,
        "notes/own_lists.py": own_lists.VIEWS, "notes/list_urls.py": own_lists.URLS, "notes/own_urls.py": own_fields.URLS, "site_/urls.py": URLS,
        "site_/settings.py": SETTINGS + 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]\n',
    }  # fmt: skip
    site = Site.make(root, files)
    program = translate(site.snapshot())
    write(program, root / "fastapi")
    return site, root / "fastapi", program


def test_answers_and_rows_are_those_of_django(made: tuple[Site, Path, Program]) -> None:
    site, generated, _ = made
    bodies = ['{"word": "a"}', '{"word": " b ", "times": "3", "loud": "on"}', '{"times": 1}', "{}"]
    requests = [
        *(Asking("POST", f"/done/{name}/", body="{}") for name in SAME),
        *(Asking("POST", "/done/echoed/", body=body) for body in bodies),
        Asking("POST", "/done/frozen/"),
        Asking("POST", "/done/frozen_by_name/"),
        *(Asking("POST", "/done/frozen_perhaps/", body=body) for body in ("{}", '{"why": "so"}')),
    ]
    others = [*own_fields.requests(), *own_lists.requests()]
    pairs = both(site, generated, ROWS + own_fields.ROWS + own_lists.ROWS, [*requests, *others])
    assert other_answers(pairs, [*requests, *others]) == []
    statuses = [told.status for told, _ in pairs]
    assert statuses[: len(requests)] == [200] * (len(SAME) + 2) + [400, 400, 409, 409, 409, 409]
    assert set(statuses[len(requests) :]) == {200, 201, 400}


def test_what_makes_fields_otherwise_is_refused(made: tuple[Site, Path, Program]) -> None:
    own = [r for r in made[2].refused if r.route_id.startswith("/own/") and r.method != "OPTIONS"]
    assert {
        f"{r.method} {r.route_id.removeprefix('/own')}": r.reasons[0].code for r in own
    } == own_fields.REFUSED


def test_what_django_shares_is_refused(made: tuple[Site, Path, Program]) -> None:
    refused = {r.route_id: r.reasons[0].code for r in made[2].refused}
    expected = {f"/done/{name}/": "shared-object" for name in SHARED}
    assert {key: code for key, code in refused.items() if code == "shared-object"} == expected
    assert [refused[f"/done/{name}/"] for name in ("given", "given_in_a_list")] == ["read-order"] * 2


def test_validated_data_that_its_fields_show_otherwise_is_refused(made: tuple[Site, Path, Program]) -> None:
    refused = {r.route_id for r in made[2].refused}
    assert {f"/done/{name}/" for name in ECHOED} <= refused
    routes = (made[1] / "app/notes/routes.py").read_text()
    assert re.search(r"values = await validate_word\(.*\)\n +return call\.reply\(values\)", routes)


def test_climbing_a_tree_costs_that_operation_alone(made: tuple[Site, Path, Program]) -> None:
    assert "/done/climbed/" in {r.route_id for r in made[2].refused}


def test_only_viewsets_have_an_action(made: tuple[Site, Path, Program]) -> None:
    refused = {r.method for r in made[2].refused if r.route_id == "/plain/"}
    assert {"GET", "DELETE"} <= refused
