"""``CSRF_*`` settings → ``CSRF`` in ``app/access.py``."""

from __future__ import annotations

from typing import Any

from segue.target.ir import Decl, Import
from segue.translate.context import Context
from segue.translate.views import access


def declare(ctx: Context) -> None:
    """Declare ``CSRF``: how tokens are checked, and how they are given out after a login."""
    in_session = bool(access.setting(ctx, "CSRF_USE_SESSIONS", False))
    header = str(access.setting(ctx, "CSRF_HEADER_NAME", "HTTP_X_CSRFTOKEN"))
    samesite = access.setting(ctx, "CSRF_COOKIE_SAMESITE", "Lax")
    old = tuple(map(int, ctx.snapshot.versions.django.split(".")[:2])) < (4, 1)
    given: dict[str, tuple[Any, Any]] = {
        "cookie_name": (access.setting(ctx, "CSRF_COOKIE_NAME", "csrftoken"), "csrftoken"),
        "cookie_domain": (
            access.setting(ctx, "SESSION_COOKIE_DOMAIN" if in_session else "CSRF_COOKIE_DOMAIN"),
            None,
        ),
        "header_name": (
            "-".join(w.capitalize() for w in header.removeprefix("HTTP_").split("_")),
            "X-Csrftoken",
        ),
        "trusted_origins": (tuple(access.setting(ctx, "CSRF_TRUSTED_ORIGINS", []) or []), ()),
        "use_sessions": (in_session, False),
        "cookie_age": (access.setting(ctx, "CSRF_COOKIE_AGE", 31449600), 31449600),
        "cookie_path": (access.setting(ctx, "CSRF_COOKIE_PATH", "/"), "/"),
        "cookie_secure": (bool(access.setting(ctx, "CSRF_COOKIE_SECURE", False)), False),
        "cookie_httponly": (bool(access.setting(ctx, "CSRF_COOKIE_HTTPONLY", False)), False),
        "cookie_samesite": (samesite.lower() if isinstance(samesite, str) else None, "lax"),
        "masked": (old or bool(access.setting(ctx, "CSRF_COOKIE_MASKED", False)), False),
    }
    text = ", ".join(f"{k}={v!r}" for k, (v, default) in given.items() if v != default)
    needed = frozenset({Import("segue_bridge.auth.csrf", "CsrfSettings")})
    access.module(ctx).add(Decl("CSRF", f"CSRF = CsrfSettings({text})", needed, 18))
