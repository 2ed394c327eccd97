"""What services that were tried write: what middleware reads in a token, service objects of classes, enumerations, messages of permissions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from tests.projects.asked import Asking, both, other_answers
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
from django.db import models

from notes.enums import Letter


class Team(models.Model):
    name = models.CharField(max_length=20)


class Note(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="notes")
    sent_to = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    title = models.CharField(max_length=20)
    state = models.CharField(max_length=10, default="open")

    class Meta:
        ordering = ["id"]


class Line(models.Model):
    note = models.ForeignKey(Note, null=True, on_delete=models.CASCADE)
    text = models.CharField(max_length=20)


class Sign(models.Model):
    letter = models.CharField(max_length=20, blank=True)
    other = models.CharField(max_length=20, default=Letter.B)
"""
MIDDLEWARE = """\
from django.utils.deprecation import MiddlewareMixin
from rest_framework_simplejwt.tokens import AccessToken


class ReadsToken(MiddlewareMixin):
    def process_request(self, request):
        header = request.headers.get("Authorization", None)
        if header and header.startswith("Bearer "):
            text = header.split(" ")[1]
            try:
                token = AccessToken(text)
                request.token_data = {"team": token.get("team"), "user": token["user_id"], "role": token.get("role", "none")}
            except Exception as error:
                request.token_data = {}
        else:
            request.token_data = {}
"""
ENUMS = """\
import enum

from django.db import models


class Base(enum.Enum):
    @classmethod
    def values(cls):
        return [one.value for one in cls]


class State(Base):
    OPEN = "open"
    CLOSED = "closed"


class Letter(str, enum.Enum):
    A = "a"
    B = "b"


class Size(models.TextChoices):
    SMALL = "s", "Small one"


class Level(enum.IntEnum):
    HIGH = 3
"""
SERVICES = """\
from notes.enums import State
from notes.models import Note, Team


class Notes:
    prefix = "note"

    @staticmethod
    def close(note):
        if note.state == State.OPEN.value:
            note.state = State.CLOSED.value
            note.save(update_fields=["state"])

    def named(self, title):
        return f"{self.prefix}: {title}"

    @classmethod
    def of_team(cls, pk):
        return Note.objects.filter(team_id=pk)


class Priced:
    def __init__(self, currency, *, digits=2):
        self.currency = currency
        self.digits = digits

    def told(self, number):
        return f"{number} {self.currency} ({self.digits})"


class Counting:
    def __init__(self):
        self.count = 0

    def next(self):
        self.count += 1
        return self.count


class Kept:
    def __init__(self):
        self.kept = {}

    def put(self, key):
        self.kept[key] = 1
        return len(self.kept)


PARTS = {Note: ("notes", "teams"), Team: ("teams",)}
CHANGED = {Note: ("notes",)}


def parts_of(model):
    if model in PARTS:
        return [part.upper() for part in PARTS[model]]
    return []


def changed_of(model):
    CHANGED[model] = ()
    return model in CHANGED


def matching(fields, model):
    from django.db.models import Q

    query = Q()
    for field, value in fields.items():
        if value is not None:
            query &= Q(**{field: value})
    return model.objects.filter(query)
"""
ACCESS = """\
from rest_framework import permissions

from notes.models import Line, Note, Team


class MayUse(permissions.BasePermission):
    message = "You may not."

    def has_permission(self, request, view):
        wanted = request.query_params.get("team")
        if not wanted:
            self.message = "Which team?"
            return False
        try:
            pk = int(wanted)
        except ValueError:
            self.message = "That is no team."  # a text
            return False
        team = Team.objects.filter(pk=pk).first()
        if team is None:
            self.message = (
                "There is no such team."
            )
            return False
        if team.name == "none":
            return False
        if team.name == "yes":
            return True
        self.message = "Not this one."
        return team.name == "red"

    def has_object_permission(self, request, view, obj):
        if obj.state == "closed":
            self.message = "Closed."
            return False
        return obj.state == "open"


class OwnNotes(permissions.BasePermission):
    def has_object_permission(self, request, view, obj):
        if hasattr(obj, "note"):
            note = obj.note
        elif isinstance(obj, Note):
            note = obj
        else:
            return False
        return note is not None and note.state == "open"


class OnlyGet(permissions.BasePermission):
    def has_permission(self, request, view):
        if request.method != "GET":
            self.message = "Only to be read."
            return False
        return True


class Reads(permissions.BasePermission):
    def has_permission(self, request, view):
        self.message = "A"
        return len(self.message) > 1
"""
VIEWS = """\
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.vary import vary_on_cookie, vary_on_headers
from rest_framework import generics, parsers, permissions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from notes import access
from notes.enums import Letter, Level, Size, State
from notes.models import Line, Note, Sign, Team
from notes.services import Counting, Kept, Notes, Priced, changed_of, matching, parts_of


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "state", "team"]


class LineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Line
        fields = ["id", "text", "note"]


class SignSerializer(serializers.ModelSerializer):
    class Meta:
        model = Sign
        fields = ["id", "letter"]
        read_only_fields = ["letter"]


class OtherSerializer(serializers.ModelSerializer):
    told = serializers.SerializerMethodField()

    class Meta:
        model = Sign
        fields = ["id", "told"]

    def get_told(self, sign):
        return f"{sign.letter}"


class Tokens(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, req):
        token_data = getattr(req, "token_data", None)
        if not token_data:
            return Response({"token": False})
        notes = Note.objects.filter(team=token_data["team"])
        return Response({"role": token_data.get("role"), "user": token_data["user"], "notes": [n.title for n in notes]})

    def post(self, request):
        return Response({"team": request.token_data["team"], "more": request.token_data.get("more", "none")})


class Serviced(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = []
    service = Notes()
    priced = Priced("EUR", digits=3)

    def retrieve(self, request, *args, **kwargs):
        note = self.get_object()
        self.service.close(note)
        return Response({"title": self.service.named(note.title), "state": note.state, "price": self.priced.told(note.pk)})

    @action(detail=False)
    def team(self, request):
        return Response([n.title for n in self.service.of_team(request.query_params.get("team", 0))])


class Counted(APIView):
    authentication_classes = []
    permission_classes = []
    service = Counting()

    def get(self, request):
        return Response(self.service.next())


class Keeping(APIView):
    authentication_classes = []
    permission_classes = []
    service = Kept()

    def get(self, request):
        return Response(self.service.put("a"))


class Enums(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        wanted = request.query_params.get("state")
        if wanted in [State.OPEN.value, State.CLOSED.value]:
            return Response({"state": wanted, "name": State.OPEN.name, "count": Note.objects.filter(state=wanted).count()})
        told = [Letter.A.value, Letter.A.name, Size.SMALL.value, Size.SMALL.name, Size.SMALL.label, Level.HIGH.value, Level.HIGH.name]
        return Response({"told": told, "is": wanted == Letter.A, "size": wanted == Size.SMALL})


class Members(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        note = Note.objects.order_by("id").first()
        wanted = State(request.query_params.get("state", note.state))
        if wanted in [State.OPEN, State.CLOSED] and wanted != State.CLOSED:
            return Response({"open": wanted.value, "same": wanted is State.OPEN, "text": f"{wanted}", "eq": wanted == "open"})
        return Response({"name": wanted.name, "notes": Note.objects.filter(state=wanted.value).count()})

    def post(self, request):
        try:
            state = State(request.query_params.get("state"))
        except ValueError:
            return Response({"error": "state"}, status=400)
        return Response(state.name.lower() if state == State.OPEN else state.value)

    def put(self, request):
        state = State.CLOSED
        if "open" in request.query_params:
            state = State.OPEN
        return Response([state.value, {"x": State.OPEN}["x"].name])

    def patch(self, request):
        return Response([parts_of(Note), parts_of(Team), parts_of(Line)])

    def delete(self, request):
        return Response(changed_of(Note))


class Written(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        letter, sized = Letter.A, str(Size.SMALL)
        texts = [f"{Letter.A} of {Size.SMALL}", str(Letter.A), "{}!".format(Letter.A), sized, letter, f"{Level.HIGH}", Level.HIGH]
        return Response({"texts": texts, "is": letter == "a", "notes": Note.objects.filter(state=letter).count(), "joined": "-".join([letter, "b"])})


def shouted(text):
    return f"{text}!"


class Handed(APIView):
    # Members in parameters, on objects and in dicts say of themselves what they do in Django, or are refused.

    authentication_classes = []
    permission_classes = []

    def get(self, request):
        sign = Sign(letter=Letter.A)
        return Response([shouted(Letter.A), shouted("a"), shouted(Level.HIGH), shouted(Letter.B), sign.letter, sign.letter == "a"])

    def post(self, request):
        return Response(str(Sign(letter=Letter.A).letter))

    def put(self, request):
        sign = Sign.objects.create()
        sign.letter = Letter.A
        sign.save()
        return Response(SignSerializer(sign).data)

    def patch(self, request):
        return Response(f"{Sign.objects.create().other}")

    def delete(self, request):
        return Response(str({"a": Letter.A}.get("a")))


class Saved(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request):
        serializer = SignSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save(letter=Letter.A)
        return Response(serializer.data)

    def put(self, request):
        serializer = OtherSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save(letter=Letter.A)
        return Response(serializer.data)

    def patch(self, request):
        sign, made = Sign.objects.get_or_create(letter=Letter.A)
        return Response(str(sign.letter))


class FileSerializer(serializers.Serializer):
    file = serializers.FileField(required=False)


def name_of(request):
    return request.FILES["file"].name


class Files(APIView):
    authentication_classes = []
    permission_classes = []

    def post(self, request):
        file = request.FILES.get("file")
        if file is None:
            return Response({"file": "missing", "title": request.data.get("title")}, status=400)
        return Response([file.name, file.size, file.content_type, file.read().decode()])

    def put(self, request):
        if "file" not in request.FILES:
            return Response("none", status=404)
        return Response([request.FILES["file"].name, [f.name for f in request.FILES.getlist("file")]])

    def patch(self, request):
        serializer = FileSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        file = serializer.validated_data.get("file")
        if file is None:
            return Response("none", status=404)
        return Response(file.name)

    def delete(self, request):
        return Response(request.FILES["file"].name)


class Lines(parsers.BaseParser):
    media_type = "text/plain"

    def parse(self, stream, media_type=None, parser_context=None):
        return stream.read().decode()


class OtherFiles(APIView):
    parser_classes = [Lines]
    authentication_classes = []
    permission_classes = []

    def post(self, request):
        return Response(len(request.FILES.getlist("file")))

    def put(self, request):
        return Response(name_of(request))


class Shown(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        letter = Letter.A if "a" in request.query_params else Letter.B
        return Response(f"{letter}")

    def put(self, request):
        return Response("%s" % Letter.A)

    def post(self, request):
        return Response(repr(Letter.A))

    def patch(self, request):
        letter = Letter.A
        return Response(str(letter))


class Guarded(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = [access.MayUse]


class ToRead(generics.ListCreateAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = [access.OnlyGet]


class Either(generics.ListAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = [access.OnlyGet | permissions.IsAdminUser]


class Read(generics.ListAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = [access.Reads]


class Lines(viewsets.ModelViewSet):
    queryset = Line.objects.all()
    serializer_class = LineSerializer
    authentication_classes = []
    permission_classes = [access.OwnNotes]


class OwnNotes(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = [access.OwnNotes]


class Paged(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    permission_classes = []

    @method_decorator(vary_on_headers("X-Tenant", "Cookie"))
    @method_decorator(vary_on_cookie)
    @method_decorator(cache_page(60, key_prefix="notes"))
    def dispatch(self, request, *args, **kwargs):
        return super().dispatch(request, *args, **kwargs)


class Varied(generics.ListCreateAPIView):
    queryset = Note.objects.filter(state="never")
    serializer_class = NoteSerializer
    permission_classes = []

    @method_decorator(vary_on_cookie)
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)


class Both(Varied):
    @method_decorator(vary_on_headers("X-Tenant"))
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)


@method_decorator(cache_page(60), name="dispatch")
class ByName(generics.ListCreateAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer


class Never(generics.ListCreateAPIView):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer

    @method_decorator(never_cache)
    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)


class Matched(APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        fields = {"team": request.query_params.get("team"), "state": "open"}
        return Response(NoteSerializer(matching(fields, Note), many=True).data)
"""
URLS = """\
from django.urls import path
from django.views.decorators.vary import vary_on_cookie
from rest_framework.routers import SimpleRouter

from notes import views

router = SimpleRouter()
router.register("serviced", views.Serviced, basename="serviced")
router.register("guarded", views.Guarded, basename="guarded")
router.register("paged", views.Paged, basename="paged")
router.register("lines", views.Lines)
router.register("own", views.OwnNotes, basename="own")
plain = {"tokens": views.Tokens, "counted": views.Counted, "keeping": views.Keeping, "enums": views.Enums, "written": views.Written, "handed": views.Handed, "saved": views.Saved, "files": views.Files, "other-files": views.OtherFiles, "members": views.Members, "shown": views.Shown,
         "to-read": views.ToRead, "either": views.Either, "read": views.Read, "matched": views.Matched, "varied": views.Varied,
         "both": views.Both, "by-name": views.ByName, "never": views.Never}
urlpatterns = [*router.urls, *[path(f"{name}/", view.as_view()) for name, view in plain.items()],
               path("outside/", vary_on_cookie(views.Varied.as_view())),
               path("set-outside/", vary_on_cookie(views.Paged.as_view({"get": "list", "post": "create"})))]
"""
ROWS = """
for name in ("red", "yes", "none", "blue"):
    Team.objects.create(name=name)
for n, state in enumerate(("open", "closed", "odd", "open"), 1):
    Note.objects.create(title=f"n{n}", team_id=n % 2 + 1, state=state)
for n in (1, 2, None):
    Line.objects.create(text="x", note_id=n)
"""
SECRET = "a secret of the tests, longer than it needs to be"


def make_site(root: Path) -> Site:
    settings = SETTINGS.replace('"x"', repr(SECRET), 1).replace(
        'Middleware"]\nDATABASES', 'Middleware", "notes.middleware.ReadsToken"]\nDATABASES'
    )
    files = {
        "site_/settings.py": settings, "site_/urls.py": URLS, "notes/models.py": MODELS, "notes/middleware.py": MIDDLEWARE,
        "notes/enums.py": ENUMS, "notes/services.py": SERVICES, "notes/access.py": ACCESS, "notes/views.py": VIEWS,
    }  # fmt: skip
    return Site.make(root, files)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("tried"))


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def _token(**claims: Any) -> str:
    until = datetime.now(tz=UTC) + timedelta(hours=claims.pop("hours", 1))
    made = {"token_type": "access", "exp": until, "jti": "1", "user_id": "7", **claims}
    return jwt.encode({k: v for k, v in made.items() if v is not None}, SECRET, algorithm="HS256")


def _form(*parts: tuple[str, str, str]) -> str:
    lines: list[str] = []
    for name, file, text in parts:
        named = f'; filename="{file}"\r\nContent-Type: text/csv' if file else ""
        lines += ["--b", f'Content-Disposition: form-data; name="{name}"{named}', "", text]
    return "\r\n".join([*lines, "--b--", ""])


def _asked() -> list[Asking]:
    tokens = [
        "", "Bearer", "Bearer ", "Token x", "Bearer x.y.z", "bearer " + _token(team=1),
        *(f"Bearer {_token(**c)}" for c in ({"team": 1}, {"team": 2, "role": "admin"}, {"team": None}, {"team": "x"}, {"user_id": None}, {"hours": -1}, {"token_type": "refresh"}, {"jti": None}, {"more": 1, "team": 2})),
        f"Bearer {_token(team=1)} more",
    ]  # fmt: skip
    asked = [
        Asking(method, "/tokens/", {"Authorization": text} if text else {})
        for text in tokens
        for method in ("GET", "POST")
    ]
    asked += [Asking("GET", f"/matched/{query}") for query in ("", "?team=1", "?team=2", "?team=x")]
    asked += [Asking("GET", f"/serviced/{pk}/") for pk in (1, 2, 3, 1, 9)]
    asked += [Asking("GET", "/serviced/team/?team=1"), Asking("GET", "/serviced/team/")]
    asked += [Asking("GET", f"/enums/?state={one}") for one in ("open", "closed", "a", "s", "")]
    teams = ("", "?team=", "?team=x", "?team=99", "?team=1", "?team=2", "?team=3", "?team=4")
    for query in teams:
        asked += [Asking("GET", f"/guarded/{query}"), Asking("DELETE", f"/guarded/4/{query}")]
        asked += [Asking("GET", f"/guarded/{pk}/{query}") for pk in (1, 2, 3)]
        asked += [Asking("OPTIONS", f"/guarded/{query}")]
    asked += [Asking(m, "/to-read/", body='{"title": "a", "team": 1}') for m in ("GET", "POST", "OPTIONS")]
    asked += [Asking("GET", f"/{name}/{pk}/") for name in ("lines", "own") for pk in (1, 2, 3, 9)]
    asked += [
        Asking(m, f"/members/?{q}")
        for m in ("GET", "POST", "PUT", "PATCH")
        for q in ("", "state=open", "state=closed", "state=x", "open")
    ]
    note = '{"title": "new", "team": 1}'
    ways = (
        ("/paged/", ("POST", "PATCH")),
        ("/paged/1/", ("PUT", "PATCH", "POST")),
        ("/varied/", ("GET", "POST", "DELETE")),
    )
    asked += [Asking(method, path, body=note) for path, methods in ways for method in methods]
    asked += [Asking("POST", "/paged/", body="{"), Asking("POST", "/paged/", {"Accept": "text/x"})]
    asked += [Asking("DELETE", "/paged/2/"), Asking("DELETE", "/paged/99/")]
    form = {"content-type": "multipart/form-data; boundary=b"}
    bodies = [
        _form(("file", "a.csv", "a,b")), _form(("file", "../b.txt", "x" * 50), ("title", "", "t")), _form(("file", "a", "1"), ("file", "c", "2")),
        _form(("file", "", "text")), _form(("title", "", "t")), "",
    ]  # fmt: skip
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        asked += [Asking(method, "/files/", form, body) for body in bodies]
        asked += [Asking(method, "/files/", body=body) for body in ('{"file": "a"}', "[]", "{")]
    asked += [Asking("GET", "/written/"), Asking("GET", "/handed/"), Asking("PATCH", "/shown/")]
    return asked


def test_each_answers_as_django_does(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program = translate(snapshot)
    refused = {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused}
    assert refused == {
        # An object that counts, or keeps something, would be another one in each process.
        "GET /counted/": "unknown-value",
        "GET /keeping/": "unknown-value",
        # DRF asks the operator for a message, and code reads it.
        "GET /either/": "permission",
        "GET /read/": "permission",
        # Only GET and HEAD are answered from the page cache; what a decorator of the class is given is not seen.
        "GET /paged/": "page-cache",
        "GET /paged/{pk}/": "page-cache",
        **{
            f"{m} /{name}/": "override-dispatch"
            for name in ("both", "by-name", "never")
            for m in ("GET", "POST")
        },
        **{
            f"{m} /{name}/": "override-dispatch"
            for name in ("outside", "set-outside")
            for m in ("GET", "POST")
        },
        "DELETE /members/": "process-state",
        **{f"{method} /shown/": "text-of" for method in ("GET", "PUT", "POST")},
        **{f"{method} /handed/": "text-of" for method in ("POST", "PUT", "PATCH", "DELETE")},
        **{f"{method} /other-files/": "request" for method in ("POST", "PUT")},
        **{f"{method} /saved/": "text-of" for method in ("POST", "PUT", "PATCH")},
    }
    write(program, tmp_path)
    asked = _asked()
    pairs = both(site, tmp_path, ROWS, asked, SECRET)
    assert other_answers(pairs, asked) == []
    assert {200, 201, 204, 403, 404, 405, 406, 500} <= {told.status for told, _ in pairs}
    varied = [
        [told.headers.get("vary") for told in pair]
        for one, pair in zip(asked, pairs, strict=True)
        if one.path.startswith(("/paged", "/varied"))
    ]
    assert all(django == service for django, service in varied)
    assert {django for django, _ in varied} == {"Cookie", "Cookie, X-Tenant"}


def test_what_may_change_is_refused(snapshot: Snapshot) -> None:
    """A dict that others hold, an object that code changes from outside, a key that is added in a branch, a message that is not certain."""
    changed = {
        "notes.middleware.ReadsToken.process_request": (
            "request.token_data = {}",
            "other = {}; request.token_data = other",
        ),
        "notes.views.Counted.get": ("return", "Notes.prefix = 1; return"),
        "notes.views.Matched.get": ("return", 'fields["title"] = "x"; return'),
        "notes.access.MayUse.has_permission": ('self.message = "Which team?"', "self.message = wanted"),
    }
    functions = dict(snapshot.functions)
    for name, (old, new) in changed.items():
        assert old in functions[name].source, name
        functions[name] = replace(functions[name], source=functions[name].source.replace(old, new, 1))
    program = translate(replace(snapshot, functions=functions))
    refused = {f"{r.method} {r.route_id}": r.reasons[0].code for r in program.refused}
    assert (
        refused.items()
        >= {
            "GET /tokens/": "getattr",
            "GET /guarded/": "permission",
            "GET /serviced/{pk}/": "unknown-value",
            "GET /matched/": "dynamic-keywords",
        }.items()
    )
