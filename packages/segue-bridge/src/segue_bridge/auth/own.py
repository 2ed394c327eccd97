"""Authentication classes of the project's own: a function of the request in the place of DRF's class."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from segue_bridge.errors import AuthenticationFailed
from segue_bridge.translation import gettext as _

if TYPE_CHECKING:
    from starlette.requests import Request

    from segue_bridge.auth.backend import Outcome
    from segue_bridge.auth.sessions import Session
    from segue_bridge.db.session import Session as Database
    from segue_bridge.http.call import Call

Authenticate: TypeAlias = "Callable[[Call], Outcome | Awaitable[Outcome | None] | None]"


class Authenticated:
    """An authenticator from the project's ``authenticate(request)``; ``challenge`` is its ``authenticate_header``.

    ``function`` (plain or async) gives ``(user, auth)``, or None where the request does not use this way, and raises
    :class:`~segue_bridge.errors.AuthenticationFailed` where it fails.
    """

    def __init__(self, function: Authenticate, *, challenge: str | None = None) -> None:
        self._function = function
        self.challenge = challenge

    async def authenticate(self, request: Request, db: Database, session: Session | None) -> Outcome | None:
        """What the function finds."""
        found: Any = self._function(cast("Call", request))
        outcome: Outcome | None = await found if inspect.isawaitable(found) else found
        return outcome


def authorization_header(request: Request) -> bytes:
    """``rest_framework.authentication.get_authorization_header``: the raw header, empty where there is none."""
    return request.headers.get("authorization", "").encode("latin-1")


def header_token(request: Request, keyword: str) -> str | None:
    """The key of ``Authorization: <keyword> <key>``, None for any other keyword (``TokenAuthentication.authenticate``).

    Raises :class:`~segue_bridge.errors.AuthenticationFailed` for a header of another form.
    """
    parts = authorization_header(request).split()
    if not parts or parts[0].lower() != keyword.lower().encode():
        return None
    if len(parts) == 1:
        raise AuthenticationFailed(_("Invalid token header. No credentials provided."))
    if len(parts) > 2:
        raise AuthenticationFailed(_("Invalid token header. Token string should not contain spaces."))
    try:
        return parts[1].decode()
    except UnicodeError:
        raise AuthenticationFailed(
            _("Invalid token header. Token string should not contain invalid characters.")
        ) from None
