"""What small services write: contexts of their own, hooks in transactions, validators that are objects, saves that go on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

from segue.translate.program import translate

MODELS = """\
from django.core.validators import MaxLengthValidator
from django.db import models

from notes.validators import Casing, Letters, Words


class Board(models.Model):
    name = models.CharField(max_length=12, unique=True, validators=[Letters(), MaxLengthValidator(10, "Too long.")])
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE, null=True)
    limit = models.IntegerField(default=2)


class Team(models.Model):
    name = models.CharField(max_length=12, unique=True, error_messages={"unique": "%(model_name)s is taken.", "blank": "Say a name."})
    kind = models.CharField(max_length=9, choices=[("a", "A"), ("b", "B")], error_messages={"invalid_choice": "No %(value)s."})
    size = models.IntegerField(null=True, blank=True)

    def save(self, *args, **kwargs):
        self.full_clean()
        super().save(*args, **kwargs)


class Log(models.Model):
    text = models.CharField(max_length=40)


class Task(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    title = models.CharField(max_length=20)
    done = models.BooleanField(default=False)

    def save(self, *args, **kwargs):
        is_new = self.pk is None
        before = "adding" if self._state.adding else "keeping"
        super().save(*args, **kwargs)
        # who did it
        if is_new:
            Log.objects.create(text=f"{before} {self.title} {self.pk} of {self.team_id}")
            return
        if self.done:
            Log.objects.filter(text__startswith="adding").delete()


class Note(models.Model):
    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="notes")
    title = models.CharField(max_length=20, validators=[Words(3), Casing(message="Say it.")])
    stars = models.IntegerField(default=0)
"""
VALIDATORS = """\
from django.core.exceptions import ValidationError
from django.utils.deconstruct import deconstructible


@deconstructible
class Letters:
    DEFAULT = "Letters only."

    def __init__(self, message=None):
        self.message = message

    @property
    def message(self):
        return self.__message

    @message.setter
    def message(self, value):
        if value is None:
            self.__message = self.DEFAULT
        else:
            self.__message = value

    def __call__(self, value):
        for char in value:
            if not char.isalnum() and char not in " -_":
                raise ValidationError(self.__message)


@deconstructible
class Words:
    def __init__(self, most, code="words"):
        self.most = most
        self.code = code

    def __call__(self, value):
        if len(value.split()) > self.most:
            raise ValidationError("At most %(most)s words.", code=self.code, params={"most": self.most})


@deconstructible
class Casing(Words):
    def __init__(self, upper=False, message="Case."):
        super().__init__(most=9, code="case")
        self.upper = upper
        self.said = message

    def __call__(self, value):
        if value != (value.upper() if self.upper else value.lower()):
            raise ValidationError(self.said, code=self.code)


class Even:
    def __init__(self, base):
        self.base = base

    def __call__(self, value):
        if value % self.base:
            raise ValidationError(f"{value} is no multiple of {self.base}.")
"""
VIEWS = """\
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import EmailValidator, validate_email
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.html import strip_tags
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from notes.models import Board, Note, Task, Team
from notes.validators import Even, Letters


class NoteSerializer(serializers.ModelSerializer):
    stars = serializers.IntegerField(validators=[Even(2)])
    of_board = serializers.SerializerMethodField()
    word = serializers.SerializerMethodField()
    seen = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = ["id", "title", "stars", "of_board", "word", "seen"]

    def get_of_board(self, note):
        board = self.context.get("board")
        return board.name if board else None

    def get_word(self, note):
        return self.context.get("word", "none")

    def get_seen(self, note):
        request = self.context.get("request")
        found = "request" if request is not None else "nobody"
        return [found, "board" in self.context, "view" in self.context, self.context.get("view") is None]

    def validate(self, attrs):
        board = self.context.get("board") or getattr(self.instance, "board", None)
        if board and board.notes.filter(title=attrs.get("title")).exists():
            raise serializers.ValidationError({"title": "It is there."})
        return attrs

    def create(self, validated_data):
        return Note.objects.create(board=self.context["board"], **validated_data)


class BoardSerializer(serializers.ModelSerializer):
    notes = NoteSerializer(many=True, read_only=True)
    held = serializers.SerializerMethodField()

    class Meta:
        model = Board
        fields = ["id", "name", "limit", "notes", "held"]

    def get_held(self, board):
        # The list views have prefetched them: none of this asks, but for what is narrowed.
        notes = board.notes.all()
        stars = sum(note.stars for note in notes)
        if not notes:
            return {"stars": stars, "titles": None}
        titles = [note.title for note in notes]
        notes = notes.filter(stars__gt=1)
        return {"stars": stars, "titles": titles, "many": notes.count()}


class NameSerializer(serializers.Serializer):
    name = serializers.CharField(validators=[validate_password])
    other = serializers.CharField()
    mail = serializers.CharField(required=False, max_length=20)
    third = serializers.CharField(allow_null=True, required=False, validators=[Letters("No.")])

    def validate_other(self, value):
        validate_password(value)
        Letters(message="Other letters.")(value)
        return value

    def validate_mail(self, value):
        try:
            validate_email(value)
        except DjangoValidationError:
            if len(value) > 8:
                EmailValidator("No mail.")(value)
        return value


class Gone(NotFound):
    status_code = 410
    default_detail = "It is gone."


def look(board):
    if board.limit > 1:
        raise Gone()


class BoardViewSet(viewsets.ModelViewSet):
    queryset = Board.objects.prefetch_related("notes").order_by("pk")
    serializer_class = BoardSerializer

    @transaction.atomic
    def perform_create(self, serializer):
        board = serializer.save()
        Note.objects.create(board=board, title="FIRST", stars=0)
        if board.limit > 5:
            raise ValidationError("Too many.")

    def update(self, request, *args, **kwargs):
        board = self.get_object()
        if board.limit == 1:
            raise ValidationError("It is closed.")
        return super().update(request, *args, **kwargs)

    def partial_update(self, request, *args, **kwargs):
        board = self.get_object()
        if board.limit == 0:
            raise ValidationError("It is empty.")
        return super().partial_update(request, *args, **kwargs)

    @action(detail=True, methods=["post"])
    def add(self, request, pk=None):
        board = self.get_object()
        serializer = NoteSerializer(data=request.data, context={"board": board, "request": request})
        if serializer.is_valid():
            note = serializer.save()
            return Response(NoteSerializer(note).data, status=status.HTTP_201_CREATED)
        return Response(serializer.errors, status=status.HTTP_400_BAD_REQUEST)

    @action(detail=True)
    def lost(self, request, pk=None):
        board = self.get_object()
        try:
            look(board)
        except NotFound as error:
            if request.query_params.get("q"):
                raise
            return Response({"caught": str(error.detail)}, status=202)
        return Response({"limit": board.limit})

    @action(detail=True)
    def words(self, request, pk=None):
        board = self.get_object()
        context = self.get_serializer_context()
        context["word"] = board.name * 2
        context.update({"board": board})
        return Response(NoteSerializer(board.notes.order_by("pk"), many=True, context=context).data)

    @action(detail=True)
    def own(self, request, pk=None):
        board = self.get_object()
        return Response(self.get_serializer(board, context={"word": "own", "limit": board.limit}).data)

    @action(detail=True)
    def both(self, request, pk=None):
        board = self.get_object()
        context = {**self.get_serializer_context(), "board": board}
        return Response(BoardSerializer(board, context=context).data)


class NoteViewSet(viewsets.ModelViewSet):
    queryset = Note.objects.select_related("board").order_by("pk")
    serializer_class = NoteSerializer
    http_method_names = ["get", "put", "patch", "head", "options"]


class TeamSerializer(serializers.Serializer):
    name = serializers.CharField(allow_blank=True, max_length=13)
    kind = serializers.ChoiceField(["a", "b", "c"], allow_null=True)
    size = serializers.IntegerField(required=False, allow_null=True)

    def validate(self, attrs):
        team = Team(**attrs)
        team.full_clean()
        return attrs


class TeamView(APIView):
    def post(self, request):
        serializer = TeamSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        team = Team.objects.create(name=serializer.validated_data["name"], kind="a")
        return Response({"id": team.pk})


class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "team", "title", "done"]


class TaskViewSet(viewsets.ModelViewSet):
    queryset = Task.objects.order_by("pk")
    serializer_class = TaskSerializer

    @action(detail=True, methods=["post"])
    def again(self, request, pk=None):
        task = self.get_object()
        task.title = "Again"
        task.save()
        other = Task(team=task.team, title="Other", done=True)
        other.save()
        other.done = task.done
        other.save(update_fields=["done"])
        return Response({"id": other.pk})


TAGGED = [
    "plain", "<p>One &amp; two</p>", "a < b > c", "<b<i>>x</i></b>", "<script>alert('x')</script>y", "&#65;<br/>&lt;b&gt;",
    "<!-- gone -->here", "<a href='?a>b'>z</a>", "5 <", "<unclosed", "",
]  # fmt: skip


class Messages:
    INVALID_TOKEN = "This is no token."
    TOKEN = "short"


def wanted(request):
    return {"done": False, "title__contains": request.query_params.get("q", "")}


def counted(filters, team):
    return Task.objects.filter(team=team, **filters).count()


class ShortTaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "title"]


class FoundTaskViewSet(viewsets.ReadOnlyModelViewSet):
    permission_classes = [IsAuthenticated]

    def get_serializer_class(self):
        if self.request.user.has_perm("notes.change_task") and self.action in ["approve", "undo"]:
            return TaskSerializer
        return ShortTaskSerializer

    def get_queryset(self):
        found = wanted(self.request)
        return Task.objects.filter(**found).order_by("pk")

    @action(detail=True)
    def others(self, request, pk=None):
        task = self.get_object()
        found = wanted(request)
        if request.query_params.get("token"):
            raise ValidationError(Messages.INVALID_TOKEN)
        return Response({"others": counted(found, task.team), "plain": [strip_tags(text) for text in TAGGED]})


class NameView(APIView):
    def post(self, request):
        serializer = NameSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        mail = True
        try:
            validate_email(serializer.validated_data["name"])
        except DjangoValidationError as error:
            mail = error.messages
        hashed = make_password(serializer.validated_data["other"])
        return Response({"name": serializer.validated_data["name"], "mail": mail, "hashed": hashed.startswith("pbkdf2_sha256$")})


@api_view(["GET"])
def note_twice(request, pk):
    note = get_object_or_404(Note.objects.select_related("board"), pk=pk)
    board = note.board
    plain = NoteSerializer(note, context={"board": board, "word": request.query_params.get("word")}).data
    return Response([plain, NoteSerializer(note).data])
"""
URLS = """\
from django.urls import path
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("boards", views.BoardViewSet)
router.register("notes", views.NoteViewSet)
router.register("tasks", views.TaskViewSet)
router.register("found", views.FoundTaskViewSet, basename="found")
urlpatterns = [*router.urls, path("names/", views.NameView.as_view()), path("teams/", views.TeamView.as_view()), path("twice/<int:pk>/", views.note_twice)]
"""
PASSWORDS = """
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 3}},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
"""


def test_small_services(tmp_path: Path) -> None:
    """Each operation is native, and answers and writes what Django does."""
    files = {
        "site_/settings.py": SETTINGS + PASSWORDS,
        "site_/urls.py": URLS,
        "notes/models.py": MODELS,
        "notes/validators.py": VALIDATORS,
        "notes/views.py": VIEWS,
    }
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, files)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "fastapi", cases=360, seconds=12)
    assert [str(r) for r in program.refused] == []
    assert differences(report) == []
    assert {
        o.key: o.worst_queries for o in report.operations if o.excess_queries and o.key == "GET /boards/"
    } == {}
    asked = {o.key: o.succeeded for o in report.operations}
    lost = next(set(o.statuses) for o in report.operations if o.key == "GET /boards/{pk}/lost/")
    assert "202" in lost  # caught as a NotFound, whatever its status
    assert [
        key for key, succeeded in asked.items() if not succeeded and key != "POST /boards/{pk}/add/"
    ] == []

    # Whoever adds to the dict, or takes from it, makes its keys unsure.
    for name, source in (
        ("wanted", "def wanted(request):\n    found = {'done': False}\n    if request.query_params:\n        found['title'] = ''\n    return found\n"),
        ("counted", "def counted(filters, team):\n    filters['done'] = True\n    return Task.objects.filter(team=team, **filters).count()\n"),
        ("counted", "def counted(filters, team):\n    filters.pop('done')\n    return Task.objects.filter(team=team, **filters).count()\n"),
    ):  # fmt: skip
        function = dataclasses.replace(snapshot.functions[f"notes.views.{name}"], source=source)
        functions = {**snapshot.functions, function.name: function}
        refused = {
            r.route_id: r.reasons[0].code
            for r in translate(dataclasses.replace(snapshot, functions=functions)).refused
        }
        assert refused["/found/{pk}/others/"] == "dynamic-keywords", source
