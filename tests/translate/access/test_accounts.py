"""Views of accounts: a package's settings object, ``permission_denied``, a method put in the place of another,
serializers that keep a user, passwords, tokens, signals of the project's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.projects.site import SETTINGS, Site, differences

from segue.snapshot.model import Snapshot
from segue.translate.program import translate

FILES = {
    "site_/settings.py": SETTINGS.replace(
        '"rest_framework",', '"rest_framework", "rest_framework.authtoken", "dj_rest_auth",'
    )
    + """\
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 3}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "notes.conf.NotRed"},
]
ACCOUNTS = {"HIDE": True}
""",
    "notes/conf.py": """\
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.utils.functional import LazyObject
from django.utils.module_loading import import_string


class Table(dict):
    def __getattribute__(self, name):
        try:
            return [import_string(v) for v in self[name]]
        except KeyError:
            return super().__getattribute__(name)


class Settings:
    def __init__(self):
        self.HIDE = False
        self.PERMISSIONS = Table(
            users=["rest_framework.permissions.IsAuthenticated"], one=["notes.permissions.OwnOrStaff"]
        )
        for key, value in django_settings.ACCOUNTS.items():
            setattr(self, key, value)


class LazySettings(LazyObject):
    def _setup(self):
        self._wrapped = Settings()


settings = LazySettings()


class NotRed:
    def validate(self, password, user=None):
        if password == "red" or (user is not None and user.is_staff and "staff" in password):
            raise ValidationError("%(word)s is too red.", params={"word": password})

    def get_help_text(self):
        return "Not red."
""",
    "notes/permissions.py": """\
from rest_framework import permissions


class OwnOrStaff(permissions.IsAuthenticated):
    message = "Not yours."

    def has_object_permission(self, request, view, obj):
        return request.user.is_staff or obj.pk == request.user.pk
""",
    "notes/models.py": """\
from django.contrib.auth import get_user_model
from django.db import models
from django.dispatch import Signal, receiver

renamed, greeted = Signal(), Signal()


class Line(models.Model):
    user = models.ForeignKey(get_user_model(), models.CASCADE)
    text = models.CharField(max_length=40)


@receiver(renamed)
def note(sender, user, old, **kwargs):
    Line.objects.create(user=user, text=old[:40])
""",
    "notes/serializers.py": """\
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core import exceptions
from django.db import IntegrityError, transaction
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode
from rest_framework import serializers

User = get_user_model()


class UserSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "email"]
        read_only_fields = ["username"]

    def update(self, instance, validated_data):
        instance.touched = True
        return super().update(instance, validated_data)


class NewUserSerializer(serializers.ModelSerializer):
    password = serializers.CharField(write_only=True)
    default_error_messages = {"taken": "Cannot create {name}."}

    class Meta:
        model = User
        fields = ["id", "username", "email", "password"]

    def validate(self, attrs):
        try:
            validate_password(attrs.get("password"), User(**attrs))
        except exceptions.ValidationError as e:
            raise serializers.ValidationError({"password": serializers.as_serializer_error(e)["non_field_errors"]})
        return attrs

    def create(self, validated_data):
        try:
            with transaction.atomic():
                return User.objects.create_user(**validated_data)
        except IntegrityError:
            self.fail("taken", name="them")


class PasswordSerializer(serializers.Serializer):
    current = serializers.CharField()
    default_error_messages = {"wrong": "Wrong password."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["new_password"] = serializers.CharField()

    def validate_current(self, value):
        if not self.context["request"].user.check_password(value):
            self.fail("wrong")
        return value

    def validate(self, attrs):
        user = getattr(self, "user", None) or self.context["request"].user
        try:
            validate_password(attrs["new_password"], user)
        except exceptions.ValidationError as e:
            raise serializers.ValidationError({"new_password": list(e.messages)})
        return attrs


class LoginSerializer(serializers.Serializer):
    password = serializers.CharField(required=False)
    default_error_messages = {"nobody": "Nobody."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = None
        self.fields[User.USERNAME_FIELD] = serializers.CharField(required=False)

    def validate(self, attrs):
        given = {User.USERNAME_FIELD: attrs.get("username")}
        self.user = authenticate(self.context["request"], **given, password=attrs.get("password"))
        if not self.user:
            self.fail("nobody")
        return attrs


class CodeSerializer(serializers.Serializer):
    username = serializers.CharField()

    def validate(self, attrs):
        found = User.objects.filter(username=attrs["username"]).first()
        if found is None:
            raise serializers.ValidationError("Nobody.")
        self.context["user"] = found
        return attrs


class SeenSerializer(serializers.Serializer):
    username = serializers.CharField()

    def validate(self, attrs):
        if self.context["view"].wanted:
            raise serializers.ValidationError("No.")
        return attrs


class ConfirmSerializer(serializers.Serializer):
    uid = serializers.CharField()
    token = serializers.CharField()
    default_error_messages = {"no_uid": "No such user."}

    def validate(self, attrs):
        try:
            self.user = User.objects.get(pk=force_str(urlsafe_base64_decode(self.initial_data.get("uid", ""))))
        except (User.DoesNotExist, ValueError, TypeError, OverflowError):
            raise serializers.ValidationError({"uid": [self.error_messages["no_uid"]]})
        if not self.context["view"].tokens.check_token(self.user, self.initial_data.get("token", "")):
            raise serializers.ValidationError({"token": ["Stale."]})
        return attrs
""",
    "notes/views.py": """\
from datetime import timedelta

from django.contrib.auth import get_user_model, user_logged_in
from django.contrib.auth.tokens import default_token_generator
from django.utils import timezone
from rest_framework import generics, viewsets
from rest_framework.authtoken.models import Token
from django.contrib.auth.hashers import check_password, make_password
from rest_framework.authtoken.views import ObtainAuthToken
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from notes import models, serializers
from notes.conf import settings

User = get_user_model()


class Users(viewsets.ModelViewSet):
    queryset = User.objects.order_by("pk")
    serializer_class = serializers.UserSerializer
    permission_classes = settings.PERMISSIONS.users
    tokens = default_token_generator

    def permission_denied(self, request, **kwargs):
        if settings.HIDE and request.user.is_authenticated and self.action == "retrieve":
            raise NotFound()
        super().permission_denied(request, **kwargs)

    def get_permissions(self):
        if self.action in ("create", "confirm"):
            self.permission_classes = [AllowAny]
        elif self.action in ("retrieve", "update", "partial_update"):
            self.permission_classes = settings.PERMISSIONS.one
        return super().get_permissions()

    def get_serializer_class(self):
        if self.action == "create":
            return serializers.NewUserSerializer
        if self.action == "password":
            return serializers.PasswordSerializer
        if self.action == "confirm":
            return serializers.ConfirmSerializer
        return self.serializer_class

    def get_instance(self):
        return self.request.user

    def perform_update(self, serializer, *args, **kwargs):
        old = serializer.instance.first_name
        super().perform_update(serializer, *args, **kwargs)
        models.renamed.send(sender=self.__class__, user=serializer.instance, old=old, request=self.request)
        models.greeted.send(sender=self.__class__, user=serializer.instance)

    @action(["get", "put", "patch"], detail=False)
    def me(self, request, *args, **kwargs):
        self.get_object = self.get_instance
        if request.method == "GET":
            return self.retrieve(request, *args, **kwargs)
        elif request.method == "PUT":
            return self.update(request, *args, **kwargs)
        elif request.method == "PATCH":
            return self.partial_update(request, *args, **kwargs)

    @action(["post"], detail=False)
    def password(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        request.user.set_password(serializer.data["new_password"])
        request.user.save()
        return Response(status=204)

    @action(["post"], detail=False)
    def confirm(self, request, *args, **kwargs):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.user
        setattr(user, "is_active", True)
        user.save()
        return Response({"user": user.username})


class Plain(ObtainAuthToken):
    pass


class Own(ObtainAuthToken):
    def post(self, request, *args, **kwargs):
        serializer = self.serializer_class(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        user = serializer.validated_data["user"]
        token, created = Token.objects.get_or_create(user=user)
        return Response({"user": user.username, "known": token.user_id})


class Code(generics.GenericAPIView):
    permission_classes = [AllowAny]

    def post(self, request):
        serializer = serializers.CodeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"user": serializer.context["user"].username})


class Hashed(generics.GenericAPIView):
    permission_classes = [AllowAny]

    def get(self, request):
        encoded = make_password("secret")
        return Response(
            {
                "right": check_password("secret", encoded),
                "wrong": check_password("other", encoded),
                "unusable": check_password("secret", make_password(None)),
                "begins": encoded.split("$")[0],
                "again": make_password("secret") == encoded,
            }
        )


class Kept(generics.GenericAPIView):
    # What a view's own method puts on it, for those that it calls.
    serializer_class = serializers.UserSerializer
    user = None

    def find(self):
        self.user = self.get_queryset().get(pk=self.chosen)

    def get_queryset(self):
        return User.objects.order_by("pk")

    def shown(self):
        if self.user:
            text = self.user.username
            return Response({"user": text, "one": self.one, "data": self.found.data})
        return Response({})

    def dispatch(self, *args, **kwargs):
        return super().dispatch(*args, **kwargs)

    def post(self, request):
        self.request = request
        self.one, self.chosen = 1, self.get_queryset().first().pk
        self.find()
        self.found = self.get_serializer(self.user)
        return self.shown()


class Cookies(generics.GenericAPIView):
    def post(self, request):
        response = Response({"set": True})
        response.set_cookie("plain", f"{request.user.username}; all")
        response.set_cookie(
            key="until", value="x", expires=timezone.now() + timedelta(hours=2), httponly=True, samesite="Strict"
        )
        response.set_cookie("until", "y", max_age=60, path="/own/", secure=True, domain="there.org")
        mark(response, "both")
        response.delete_cookie("gone", samesite="None")
        return response


def mark(response, name):
    response.set_cookie(name, "1", max_age=timedelta(minutes=1))


class Torn(generics.GenericAPIView):
    queryset = User.objects.order_by("pk")
    wanted = None

    def post(self, request):
        if request.data.get("all"):
            self.wanted = "all"
        return Response({"wanted": self.wanted})


class Seen(generics.GenericAPIView):
    serializer_class = serializers.SeenSerializer
    wanted = None

    def post(self, request):
        self.wanted = "all"
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"wanted": self.wanted})


class Login(generics.GenericAPIView):
    serializer_class = serializers.LoginSerializer
    permission_classes = [AllowAny]

    def post(self, request):
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token, _ = Token.objects.get_or_create(user=serializer.user)
        user_logged_in.send(sender=serializer.user.__class__, request=request, user=serializer.user)
        return Response({"known": token.user_id})
""",
    "site_/urls.py": """\
from django.urls import include, path, re_path
from notes import views
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

router = SimpleRouter()
router.register("users", views.Users)
urlpatterns = [path("", include(router.urls)), path("token/", views.Plain.as_view()), path("own/", views.Own.as_view()), path("code/", views.Code.as_view()), re_path(r"^login/?$", views.Login.as_view())]
urlpatterns += [path("plain/", obtain_auth_token), path("kept/", views.Kept.as_view()), path("hashed/", views.Hashed.as_view()), path("torn/", views.Torn.as_view()), path("seen/", views.Seen.as_view()), path("cookies/", views.Cookies.as_view())]
urlpatterns += [path("a/", include("dj_rest_auth.urls"))]
""",
}
NATIVE = {
    "GET /users/", "POST /users/", "GET /users/me/", "PUT /users/me/", "PATCH /users/me/", "POST /users/password/",
    "POST /users/confirm/", "GET /users/{pk}/", "PUT /users/{pk}/", "PATCH /users/{pk}/", "DELETE /users/{pk}/",
    "POST /login", "POST /token/", "POST /own/", "POST /code/", "GET /hashed/", "POST /plain/", "POST /kept/", "POST /cookies/",
    # dj-rest-auth's, as they are; test_account_packages has the steps
    "POST /a/password/change", "POST /a/password/reset/confirm", "POST /a/login", "GET /a/logout", "POST /a/logout", "GET /a/user", "PUT /a/user", "PATCH /a/user",
}  # fmt: skip


def test_accounts(tmp_path: Path) -> None:
    root = tmp_path / "site"
    root.mkdir()
    site = Site.make(root, FILES)
    snapshot = site.snapshot()
    program, report = site.explore(snapshot, tmp_path / "out", cases=220, seconds=8)
    assert {f"{o.method} {o.route_id}" for o in program.native} == NATIVE, program.refused
    assert differences(report) == []
    answers = {o.key: o.statuses for o in report.operations}
    assert answers["POST /token/"].get("200"), answers
    refused = {r.route_id: r.reasons[0].code for r in program.refused}
    assert refused["/torn/"] == "assign-attribute"
    assert refused["/seen/"] == "view-attribute"
    assert _without_help(snapshot) == ["notes.conf.NotRed"]
    for key in (
        "POST /own/",
        "POST /plain/",
        "POST /kept/",
        "POST /a/login",
        "POST /a/password/change",
    ):
        assert answers[key].get("200"), (key, answers[key])


def _without_help(snapshot: Snapshot) -> list[str]:
    """What is refused of a new password where a validator has no ``get_help_text``, which Django's form calls."""
    known = snapshot.classes["notes.conf.NotRed"]
    bare = replace(known, methods={k: v for k, v in known.methods.items() if k != "get_help_text"})
    routes = tuple(r for r in snapshot.routes if r.path == "/a/password/change")
    changed = replace(snapshot, routes=routes, classes={**snapshot.classes, known.name: bare})
    return [r.reasons[0].construct for r in translate(changed).refused]
