"""DRF's mixins as projects copy them, ``**kwargs`` of a view's methods, fields made optional by a constructor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

MODELS = """\
from django.contrib.auth import get_user_model
from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=10, unique=True)
    text = models.CharField(max_length=20)
    stars = models.IntegerField()
    fans = models.ManyToManyField(get_user_model(), related_name="liked")


class Flag(models.Model):
    note = models.ForeignKey(Note, on_delete=models.CASCADE)
    since = models.DateField(null=True)
"""
VIEWS = """\
import json

from django.db import transaction
from rest_framework import mixins, serializers, status, views, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from notes.models import Flag, Note


class Untaken(UniqueValidator):
    def __init__(self, word):
        super().__init__(queryset=Note.objects.all(), message=f"That {word} is taken.")


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "text", "stars"]
        extra_kwargs = {"title": {"validators": [Untaken("title")]}}

    def __init__(self, *args, **kwargs):
        super(NoteSerializer, self).__init__(*args, **kwargs)
        if self.instance is not None:
            self.fields["title"].required = False
            for name in ("stars", "text"):
                self.fields[name].required = False


class LinkedSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["url", "title", "text", "stars"]

    def get_url(self, note):
        return f"/notes/{note.pk}/"


class OddSerializer(NoteSerializer):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.pop("stars")


class Create(mixins.CreateModelMixin):
    def create(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        headers = self.get_success_headers(serializer.data)
        return Response(serializer.data, status=status.HTTP_201_CREATED, headers=headers)


class Update(mixins.UpdateModelMixin):
    def update(self, request, *args, **kwargs):
        partial = kwargs.pop("partial", False)
        instance = self.get_object()
        serializer = self.get_serializer(instance, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        if getattr(instance, "_prefetched_objects_cache", None):
            instance._prefetched_objects_cache = {}
        return Response(serializer.data)


class NoteViewSet(Create, Update, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    @action(detail=False)
    def all(self, request, *args, **kwargs):
        return self.list(self, request, *args, **kwargs)

    @action(detail=True, methods=["post"])
    def patchy(self, request, *args, **kwargs):
        kwargs["partial"] = True
        return self.update(request, *args, **kwargs)

    @action(detail=True)
    def key(self, request, *args, **kwargs):
        return Response({"pk": kwargs["pk"], "format": kwargs.get("format"), "partial": kwargs.get("partial", "no")})


class LinkedViewSet(Create, viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = LinkedSerializer


class PartViewSet(mixins.UpdateModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = NoteSerializer

    def update(self, request, *args, **kwargs):
        return super().update(request, *args, **kwargs)

    def partial_update(self, request, *args, **kwargs):
        return super().update(request, *args, partial=True, **kwargs)


class WrappedViewSet(viewsets.GenericViewSet):
    thing = "note"
    serializer_class = NoteSerializer

    def create(self, request, *args, **kwargs):
        data = request.data.get(self.thing, {})
        serializer = self.get_serializer(data=data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class BulkSerializer(serializers.ModelSerializer):
    url = serializers.CharField(source="title", read_only=True)

    class Meta:
        model = Note
        fields = ["id", "url", "title", "text", "stars", "fans"]


class BulkViewSet(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = BulkSerializer

    @transaction.atomic
    def create(self, request, *args, **kwargs):
        several = isinstance(request.data, list)
        serializer = self.get_serializer(data=request.data, many=several)
        serializer.is_valid(raise_exception=True)
        try:
            self.perform_create(serializer)
        except Exception as error:
            raise serializers.ValidationError({"error": str(error)})
        return Response(serializer.data, headers=self.get_success_headers(serializer.data))


class LooseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "text", "stars"]

    def validate(self, attrs):
        try:
            given = self.context["request"].parser_context
            word = given["kwargs"]["word"]
        except (AttributeError, KeyError):
            word = attrs["text"]
        else:
            word = word.upper()
        if "request" in self.context or self.context.get("view") is not None:
            raise serializers.ValidationError("It was given a request.")
        attrs["text"] = word[:3]
        return attrs


class LooseView(views.APIView):
    def post(self, request, word):
        serializer = LooseSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


def lowered(item):
    return {key.lower(): value for key, value in item.items()}


class UploadView(views.APIView):
    parser_classes = [MultiPartParser]

    @transaction.atomic
    def post(self, request):
        if "file" not in request.data:
            raise ParseError("Empty content")
        try:
            notes = list(map(lowered, json.load(request.data["file"])))
        except json.decoder.JSONDecodeError:
            raise ParseError("This is no JSON.")
        serializer = LooseSerializer(data=notes, many=True)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response({"made": len(notes)}, status=status.HTTP_201_CREATED)


class AskingSerializer(LooseSerializer):
    def validate(self, attrs):
        try:
            if attrs["stars"] > 3:
                attrs["text"] = self.context["request"].method
        except KeyError:
            attrs["text"] = "none"
        return attrs


class SavingSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "text", "stars"]

    def create(self, validated_data):
        validated_data["text"] = self.context["request"].method
        return Note.objects.create(**validated_data)


class AskingView(views.APIView):
    def post(self, request):
        serializer = AskingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(status=204)


class SavingView(views.APIView):
    def post(self, request):
        serializer = SavingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(status=204)


class FlagSerializer(serializers.ModelSerializer):
    since = serializers.DateField(read_only=True, allow_null=True)

    class Meta:
        model = Flag
        fields = ["id", "note", "since"]
        read_only_fields = ["id", "note"]


class FlagViewSet(mixins.CreateModelMixin, viewsets.GenericViewSet):
    queryset = Flag.objects.order_by("id")
    serializer_class = FlagSerializer

    def perform_create(self, serializer):
        if self.get_queryset().exists():
            self.get_queryset().delete()
        else:
            serializer.save(note=Note.objects.order_by("id").first())

    @action(detail=False, methods=["post"])
    def once(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if not self.get_queryset().exists():
            serializer.save(note=Note.objects.order_by("id").first())
        return Response(serializer.data)


class OpenFlagSerializer(FlagSerializer):
    since = serializers.DateField()


class OpenFlagViewSet(FlagViewSet):
    http_method_names = ["post"]
    serializer_class = OpenFlagSerializer


class SavedFlagViewSet(viewsets.GenericViewSet):
    queryset = Flag.objects.order_by("id")
    serializer_class = FlagSerializer

    def create(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if request.data:
            serializer.save(note=Note.objects.order_by("id").first())
        return Response({"id": serializer.instance.pk})


class KeptSerializer(serializers.ModelSerializer):
    flags = FlagSerializer(many=True, source="flag_set", read_only=True)
    count = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["title", "stars", "fans", "flags", "count"]
        extra_kwargs = {"fans": {"required": False}}

    def get_count(self, note):
        return note.flag_set.count()


class KeptFlagSerializer(serializers.ModelSerializer):
    note = KeptSerializer(read_only=True)

    class Meta:
        model = Flag
        fields = ["id", "since", "note"]


class KeptViewSet(mixins.UpdateModelMixin, viewsets.GenericViewSet):
    # What was prefetched before a write is shown as it was; not so what was written through its manager.

    queryset = Note.objects.prefetch_related("flag_set", "fans").order_by("id")
    serializer_class = KeptSerializer

    def perform_update(self, serializer):
        Flag.objects.create(note=serializer.instance)
        serializer.save()

    @action(detail=True, methods=["post"])
    def flag(self, request, pk=None):
        note = self.get_object()
        Flag.objects.create(note=note)
        note.stars = 7
        note.save()
        return Response(self.get_serializer(note).data)

    @action(detail=True, methods=["post"])
    def liked(self, request, pk=None):
        note = self.get_object()
        if note.stars > 2:
            note.fans.clear()
        note.flag_set.set([Flag.objects.create(note=note)])
        note.stars = 3
        note.save()
        return Response(self.get_serializer(note).data)

    @action(detail=True, methods=["post"])
    def renewed(self, request, pk=None):
        note = self.get_object()
        serializer = self.get_serializer(note, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        Flag.objects.create(note=note)
        serializer.save()
        return Response(serializer.data)

    @action(detail=True, methods=["post"])
    def fresh(self, request, pk=None):
        note = self.get_object()
        Flag.objects.create(note=note)
        note.save()
        note.refresh_from_db()
        return Response(self.get_serializer(note).data)

    @action(detail=True, methods=["post"])
    def listed(self, request, pk=None):
        note = self.get_object()
        before = [flag.pk for flag in note.flag_set.all()]
        note.stars = 5
        note.save()
        Flag.objects.create(note=note)
        after = [flag.pk for flag in note.flag_set.all()]
        found = {"before": before, "after": after, "count": note.flag_set.count(), "any": note.flag_set.exists()}
        note.flag_set.set([])
        return Response({**found, "set": [flag.pk for flag in note.flag_set.all()]})

    @action(detail=False, methods=["post"])
    def all(self, request):
        notes = list(self.get_queryset()[:3])
        for note in notes:
            Flag.objects.create(note=note)
            note.save()
        return Response(self.get_serializer(notes, many=True).data)


class KeptFlagViewSet(viewsets.GenericViewSet):
    queryset = Flag.objects.select_related("note").prefetch_related("note__fans", "note__flag_set").order_by("id")
    serializer_class = KeptFlagSerializer

    @action(detail=True, methods=["post"])
    def moved(self, request, pk=None):
        flag = self.get_object()
        Note.objects.filter(pk=flag.note_id).update(stars=9)
        if flag.since is None:
            flag.note = Note.objects.order_by("id").first()
        flag.save()
        return Response(self.get_serializer(flag).data)


class OddViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Note.objects.order_by("id")
    serializer_class = OddSerializer


class OtherHeadersViewSet(viewsets.ModelViewSet):
    http_method_names = ["post"]
    queryset = Note.objects.order_by("id")
    serializer_class = LinkedSerializer

    def create(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response({"made": True}, status=201, headers=self.get_success_headers(serializer.data))
"""
ROUTES = {
    "good": """\
router.register("notes", views.NoteViewSet, basename="plain")
router.register("linked", views.LinkedViewSet, basename="note")
router.register("wrapped", views.WrappedViewSet, basename="wrapped")
router.register("parts", views.PartViewSet, basename="part")
router.register("bulk", views.BulkViewSet, basename="bulk")
router.register("flags", views.FlagViewSet, basename="flag")
router.register("kept", views.KeptViewSet, basename="kept")
router.register("kept-flags", views.KeptFlagViewSet, basename="kept-flag")
""",
    "odd": """\
router.register("odd", views.OddViewSet, basename="odd")
router.register("others", views.OtherHeadersViewSet, basename="other")
router.register("open", views.OpenFlagViewSet, basename="open")
router.register("saved", views.SavedFlagViewSet, basename="saved")
""",
}

PLAIN = {
    "good": 'path("loose/<word>/", views.LooseView.as_view()), path("upload/", views.UploadView.as_view())',
    "odd": 'path("asking/", views.AskingView.as_view()), path("saving/", views.SavingView.as_view())',
}


def _files(which: str) -> Mapping[str, str]:
    urls = "from django.urls import path\nfrom rest_framework.routers import SimpleRouter\nfrom notes import views\n\nrouter = SimpleRouter()\n"
    return {
        "notes/models.py": MODELS,
        "notes/views.py": VIEWS,
        "site_/urls.py": f"{urls}{ROUTES[which]}urlpatterns = router.urls + [{PLAIN[which]}]\n",
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("copied"), _files("good"))


def test_copies_of_the_mixins_do_as_the_mixins(site: Site, tmp_path: Path) -> None:
    program, report = site.explore(site.snapshot(), tmp_path / "fastapi", cases=420, seconds=25)
    refused = {(r.route_id, r.method): r.reasons[0] for r in program.refused}
    assert not refused
    assert differences(report) == []
    statuses = {o.key: set(o.statuses) for o in report.operations}
    assert {"201", "400"} <= statuses["POST /notes/"]
    assert {"201", "400"} <= statuses["POST /linked/"]
    for operation in ("PUT /notes/{pk}/", "PATCH /notes/{pk}/", "PUT /parts/{pk}/", "PATCH /parts/{pk}/"):
        assert {"200", "400", "404"} <= statuses[operation]
    assert {"201", "400"} <= statuses["POST /wrapped/"], "explore knows the envelope"
    assert "200" in statuses["POST /notes/{pk}/patchy/"]
    assert "200" in statuses["GET /notes/{pk}/key/"]
    code = (tmp_path / "fastapi" / "app" / "notes" / "routes.py").read_text()
    assert "call.created(" in code
    assert "status=200)" in code, "the address of what was made goes with another status as well"
    assert {"200", "400"} <= statuses["POST /bulk/"]
    assert "for item in values]" in code, "every item of a list is saved"
    assert "_prefetched_objects_cache" not in code
    assert "201" in statuses["POST /flags/"]
    assert "200" in statuses["POST /flags/once/"]
    assert "if flag is not None else {'since': None}" in code.replace('"', "'"), "one branch saves nothing"
    assert {"201", "400"} <= statuses["POST /loose/{word}/"]
    assert {"400", "415"} <= statuses["POST /upload/"]
    validation = (tmp_path / "fastapi" / "app" / "notes" / "validation.py").read_text()
    assert 'optional=("title", "stars", "text") if instance is not None else ()' in validation
    assert 'message="That title is taken."' in validation


def test_what_else_a_constructor_or_headers_do_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    program = translate(Site.make(root, _files("odd")).snapshot())
    reasons = {(r.route_id, r.method): r.reasons[0].code for r in program.refused}
    assert reasons == {
        ("/others/", "POST"): "success-headers",
        ("/open/", "POST"): "serializer-data",
        ("/open/once/", "POST"): "serializer-data",
        ("/saved/", "POST"): "serializer-state",
        ("/asking/", "POST"): "serializer-context",
        ("/saving/", "POST"): "serializer-context",
    }
    assert {n.route_id for n in program.native} == {"/odd/", "/odd/{pk}/"}


def test_a_method_of_two_users_keeps_them_apart(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    files = {
        "site_/settings.py": SETTINGS + 'AUTH_USER_MODEL = "notes.Member"\n',
        "notes/models.py": """\
from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    following = models.ManyToManyField("self", symmetrical=False, related_name="followers")

    def is_following(self, member):
        return self.following.filter(pk=member.pk).exists()
""",
        "notes/views.py": """\
from rest_framework import serializers, viewsets

from notes.models import Member


class MemberSerializer(serializers.ModelSerializer):
    followed = serializers.SerializerMethodField()
    following = serializers.SerializerMethodField()

    class Meta:
        model = Member
        fields = ["username", "followed", "following"]

    def get_followed(self, member):
        user = self.context["request"].user
        if user.is_anonymous:
            return None
        return user.is_following(member)

    def get_following(self, member):
        return list(sorted(member.following.values_list("username", flat=True)))


class MemberViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Member.objects.order_by("pk")
    serializer_class = MemberSerializer
""",
        "site_/urls.py": """\
from rest_framework.routers import SimpleRouter
from notes import views

router = SimpleRouter()
router.register("members", views.MemberViewSet)
urlpatterns = router.urls
""",
    }
    program, report = Site.make(root, files).explore(
        Site(root).snapshot(), tmp_path / "fastapi", cases=80, seconds=10
    )
    assert not program.refused
    assert differences(report) == []
    app = tmp_path / "fastapi" / "app" / "notes"
    assert "this_member: Member, member: " in (app / "services.py").read_text()
    assert "list(" not in (app / "presenters.py").read_text()
