"""simplejwt's views and its authentication class, for :mod:`identity_child`."""

from __future__ import annotations

from typing import Any


def post(view: str, data: dict[str, Any]) -> Any:
    """Status, body and challenge of one of simplejwt's views; the name of what it raises."""
    from rest_framework.test import APIRequestFactory
    from rest_framework_simplejwt import views

    request = APIRequestFactory().post("/", data, format="json")
    try:
        answer = getattr(views, view).as_view()(request)
    except Exception as error:  # noqa: BLE001 - whatever it is, both sides must do it
        return [500, type(error).__name__]
    return [answer.status_code, answer.data]


def authenticated(token: str) -> Any:
    """The user and the claims that ``JWTAuthentication`` finds."""
    from rest_framework.exceptions import APIException
    from rest_framework.test import APIRequestFactory
    from rest_framework_simplejwt.authentication import JWTAuthentication

    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
    try:
        found = JWTAuthentication().authenticate(request)
    except APIException as error:
        detail = error.detail
        return [error.status_code, detail if isinstance(detail, (dict, list)) else {"detail": detail}]
    except Exception as error:  # noqa: BLE001 - as above
        return [500, type(error).__name__]
    return [200, None if found is None else [found[0].pk, found[1].payload]]


def sign(claims: dict[str, Any]) -> str:
    """A token with any claims, rightly signed."""
    from rest_framework_simplejwt.state import token_backend

    return str(token_backend.encode(claims))


def rows(users: list[int]) -> Any:
    """What the tables of the blacklist have for those users: how many tokens, how many of them revoked."""
    from django.apps import apps

    if not apps.is_installed("rest_framework_simplejwt.token_blacklist"):
        return []
    from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

    out = []
    for pk in users:
        mine = OutstandingToken.objects.filter(user_id=pk)
        for token in mine:
            lifetime = token.expires_at - token.created_at
            assert 0 < lifetime.total_seconds() <= 86_400, lifetime
        out.append([mine.count(), BlacklistedToken.objects.filter(token__in=mine).count()])
    return out
