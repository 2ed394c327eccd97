"""Plain views of Django's, as far as cases are derived from them: they have no serializer, and whoever asks comes by a session."""

from __future__ import annotations

from typing import Any

Header = tuple[str, str]


class PlainView:
    """Stands for a plain view where a view of DRF's is asked about itself. ``function``: the view as it stands in the URLs."""

    def __init__(self, match: Any, request: Any) -> None:
        self.function, self.request = match.func, request
        self.args, self.kwargs, self.format_kwarg = (), match.kwargs, None
        self.action = None

    def get_authenticators(self) -> list[Any]:
        """The session, which ``AuthenticationMiddleware`` goes by."""
        from rest_framework.authentication import SessionAuthentication

        return [SessionAuthentication()]


def with_token() -> dict[str, Any]:
    """Nobody in particular, with a good CSRF token."""
    from django.conf import settings

    token = "b" * 32
    headers = [("Cookie", f"{settings.CSRF_COOKIE_NAME}={token}"), ("X-CSRFToken", token)]
    return {"name": "anonymous with CSRF token", "headers": headers, "user": None}
