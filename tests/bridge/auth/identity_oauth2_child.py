"""django-oauth-toolkit, for :mod:`identity_child`."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode


def oauth_settings(given: dict[str, Any]) -> None:
    """Use other ``OAUTH2_PROVIDER``."""
    from oauth2_provider.settings import oauth2_settings

    oauth2_settings.reload()
    for name, value in given.items():
        setattr(oauth2_settings, name, value)
        oauth2_settings._cached_attrs.add(name)


def oauth_token(pk: int | None, name: str, scope: str, seconds: float, more: dict[str, Any]) -> str:
    """A new access token of that user, or of nobody; ``more``: without ``application``, with ``resource``, ``refresh``."""
    from django.utils import timezone
    from oauth2_provider.models import AccessToken, Application, RefreshToken

    application = None
    if more.get("application", True):
        application, _ = Application.objects.get_or_create(
            client_id=f"client {name}",
            defaults={
                "client_type": "confidential",
                "authorization_grant_type": "password",
                "hash_client_secret": False,
            },
        )
    made = AccessToken.objects.create(
        user_id=pk,
        token=name,
        application=application,
        scope=scope,
        expires=timezone.now() + dt.timedelta(seconds=seconds),
        resource=more.get("resource", []),
    )
    if more.get("refresh"):
        RefreshToken.objects.create(user_id=pk, token=f"r{name}", application=application, access_token=made)
    return name


def oauth(method: str, query: str, headers: dict[str, str], form: list[tuple[str, str]] | None) -> Any:
    """Who ``OAuth2Authentication`` says it is, and what the permissions of the package say then; its challenge for nobody."""
    from django.core.exceptions import SuspiciousOperation
    from oauth2_provider.contrib import rest_framework as package

    request = _request(method, query, headers, form)
    authentication = package.OAuth2Authentication()
    try:
        found = authentication.authenticate(request)
    except SuspiciousOperation:
        return "400"
    if found is None:
        return authentication.authenticate_header(request)
    request.user, request.auth = found
    request._authenticator = authentication
    token = found[1]
    return [
        found[0] and found[0].pk,
        token.scope,
        token.application and token.application.client_id,
        _granted(request),
    ]


def oauth_other(method: str, logged_in: bool) -> list[bool]:
    """What the permissions say of somebody who came by other means, or of nobody."""
    from django.contrib.auth.models import AnonymousUser, User

    request = _request(method, "", {}, None)
    request.user = User(username="u") if logged_in else AnonymousUser()
    request.auth = None
    request._authenticator = None
    return _granted(request)


def _granted(request: Any) -> list[bool]:
    from oauth2_provider.contrib import rest_framework as package

    class View:
        required_scopes = ["music"]
        required_alternate_scopes = {"GET": [["read"], ["music", "write"]], "POST": [["write"]]}

    return [
        bool(permission().has_permission(request, View()))
        for permission in (
            package.TokenHasScope,
            package.TokenHasReadWriteScope,
            package.TokenHasResourceScope,
            package.IsAuthenticatedOrTokenHasScope,
            package.TokenMatchesOASRequirements,
        )
    ]


def _request(method: str, query: str, headers: dict[str, str], form: Any) -> Any:
    from rest_framework.parsers import FormParser, JSONParser
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory

    body = (
        {}
        if form is None
        else {
            "data": urlencode([(k, v) for k, v in form]),
            "content_type": "application/x-www-form-urlencoded",
        }
    )
    made = APIRequestFactory().generic(method, "/", headers=dict(headers), QUERY_STRING=query, **body)
    return Request(made, parsers=[JSONParser(), FormParser()])


def oauth_introspect(token: str) -> Any:
    """What the package's endpoint says of it."""
    import json

    from oauth2_provider.views.introspect import IntrospectTokenView

    return json.loads(IntrospectTokenView.get_token_response(token).content)


def oauth_revoke(token: str) -> None:
    """Revoke it."""
    from oauth2_provider.models import AccessToken

    AccessToken.objects.get(token=token).revoke()


def oauth_rows(pk: int) -> Any:
    """What is left of that user's tokens."""
    from oauth2_provider.models import AccessToken, RefreshToken

    return [
        AccessToken.objects.filter(user_id=pk).count(),
        RefreshToken.objects.filter(user_id=pk).count(),
        RefreshToken.objects.filter(user_id=pk, access_token=None, revoked=None).count(),
    ]
