"""Access tokens of django-oauth-toolkit for personas: good for everything, and such as are not."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

Header = tuple[str, str]


def headers_of(user: Any, *, seconds: float = 3600, scope: str | None = None) -> list[Header]:
    """A token by the project's own package, for every scope unless ``scope`` says which; ``user`` None: a program's."""
    return [("Authorization", f"Bearer {_token(user, seconds, scope)}")]


def bad_headers(user: Any) -> list[tuple[str, list[Header]]]:
    """Tokens that are not good, or good for less."""
    good = _token(user, 3600, None)
    return [
        ("token without scopes", headers_of(user, scope="")),
        ("token with half of the scopes", headers_of(user, scope=" ".join(_scopes()[::2]))),
        ("expired token", headers_of(user, seconds=-60)),
        ("token of a program", headers_of(None)),
        ("unknown token", [("Authorization", f"Bearer {good[:-1]}")]),
        ("token of two words", [("Authorization", f"Bearer {good} {good}")]),
        ("header without token", [("Authorization", "Bearer")]),
        ("lower-case word", [("Authorization", f"bearer {good}")]),
        ("another kind of header", [("Authorization", f"Token {good}")]),
    ]


def _token(user: Any, seconds: float, scope: str | None) -> str:
    from django.utils import timezone
    from oauth2_provider.models import get_access_token_model, get_application_model

    # A hashed secret costs as much as a password.
    application, _ = get_application_model().objects.get_or_create(
        client_id="segue",
        defaults={
            "name": "segue",
            "client_type": "confidential",
            "authorization_grant_type": "password",
            "client_secret": "",
            "hash_client_secret": False,
        },
    )
    token = secrets.token_hex(16)
    get_access_token_model().objects.create(
        user=user,
        token=token,
        application=application,
        scope=" ".join(_scopes()) if scope is None else scope,
        expires=timezone.now() + timedelta(seconds=seconds),
    )
    return token


def _scopes() -> list[str]:
    """Scopes that the project knows, and those that its views ask for."""
    from django.urls import get_resolver
    from oauth2_provider.scopes import get_scopes_backend
    from oauth2_provider.settings import oauth2_settings

    known = {*get_scopes_backend().get_all_scopes()}
    for view in _views(get_resolver()):
        wanted = getattr(view, "required_scopes", None)
        # A property names them for each request: nobody knows them here.
        for name in wanted if isinstance(wanted, list | tuple | set) else ():
            known |= {name, f"{name}:{oauth2_settings.READ_SCOPE}", f"{name}:{oauth2_settings.WRITE_SCOPE}"}
        alternate = getattr(view, "required_alternate_scopes", None)
        for lists in alternate.values() if isinstance(alternate, dict) else ():
            known.update(name for names in lists for name in names)
    return sorted(known)


def _views(resolver: Any) -> list[Any]:
    found: list[Any] = []
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            found += _views(pattern)
        else:
            callback = pattern.callback
            found.append(getattr(callback, "cls", None) or getattr(callback, "view_class", None))
    return found
