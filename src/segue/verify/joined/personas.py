"""Who asks: anonymous, every kind of user there is, and bad credentials."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from . import kept_sessions, oauth2, own_credentials
from .payloads import HOLDERS, PASSWORD, is_secret

LIMIT = 10
_NOBODY = "2147483000"  # a key that no row has
Header = tuple[str, str]


class Persona:
    """A user under a name; ``session`` are the headers of a logged-in browser, ``bad_sessions`` those of sessions that are good
    no more: made once."""

    def __init__(self, name: str, user: Any) -> None:
        self.name, self.user = name, user
        self.session = _session(user) if user is not None else []

    @functools.cached_property
    def bad_sessions(self) -> list[tuple[str, list[Header]]]:
        """What went wrong with each, and its headers."""
        return _bad_session(self)


def users(operations: Sequence[dict[str, Any]] = ()) -> list[Persona]:
    """One persona of each kind. Missing kinds are created; call it outside of any case.

    Where ``operations`` read passwords in their bodies the first ones have :data:`~.payloads.PASSWORD`.
    """
    from django.contrib.auth import get_user_model

    secret = any(is_secret(key) for operation in operations for key in operation.get("data_keys", ()))

    out: list[Persona] = []
    seen: set[Any] = set()
    for name, find in _kinds(get_user_model()):
        user = find()
        if user is not None and user.pk not in seen and len(out) < LIMIT:
            seen.add(user.pk)
            if secret and len(out) < 3:
                _with_password(user)
            out.append(Persona(name, user))
    return out


def people_for(
    authenticators: list[Any], known: list[Persona], by_session_last: bool = False
) -> list[dict[str, Any]]:
    """``{"name", "headers", "user"}`` for a view with these authentication classes.

    Everybody comes by the first kind of credential that the view reads; two come by the others as well. ``by_session_last``:
    sessions are left to Django, so that whoever has another credential comes by that.
    """
    ways = [way for way in (_way(a) for a in authenticators) if way is not None]
    if by_session_last:
        ways.sort(key=lambda way: way[0] == "session")
    out: list[dict[str, Any]] = [{"name": "anonymous", "headers": [], "user": None}]
    for index, (label, headers_of) in enumerate(ways[:3]):
        # Checking a password costs what it costs: two personas are enough for Basic.
        for number, person in enumerate(known):
            if (index or label == "basic") and number not in (0, 2):
                continue
            headers = headers_of(person)
            if headers:
                name = person.name if index == 0 else f"{person.name} ({label})"
                out.append({"name": name, "headers": headers, "user": person.user.pk})
    for authenticator in authenticators:
        if type(authenticator).__module__.partition(".")[0] not in (
            "rest_framework",
            "rest_framework_simplejwt",
            "knox",
            "oauth2_provider",
        ):
            bad = own_credentials.bad_headers(authenticator)
            out += [{"name": name, "headers": headers, "user": None} for name, headers in bad]
    for label, _ in ways[:3]:
        bad = list(_BAD.get(label, []))
        if known and label in _BAD_OF:
            bad += _BAD_OF[label](known[0])
        out += [{"name": name, "headers": headers, "user": None} for name, headers in bad]
    first = next((p for p in known if p.session), None)
    if first is not None and any(label == "session" for label, _ in ways):
        out.append(
            {"name": f"{first.name} without CSRF token", "headers": first.session[:1], "user": first.user.pk}
        )
    return out


_BAD: dict[str, list[tuple[str, list[Header]]]] = {
    "token": [
        ("bad token", [("Authorization", "Token nonsense")]), ("broken header", [("Authorization", "Token")]),
        ("token of three words", [("Authorization", "Token a b")]), ("lower-case token", [("Authorization", "token x")]),
    ],
    "basic": [
        ("wrong password", [("Authorization", "Basic eDp5")]), ("broken basic", [("Authorization", "Basic !")]),
        ("empty basic", [("Authorization", "Basic")]),
    ],
    "session": [("bad session", [("Cookie", "sessionid=nonsense")])],
}  # fmt: skip


def _way(authenticator: Any) -> tuple[str, Callable[[Persona], list[Header]]] | None:
    """How a user proves who she is to this authenticator; None for one we have no credential for."""
    from rest_framework import authentication

    if isinstance(authenticator, authentication.TokenAuthentication):
        # A subclass may look elsewhere for its keys: it is asked first.
        own = type(authenticator) is not authentication.TokenAuthentication
        return (
            "token",
            lambda person: (
                (own_credentials.headers_of(authenticator, person.user) if own else [])
                or _token(authenticator, person.user)
            ),
        )
    if _comes_from(authenticator, "rest_framework_simplejwt.authentication", "JWTAuthentication"):
        return "jwt", lambda person: _jwt(person.user)
    if _comes_from(authenticator, "knox.auth", "TokenAuthentication"):
        return "knox", lambda person: _knox(person.user)
    if _comes_from(
        authenticator, "oauth2_provider.contrib.rest_framework.authentication", "OAuth2Authentication"
    ):
        return "oauth2", lambda person: oauth2.headers_of(person.user)
    if isinstance(authenticator, authentication.SessionAuthentication):
        return "session", lambda person: person.session
    if isinstance(authenticator, authentication.BasicAuthentication):
        return "basic", lambda person: _basic(person.user)
    if isinstance(authenticator, authentication.BaseAuthentication):
        return "own", lambda person: own_credentials.headers_of(authenticator, person.user)
    return None


def _comes_from(authenticator: Any, module: str, name: str) -> bool:
    return any(c.__module__ == module and c.__name__ == name for c in type(authenticator).__mro__)


def _knox(user: Any, seconds: float = 3600) -> list[Header]:
    """A token by the project's own Knox."""
    from knox.models import get_token_model
    from knox.settings import knox_settings

    token = get_token_model().objects.create(user, expiry=timedelta(seconds=seconds))[1]
    return [("Authorization", f"{knox_settings.AUTH_HEADER_PREFIX} {token}")]


def _bad_knox(person: Persona) -> list[tuple[str, list[Header]]]:
    header, text = _knox(person.user)[0]
    word = text.partition(" ")[0]
    return [
        ("forged token", [(header, f"{text[:-4]}0000")]),
        ("cut token", [(header, text[:-1])]),
        ("nonsense token", [(header, f"{word} nonsense")]),
        ("token of three words", [(header, f"{word} a b")]),
        ("header without token", [(header, word)]),
        ("expired token", _knox(person.user, -3600)),
    ]


def _jwt(user: Any, **change: Any) -> list[Header]:
    """A token by the project's own simplejwt. ``change``: claims set anew, or left out where None."""
    from rest_framework_simplejwt.settings import api_settings

    token = api_settings.AUTH_TOKEN_CLASSES[0].for_user(user)
    token.set_exp(lifetime=timedelta(hours=1))
    for name, value in change.items():
        if value is None:
            token.payload.pop(name, None)
        else:
            token.payload[name] = value
    kind = api_settings.AUTH_HEADER_TYPES
    header = api_settings.AUTH_HEADER_NAME.replace("HTTP_", "", 1).replace("_", "-").title()
    return [(header, f"{kind if isinstance(kind, str) else kind[0]} {token}")]


def _bad_jwt(person: Persona) -> list[tuple[str, list[Header]]]:
    from rest_framework_simplejwt.settings import api_settings

    good = _jwt(person.user)
    header, text = good[0]
    word, _, token = text.partition(" ")
    body = ".".join(token.split(".")[:2])
    return [
        ("forged token", [(header, f"{word} {body}.{'A' * 43}")]),
        ("unsigned token", [(header, f"{word} eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{token.split('.')[1]}.")]),
        ("nonsense token", [(header, f"{word} nonsense")]),
        ("token of three words", [(header, f"{word} a b")]),
        ("header without token", [(header, word)]),
        ("another kind of header", [(header, f"X{word} {token}")]),
        ("expired token", _jwt(person.user, exp=1_000_000_000)),
        ("token of another type", _jwt(person.user, **{api_settings.TOKEN_TYPE_CLAIM or "typ": "refresh"})),
        ("token without id", _jwt(person.user, **{api_settings.JTI_CLAIM or "jti": None})),
        ("token of nobody", _jwt(person.user, **{api_settings.USER_ID_CLAIM: _NOBODY})),
        ("token without user", _jwt(person.user, **{api_settings.USER_ID_CLAIM: None})),
    ]


def _bad_session(person: Persona) -> list[tuple[str, list[Header]]]:
    """Sessions that were good once: over, of another password, of a user who is gone."""
    from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY

    changes: list[tuple[str, Callable[[Any], None]]] = [
        ("expired session", lambda session: session.set_expiry(-60)),
        ("session of another password", lambda session: session.__setitem__(HASH_SESSION_KEY, "0" * 64)),
        ("session of nobody", lambda session: session.__setitem__(SESSION_KEY, _NOBODY)),
    ]
    return [(name, headers) for name, change in changes if (headers := _session(person.user, change))]


def _bad_basic(person: Persona) -> list[tuple[str, list[Header]]]:
    from base64 import b64encode

    # A user model need not be AbstractBaseUser's child, which has get_username().
    name = getattr(person.user, type(person.user).USERNAME_FIELD)
    pair = f"{name}:not-her-password".encode()
    return [("user with a wrong password", [("Authorization", f"Basic {b64encode(pair).decode()}")])]


_BAD_OF: dict[str, Callable[[Persona], list[tuple[str, list[Header]]]]] = {
    "jwt": _bad_jwt,
    "knox": _bad_knox,
    "oauth2": lambda person: oauth2.bad_headers(person.user),
    "session": lambda person: person.bad_sessions,
    "basic": _bad_basic,
}


def owners(model: Any, known: list[Persona], found: dict[Any, Persona], most: int = 2) -> list[Persona]:
    """Personas for users who own rows of ``model``, directly or by what the row belongs to, and are not ``known``.

    ``found`` keeps them by key for the next model.
    """
    from django.contrib.auth import get_user_model

    users_model = get_user_model()
    taken = {person.user.pk for person in known}
    out: list[Persona] = []
    for path in _owner_paths(model, users_model):
        rows = model._base_manager.exclude(**{path: None}).exclude(**{f"{path}__in": taken})
        for key in list(rows.order_by(path).values_list(path, flat=True).distinct()[:most]):
            user = users_model._base_manager.filter(pk=key).first()
            if user is not None and len(out) < most:
                taken.add(key)
                out.append(found.setdefault(key, Persona(f"owner {key}", user)))
    return out


def _owner_paths(model: Any, users_model: Any) -> list[str]:
    """Relations of ``model`` that lead to users, at most two steps away."""
    near, far = [], []
    for field in model._meta.concrete_fields:
        related: Any = field.related_model if field.is_relation else None
        if related is None or isinstance(related, str):
            continue
        if related is users_model:
            near.append(field.name)
        else:
            far += [
                f"{field.name}__{inner.name}"
                for inner in related._meta.concrete_fields
                if inner.is_relation and inner.related_model is users_model
            ]
    return [*near, *far]


def _kinds(model: Any) -> list[tuple[str, Callable[[], Any]]]:
    from django.contrib.auth.models import Group

    fields = {f.name: f for f in model._meta.get_fields()}
    manager = model._base_manager

    def only(**conditions: Any) -> dict[str, Any]:
        return {k: v for k, v in conditions.items() if k in fields}

    def first(**conditions: Any) -> Any:
        if not set(conditions) <= set(fields):
            return None
        return manager.filter(**conditions).order_by("pk").first() or _make(model, conditions)

    def last(**conditions: Any) -> Any:
        return manager.filter(**conditions).order_by("-pk").first()

    plain = only(is_staff=False, is_superuser=False, is_active=True)
    out: list[tuple[str, Callable[[], Any]]] = [
        ("plain", lambda: first(**plain)),
        ("another", lambda: manager.filter(**plain).order_by("pk")[1:2].first() or _make(model, plain)),
        ("superuser", lambda: first(is_superuser=True, is_active=True)),
        ("staff", lambda: first(is_staff=True, is_superuser=False, is_active=True)),
        ("inactive", lambda: first(is_active=False)),
    ]
    if {"user_permissions", "groups"} <= set(fields):
        out += [
            ("granted view and change", lambda: _granted(model, plain, ("view_", "change_"), by_group=False)),
            (
                "granted add and delete by group",
                lambda: _granted(model, plain, ("add_", "delete_"), by_group=True),
            ),
        ]

    def having(name: str, value: Any) -> Callable[[], Any]:
        return lambda: last(**{**plain, name: value}) or last(**{name: value})

    if "groups" in fields:
        out += [
            (f"group {group.name}", having("groups", group)) for group in Group.objects.order_by("pk")[:3]
        ]
    for name, field in fields.items():
        if getattr(field, "choices", None) and field.concrete:
            out += [(f"{name}={value}", having(name, value)) for value, _ in list(field.flatchoices)[:4]]
    return out


def _granted(model: Any, conditions: dict[str, Any], verbs: tuple[str, ...], *, by_group: bool) -> Any:
    """A new user with the permissions that begin so, her own or those of a group made for her."""
    from django.contrib.auth.models import Group, Permission

    user = _make(model, conditions)
    if user is None:
        return None
    try:
        with transaction.atomic():
            found = [p for p in Permission.objects.all() if p.codename.startswith(verbs)]
            if by_group:
                group, _ = Group.objects.get_or_create(name="segue")
                group.permissions.set(found)
                user.groups.add(group)
            else:
                user.user_permissions.set(found)
    except Exception:  # noqa: BLE001 - permissions of the project's own making
        return None
    return user


def _make(model: Any, conditions: dict[str, Any]) -> Any:
    from .seeding import instance

    try:
        with transaction.atomic():
            return instance(model, 70 + model._base_manager.count(), conditions)
    except Exception:  # noqa: BLE001 - a user model we cannot fill: that persona is left out
        return None


def _token(authenticator: Any, user: Any) -> list[Header]:
    try:
        with transaction.atomic():
            token = authenticator.get_model().objects.get_or_create(user=user)[0]
    except Exception:  # noqa: BLE001 - a token model of the project's own
        return []
    key = getattr(token, "key", None)  # a model of the project's own calls it otherwise
    return [("Authorization", f"{authenticator.keyword} {key}")] if key else []


def _basic(user: Any) -> list[Header]:
    from base64 import b64encode

    _with_password(user)
    pair = f"{getattr(user, user.USERNAME_FIELD)}:{PASSWORD}".encode()
    return [("Authorization", f"Basic {b64encode(pair).decode()}")]


def _with_password(user: Any) -> None:
    # A user model without AbstractBaseUser keeps no password: whoever checks it decides what this one is worth.
    if hasattr(user, "set_password") and not (user.has_usable_password() and user.check_password(PASSWORD)):
        user.set_password(PASSWORD)
        user.save()
    name = getattr(user, user.USERNAME_FIELD)
    if name not in HOLDERS:
        HOLDERS.append(name)


def _session(user: Any, change: Callable[[Any], None] | None = None) -> list[Header]:
    """Cookie and CSRF header of a logged-in session (``change``: of its data); [] without sessions."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    try:
        client.force_login(user)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        if change is not None:
            session = client.session
            change(session)
            session.save()
        kept_sessions.keep(key)
    except Exception:  # noqa: BLE001 - no session middleware, or a backend that will not have it
        return []
    token = "a" * 32
    return [
        ("Cookie", f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={token}"),
        ("X-CSRFToken", token),
    ]
