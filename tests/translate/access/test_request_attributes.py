"""What authentication, permissions and views put on the request, and who reads it: as in DRF, or refused."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from tests.projects.asked import Asking, both, other_answers
from tests.projects.site import SETTINGS, Site

from segue.emit import write
from segue.snapshot.model import Snapshot
from segue.translate.program import translate

MODELS = """\
import logging

from django.contrib.auth.models import User
from django.db import models

logger = logging.getLogger(__name__)


class Team(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=20)
    open = models.BooleanField(default=True)


class Member(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=10, default="reader")


class Role(models.TextChoices):
    READER = "reader"
    WRITER = "writer", "Writes"

    @classmethod
    def all(cls):
        return cls.READER, cls.WRITER


class Key(models.Model):
    key = models.CharField(max_length=20, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE)


class Note(models.Model):
    title = models.CharField(max_length=20)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE)

    class Meta:
        ordering = ["id"]

    @classmethod
    def may_read(cls, request):
        return True

    @classmethod
    def may_remove(cls, request):
        pk = request.parser_context.get("kwargs", {}).get("pk", None)
        return pk is None or pk == request.query_params.get("sure")

    @classmethod
    def may_update(cls, request):
        put_user(request)
        return has_role(Role.all(), request)

    @classmethod
    def may_list(cls, request):
        put_user(request)
        return request.user is not None and request.user.is_active


def has_role(roles, request):
    user = request.user
    if not len(roles) or not user:
        return False
    try:
        names = map(str, roles)
        return user and user.member_set.filter(role__iregex="^(" + "|".join(names) + ")$", team__slug=request.query_params["team"]).exists()
    except Exception as error:
        logger.warning("roles: %s", error)
    return False


def put_user(request):
    if (hasattr(request, "id") and request.id) and (hasattr(request, "user") and request.user):
        return
    token = request.META.get("HTTP_X_KEY")
    request.id = None
    request.user = None
    if token is None:
        return None
    try:
        user = Key.objects.get(key=token).user
    except Key.DoesNotExist:
        return
    request.id = user.username
    request.user = user
"""
MIDDLEWARE = """\
from django.utils.deprecation import MiddlewareMixin
from notes.models import Team


class Tenants:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.tenant = None
        slug = request.headers.get("X-Tenant")
        if slug:
            request.tenant = Team.objects.filter(slug=slug).first()
            if request.tenant is not None and request.tenant.open:
                request.plan = request.tenant.name
        return self.get_response(request)


class Windows(MiddlewareMixin):
    def process_request(self, request):
        if request.path.startswith("/planned/"):
            return
        self.find(request)

    def find(self, request):
        if hasattr(request, "plan"):
            request.window = request.GET.get("window")
"""
ACCESS = """\
from typing import cast

from django.http import Http404
from rest_framework import authentication, exceptions, filters, generics, permissions
from rest_framework_simplejwt.authentication import JWTAuthentication
from notes.models import Key, Member, Note, Team, put_user


class ByKey(authentication.BaseAuthentication):
    def authenticate(self, request):
        sent = request.headers.get("X-Key")
        if not sent:
            return None
        found = Key.objects.select_related("user", "team").filter(key=sent).first()
        if found is None:
            raise exceptions.AuthenticationFailed("No such key.")
        request.team = found.team
        request.via = "key"
        return (found.user, found)


class ByName(authentication.BaseAuthentication):
    def authenticate(self, request):
        found = Key.objects.select_related("user").filter(key=request.headers.get("X-Name", "")).first()
        return (found.user, None) if found is not None else None


class TeamToken(JWTAuthentication):
    def authenticate(self, request):
        result = super().authenticate(request)
        if result is None:
            return None
        user, token = result
        request.team = Team.objects.filter(slug=token.get("team", "")).first()
        request.via = token["kind"] if "kind" in token else None
        if request.team is None:
            raise exceptions.AuthenticationFailed("No team.")
        return user, token


class ActiveToken(TeamToken):
    def get_user(self, validated_token):
        return super().get_user(validated_token)


class SessionTeam(authentication.SessionAuthentication):
    def authenticate(self, request):
        result = super().authenticate(request)
        if result is not None:
            request.team = Team.objects.order_by("id").first()
        return result


class HasTeam(permissions.BasePermission):
    message = "No team."

    def has_permission(self, request, view):
        return getattr(request, "team", None) is not None


class InTeam(permissions.BasePermission):
    def has_permission(self, request, view):
        slug = request.query_params.get("team")
        if not slug:
            return False
        request.group = Team.objects.filter(slug=slug, open=True).first()
        if request.group is None:
            raise Http404
        return True

    def has_object_permission(self, request, view, obj):
        request.mine = obj.team_id == request.group.pk
        return request.mine or request.method == "GET"


class Marks(permissions.BasePermission):
    def has_permission(self, request, view):
        if "mark" in request.query_params:
            request.mark = len(request.query_params["mark"])
        return True


class Known(permissions.BasePermission):
    def has_permission(self, request, view):
        put_user(request)
        return request.id is not None


class Listing(permissions.BasePermission):
    def has_permission(self, request, view):
        put_user(request)
        return Note.may_list(request)


class First(permissions.BasePermission):
    def has_permission(self, request, view):
        request.first = request.query_params.get("first") == "1"
        return request.first


class Second(permissions.BasePermission):
    def has_permission(self, request, view):
        request.second = True
        return request.query_params.get("second") == "1"


def team_of(request):
    if not hasattr(request, "_team"):
        request._team = Team.objects.filter(slug=request.query_params.get("team", "")).first()
    return request._team


class ByModel(permissions.BasePermission):
    # The model has a method for each action, or for all that read.
    partial_is_update = True

    def has_permission(self, request, view):
        assert isinstance(view, generics.GenericAPIView), "It has no serializer."
        model = cast(type, view.get_serializer_class()).Meta.model
        if hasattr(view, "action"):
            name = "may_{action}".format(action=self._action(view.action))
            if hasattr(model, name):
                return getattr(model, name)(request)
        if request.method in permissions.SAFE_METHODS:
            return model.may_read(request)
        return model.may_remove(request)

    def _action(self, action):
        chosen = action
        if self.partial_is_update and action == "partial_update":
            chosen = "update"
        return chosen


class Cached(permissions.BasePermission):
    def has_permission(self, request, view):
        return team_of(request) is not None or request.method == "GET"


class Tenanted(permissions.BasePermission):
    def has_permission(self, request, view):
        key = Key.objects.filter(key=request.headers.get("X-Key", "")).first()
        if key is not None:
            request.tenant = key.team
            request.plan = "of the key"
        return request.tenant is not None


def begin(request):
    if "a" in request.query_params:
        request.begun = len(request.query_params["a"])


class OfTeam(filters.BaseFilterBackend):
    def filter_queryset(self, request, queryset, view):
        if request.team is None:
            return queryset.none()
        return queryset.filter(team=request.team)
"""
VIEWS = """\
import logging
import traceback

from rest_framework import generics, mixins, permissions, response, serializers, throttling, views, viewsets
from notes import access
from notes.models import Member, Note, Team

logger = logging.getLogger(__name__)


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["id", "title", "team"]
        read_only_fields = ["team"]


class OfTeamSerializer(NoteSerializer):
    own = serializers.SerializerMethodField()

    def get_own(self, obj):
        return obj.team_id == self.context["request"].team.pk

    def validate_title(self, value):
        if value == self.context["request"].team.name:
            raise serializers.ValidationError("Like the team.")
        return value

    class Meta(NoteSerializer.Meta):
        fields = ["id", "title", "team", "own"]


class GroupSerializer(NoteSerializer):
    group = serializers.SerializerMethodField()

    def get_group(self, obj):
        return self.context["request"].group.name

    class Meta(NoteSerializer.Meta):
        fields = ["id", "title", "group"]


class Keyed(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = OfTeamSerializer
    authentication_classes = [access.ByKey]
    permission_classes = [permissions.IsAuthenticated, access.HasTeam]

    def get_queryset(self):
        return Note.objects.filter(team=self.request.team)

    def perform_create(self, serializer):
        serializer.save(team=self.request.team)


class Either(views.APIView):
    authentication_classes = [access.ByName, access.ByKey]
    permission_classes = []

    def get(self, request):
        via = getattr(request, "via", None)
        return response.Response({"via": via, "has": hasattr(request, "via"), "user": request.user.username})


class Certain(views.APIView):
    authentication_classes = [access.ByName, access.ByKey]
    permission_classes = []

    def get(self, request):
        return response.Response({"via": request.via, "team": request.team.name if request.team else None})


class Tokened(Certain):
    authentication_classes = [access.TeamToken]


class Sessioned(views.APIView):
    authentication_classes = [access.SessionTeam, access.ByName]
    permission_classes = []

    def get(self, request):
        team = getattr(request, "team", None)
        return response.Response({"team": team.name if team else None, "user": request.user.username})


class Actives(Certain):
    authentication_classes = [access.ActiveToken]


class Filtered(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = [access.ByKey]
    permission_classes = [permissions.IsAuthenticated]
    filter_backends = [access.OfTeam]


class Grouped(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = GroupSerializer
    authentication_classes = []
    permission_classes = [access.InTeam]

    def retrieve(self, request, *args, **kwargs):
        note = self.get_object()
        return response.Response({"title": note.title, "mine": request.mine, "group": request.group.slug})

    def perform_destroy(self, instance):
        if self.request.mine:
            instance.delete()


class Marked(views.APIView):
    authentication_classes = []
    permission_classes = [access.Marks]

    def get(self, request):
        return response.Response({"mark": getattr(request, "mark", None), "is": hasattr(request, "mark")})

    def post(self, request):
        return response.Response({"mark": request.mark + 1})


class Whoever(views.APIView):
    authentication_classes = [access.ByName]
    permission_classes = [access.Known]

    def get(self, request):
        return response.Response({"id": request.id, "name": request.user.username if request.user else "-"})

    def post(self, request):
        access.put_user(request)
        return response.Response({"id": request.id, "name": request.user.first_name})


class Listed(mixins.ListModelMixin, viewsets.GenericViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = [access.Listing]

    def get_queryset(self):
        user = self.request.user
        if user is None:
            return Note.objects.none()
        return Note.objects.filter(team__members__user=user).distinct()


class OneOf(views.APIView):
    authentication_classes = []
    permission_classes = [access.First | access.Second]

    def get(self, request):
        return response.Response({"first": request.first, "second": getattr(request, "second", None)})


class BothOf(views.APIView):
    authentication_classes = []
    permission_classes = [access.First & access.Second]

    def get(self, request):
        return response.Response({"first": request.first, "second": request.second})


class Caching(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = [access.Cached]

    def get_queryset(self):
        team = access.team_of(self.request)
        return Note.objects.filter(team=team) if team is not None else Note.objects.all()

    def perform_create(self, serializer):
        serializer.save(team=access.team_of(self.request))


class Modelled(viewsets.ModelViewSet):
    queryset = Note.objects.all()
    serializer_class = NoteSerializer
    authentication_classes = []
    permission_classes = [access.ByModel]


class Branching(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        if "a" in request.query_params:
            request.letter = "a"
        elif "b" in request.query_params:
            request.letter = "b"
        return response.Response({"letter": self.letter()})

    def letter(self):
        return getattr(self.request, "letter", None)


class Begun(views.APIView):
    authentication_classes = []
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        access.begin(request)

    def get(self, request):
        return response.Response({"begun": getattr(request, "begun", None), "has": hasattr(request, "begun")})

    def post(self, request):
        return response.Response({"begun": request.begun})


class Opened(views.APIView):
    authentication_classes = []
    permission_classes = []

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if "b" in request.query_params:
            request.opened = Team.objects.filter(slug="red").first()

    def get(self, request):
        opened = getattr(request, "opened", None)
        return response.Response({"opened": opened.name if opened else None})


class Tenant(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        return response.Response({"tenant": request.tenant.name if request.tenant else None, "plan": getattr(request, "plan", None),
                                  "has": hasattr(request, "plan"), "window": getattr(request, "window", None)})

    def post(self, request):
        request.tenant = Team.objects.filter(slug="red").first()
        return response.Response({"tenant": request.tenant.name, "window": request.window})


class Planned(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        return response.Response({"plan": request.plan.upper(), "window": hasattr(request, "window")})


class Overridden(views.APIView):
    authentication_classes = []
    permission_classes = [access.Tenanted]

    def get(self, request):
        return response.Response({"tenant": request.tenant.slug, "plan": getattr(request, "plan", None)})


class TwoThings(views.APIView):
    authentication_classes = []
    permission_classes = [access.Marks]

    def get(self, request):
        if "x" in request.query_params:
            request.mark = "text"
        return response.Response({"mark": request.mark})


class InLoop(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        seen = []
        for text in request.query_params.getlist("a"):
            seen.append(hasattr(request, "last"))
            request.last = text
        return response.Response(seen)


class Asked(views.APIView):
    authentication_classes = [access.ByName]
    permission_classes = [access.Known, permissions.IsAuthenticated]

    def get(self, request):
        return response.Response({})


class Nameless(views.APIView):
    authentication_classes = []
    permission_classes = []

    def get(self, request):
        if "a" in request.query_params:
            logger.error(traceback.format_traceback(request)())
        return response.Response({})


class Limited(Whoever):
    throttle_classes = [throttling.UserRateThrottle]


class LimitedHere(Whoever):
    def get_throttles(self):
        return [throttling.UserRateThrottle()]


class Sometimes(permissions.BasePermission):
    def has_permission(self, request, view):
        if "nobody" in request.query_params:
            request.user = None
        return True


class Replaced(views.APIView):
    authentication_classes = [access.ByName]
    permission_classes = [Sometimes]

    def get(self, request):
        return response.Response({"name": request.user.username})
"""
VIEWSETS = ("Keyed", "Filtered", "Grouped", "Listed", "Caching", "Modelled")
PLAIN = (
    "Either", "Certain", "Marked", "Whoever", "OneOf", "BothOf", "Branching", "Begun", "Opened", "Tenant", "Planned", "Overridden",
    "TwoThings", "Tokened", "Sessioned", "Nameless",
)  # fmt: skip
REFUSED = {
    "Actives": "authentication",
    "InLoop": "assign-attribute",
    "Asked": "request",
    "Limited": "throttle",
    "LimitedHere": "throttle",
    "Replaced": "request",
}
URLS = (
    "from django.urls import path\nfrom rest_framework.routers import SimpleRouter\nfrom notes import views\n\n"
    "router = SimpleRouter()\n"
    + "".join(f'router.register("{v.lower()}", views.{v}, "{v.lower()}")\n' for v in VIEWSETS)
    + "urlpatterns = [*router.urls, "
    + ", ".join(f'path("{v.lower()}/", views.{v}.as_view())' for v in (*PLAIN, *REFUSED))
    + "]\n"
)
SECRET = "a-key-of-more-than-thirty-two-bytes-for-the-tests"
FILES = {
    "notes/models.py": MODELS, "notes/access.py": ACCESS, "notes/middleware.py": MIDDLEWARE, "notes/views.py": VIEWS, "site_/urls.py": URLS,
    "site_/settings.py": SETTINGS + f'SECRET_KEY = "{SECRET}"\n' 'REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] = {"user": "900/hour"}\n'
    'MIDDLEWARE += ["notes.middleware.Tenants", "notes.middleware.Windows"]\n',
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site.make(tmp_path_factory.mktemp("put"), FILES)


@pytest.fixture(scope="module")
def snapshot(site: Site) -> Snapshot:
    return site.snapshot()


def test_what_segue_cannot_follow_is_refused(snapshot: Snapshot) -> None:
    program = translate(snapshot)
    found = {r.route_id.strip("/"): r.reasons[0] for r in program.refused}
    assert {k: v.code for k, v in found.items()} == {k.lower(): v for k, v in REFUSED.items()}, found


ROWS = """\
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
red, blue = Team.objects.create(slug="red", name="Red"), Team.objects.create(slug="blue", name="Blue", open=False)
ann, bob = User.objects.create(username="ann", first_name="Ann"), User.objects.create(username="bob", is_active=False)
for key, user, team in (("a", ann, red), ("b", bob, blue), ("n", ann, None)):
    Key.objects.create(key=key, user=user, team=team)
Member.objects.create(user=ann, team=red)
for title, team in (("one", red), ("two", blue), ("three", None), ("four", red)):
    Note.objects.create(title=title, team=team)
session = SessionStore(session_key="k" * 32)
session.update({SESSION_KEY: str(ann.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
                HASH_SESSION_KEY: ann.get_session_auth_hash()})
session.save(must_create=True)
"""


def _token(**claims: str) -> dict[str, str]:
    given = {
        "token_type": "access",
        "exp": 4_000_000_000,
        "iat": 1_700_000_000,
        "jti": "1",
        "user_id": "1",
        **claims,
    }
    return {"Authorization": f"Bearer {jwt.encode(given, SECRET, 'HS256')}"}


def _requests() -> list[Asking]:
    """Every route with what its code asks for, as is and otherwise."""
    keys = [{}, *({"X-Key": k} for k in "abnz")]
    out = [Asking("GET", p, k) for p in ("/keyed/", "/filtered/", "/whoever/", "/listed/") for k in keys]
    for name in ("X-Key", "X-Name"):
        out += [Asking("GET", p, {name: k}) for p in ("/either/", "/certain/") for k in "abnz"]
    for key in keys:
        out.append(Asking("POST", "/whoever/", key))
        out += [Asking("POST", "/keyed/", key, f'{{"title": "{t}"}}') for t in ("new", "Red")]
        out += [Asking(m, f"/keyed/{pk}/", key, '{"title": "x"}') for m in ("GET", "PATCH") for pk in (1, 2)]
    for team in ("", "?team=red", "?team=blue", "?team=none"):
        out += [
            Asking("GET", f"/{name}/{pk}{team}") for name in ("grouped", "caching") for pk in ("", "1/", "2/")
        ]
        out += [Asking("POST", f"/{name}/{team}", {}, '{"title": "put"}') for name in ("grouped", "caching")]
        out += [Asking("DELETE", f"/grouped/{pk}/{team}") for pk in (2, 4)]
    for path in ("/tenant/", "/planned/", "/overridden/"):
        sent = [{}, *({"X-Tenant": t} for t in ("red", "blue", "none"))]
        out += [
            Asking("GET", f"{path}?window=w", {**a, **b})
            for a in sent
            for b in ({}, {"X-Key": "b"}, {"X-Key": "n"})
        ]
        out += [Asking("POST", path, a) for a in sent]
    for key in keys:
        out += [
            Asking("PATCH", f"/modelled/1/{team}", key, '{"title": "m"}')
            for team in ("", "?team=red", "?team=blue")
        ]
        out += [
            Asking("GET", "/modelled/", key),
            Asking("GET", "/modelled/1/", key),
            Asking("POST", "/modelled/", key, '{"title": "p"}'),
        ]
    out += [Asking("DELETE", f"/modelled/3/{sure}") for sure in ("", "?sure=2", "?sure=3")]
    tokens = [
        _token(**c)
        for c in (
            {"team": "red"},
            {"team": "blue", "kind": "b"},
            {},
            {"user_id": "2", "team": "red"},
            {"user_id": "9"},
        )
    ]
    out += [Asking("GET", "/tokened/", h) for h in ({}, {"Authorization": "Bearer x"}, *tokens)]
    out += [
        Asking("GET", "/sessioned/", h) for h in ({}, {"Cookie": f"sessionid={'k' * 32}"}, {"X-Name": "a"})
    ]
    out += [Asking("GET", f"/twothings/{query}") for query in ("", "?x=1", "?mark=a", "?mark=a&x=1")]
    queries = ("", "?mark=abc", "?first=1", "?second=1", "?first=1&second=1", "?a=1", "?b=1&a=1", "?b=1")
    for path in ("/marked/", "/oneof/", "/bothof/", "/branching/", "/begun/", "/opened/", "/nameless/"):
        out += [Asking(method, path + query) for query in queries for method in ("GET", "POST", "HEAD")]
    return out


def test_both_sides_read_the_same(site: Site, snapshot: Snapshot, tmp_path: Path) -> None:
    program = translate(snapshot)
    write(program, tmp_path / "fastapi")
    requests = _requests()
    pairs = both(site, tmp_path / "fastapi", ROWS, requests, SECRET)
    assert other_answers(pairs, requests) == []
    met: dict[tuple[str, str], set[int]] = {}
    for one, (told, _) in zip(requests, pairs, strict=True):
        met.setdefault((one.method, one.path.split("/")[1]), set()).add(told.status)
    for method, route, *statuses in (
        ("GET", "keyed", 200, 403, 404), ("POST", "keyed", 201, 400, 403), ("PATCH", "keyed", 200, 404), ("GET", "filtered", 200, 403),
        ("GET", "grouped", 200, 403, 404), ("DELETE", "grouped", 204, 403, 404), ("GET", "listed", 200, 403), ("GET", "either", 200),
        ("GET", "certain", 200, 500), ("GET", "marked", 200), ("POST", "marked", 200, 500), ("GET", "whoever", 200, 403),
        ("POST", "whoever", 200, 403), ("GET", "oneof", 200, 403), ("GET", "bothof", 200, 403), ("GET", "caching", 200),
        ("POST", "caching", 201, 403), ("GET", "branching", 200), ("GET", "begun", 200), ("GET", "opened", 200), ("GET", "nameless", 200, 500), ("GET", "tokened", 200, 401, 500), ("GET", "sessioned", 200), ("GET", "twothings", 200, 500), ("GET", "modelled", 200, 403),
        ("PATCH", "modelled", 200, 403), ("POST", "modelled", 201), ("DELETE", "modelled", 204, 403), ("GET", "tenant", 200),
        ("POST", "tenant", 200, 500), ("GET", "planned", 200, 500), ("GET", "overridden", 200, 403), ("POST", "begun", 200, 500),
    ):  # fmt: skip
        assert set(statuses) <= met[method, route], (method, route, met[method, route])
