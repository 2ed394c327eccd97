"""django-rest-knox and djangorestframework-api-key, for :mod:`identity_child`."""

from __future__ import annotations

import datetime as dt
from typing import Any


def knox_settings(given: dict[str, Any]) -> None:
    """Use other ``REST_KNOX``; durations in seconds."""
    import hashlib

    from knox.settings import knox_settings as held

    held.reload()
    for name, value in given.items():
        if name.endswith("TTL") and value is not None:
            value = dt.timedelta(seconds=value)
        setattr(held, name, getattr(hashlib, value) if name == "SECURE_HASH_ALGORITHM" else value)
        held._cached_attrs.add(name)  # so that reload() forgets it


def knox_create(pk: int, seconds: float | None) -> str:
    """A new token of that user."""
    from django.contrib.auth.models import User
    from knox.models import AuthToken

    expiry = None if seconds is None else dt.timedelta(seconds=seconds)
    return str(AuthToken.objects.create(User.objects.get(pk=pk), expiry=expiry)[1])


def knox(headers: dict[str, str]) -> Any:
    """Who ``TokenAuthentication`` says it is."""
    from knox.auth import TokenAuthentication
    from rest_framework.exceptions import APIException
    from rest_framework.test import APIRequestFactory

    request = APIRequestFactory().get("/", headers=dict(headers))
    try:
        found = TokenAuthentication().authenticate(request)
    except APIException as error:
        return [error.status_code, str(error.detail)]
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        return [500, type(error).__name__]
    if found is None:
        return None
    return [found[0].pk, found[1].token_key, found[1].expiry and found[1].expiry.isoformat()]


def drf_token(pk: int) -> str:
    """The token of that user."""
    from rest_framework.authtoken.models import Token

    return str(Token.objects.get_or_create(user_id=pk)[0].key)


def drf(kind: str, headers: dict[str, str]) -> Any:
    """Who DRF's ``TokenAuthentication`` or ``BasicAuthentication`` says it is."""
    from rest_framework import authentication
    from rest_framework.exceptions import APIException
    from rest_framework.test import APIRequestFactory

    request = APIRequestFactory().get("/", headers=dict(headers))
    try:
        found = getattr(authentication, f"{kind}Authentication")().authenticate(request)
    except APIException as error:
        return [error.status_code, str(error.detail)]
    return None if found is None else [found[0].pk, str(found[1])]


def drf_revoke(pk: int) -> None:
    """Take the token of that user away."""
    from rest_framework.authtoken.models import Token

    Token.objects.filter(user_id=pk).delete()


def knox_rows(pk: int) -> Any:
    """What is left in the table for that user: seconds until the ends, in steps of ten."""
    from django.utils import timezone
    from knox.models import AuthToken

    ends = AuthToken.objects.filter(user_id=pk).values_list("expiry", flat=True)
    return sorted(-1 if e is None else round((e - timezone.now()).total_seconds(), -1) for e in ends)


def knox_age(pk: int, seconds: float) -> None:
    """Make all tokens of that user older."""
    from django.db.models import F
    from knox.models import AuthToken

    ago = dt.timedelta(seconds=seconds)
    AuthToken.objects.filter(user_id=pk).update(created=F("created") - ago, expiry=F("expiry") - ago)


def knox_log_out(token: str, everywhere: bool) -> int:
    """Status of knox's own views."""
    from knox.views import LogoutAllView, LogoutView
    from rest_framework.test import APIRequestFactory

    view = (LogoutAllView if everywhere else LogoutView).as_view()
    return int(view(APIRequestFactory().post("/", headers={"authorization": f"Token {token}"})).status_code)


def knox_full(pk: int) -> bool:
    """Whether ``LoginView`` refuses another token."""
    from django.contrib.auth.models import User
    from knox.views import LoginView
    from rest_framework.test import APIRequestFactory, force_authenticate

    request = APIRequestFactory().post("/")
    force_authenticate(request, User.objects.get(pk=pk))
    LoginView.create_token = lambda self: (_Stub(), "")
    return bool(LoginView.as_view()(request).status_code == 403)


class _Stub:
    expiry = dt.datetime.now(dt.UTC)


def key_create(values: dict[str, Any], hasher: str) -> str:
    """A new API key; ``expiry_date`` in seconds from now, ``hasher`` of Django for one of an older release."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone
    from rest_framework_api_key.models import APIKey

    if values.get("expiry_date") is not None:
        values["expiry_date"] = timezone.now() + dt.timedelta(seconds=values["expiry_date"])
    made, key = APIKey.objects.create_key(**values)
    if hasher:
        APIKey.objects.filter(pk=made.pk).update(hashed_key=make_password(key, hasher=hasher))
    return str(key)


def key_revoke(key: str) -> None:
    """Revoke it."""
    from rest_framework_api_key.models import APIKey

    made = APIKey.objects.get(prefix=key.partition(".")[0])
    made.revoked = True
    made.save()


def key_granted(headers: dict[str, str]) -> bool:
    """What ``HasAPIKey`` says."""
    from rest_framework.test import APIRequestFactory
    from rest_framework_api_key.permissions import HasAPIKey

    return bool(HasAPIKey().has_permission(APIRequestFactory().get("/", headers=dict(headers)), None))


def key_row(key: str) -> Any:
    """How it is stored."""
    from rest_framework_api_key.models import APIKey

    made = APIKey.objects.get(prefix=key.partition(".")[0])
    return [made.hashed_key.partition("$")[0], made.revoked, made.name]
