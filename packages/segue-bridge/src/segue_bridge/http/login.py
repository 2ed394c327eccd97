"""``django.contrib.auth``'s ``login``, ``logout`` and ``update_session_auth_hash`` for a request.

Signals are sent by who calls: this side has no receivers to ask for.
"""

from __future__ import annotations

from typing import Any

from segue_bridge.auth import backend as sessions
from segue_bridge.auth.users import AnonymousUser, Identity, is_authenticated
from segue_bridge.http.call import Call


async def log_in(call: Call, user: Any, identity: Identity, backend: str) -> None:
    """``login(request, user)``: the session is the user's from now on, under a new key, and the CSRF token a new one.

    ``backend`` is the dotted name of the one that found the user.
    """
    await sessions.login(await call.open_session(), call.db, user, identity, backend)
    call.current, call.asked = user, True
    call.rotate_csrf_token()


def found_by(user: Any) -> str:
    """Which of several backends has found the user. Raises ``ValueError`` for one who was not asked for by credentials, as Django."""
    backend: str = getattr(user, "backend", "")
    if not backend:
        raise ValueError(
            "You have multiple authentication backends configured and therefore must provide the `backend` argument"
            " or set the `backend` attribute on the user."
        )
    return backend


async def log_out(call: Call) -> None:
    """``logout(request)``: nothing is left of the session."""
    if call.stored_session is None:
        raise RuntimeError("this project has no sessions")
    await call.stored_session.flush(call.db)
    call.current, call.asked = AnonymousUser(), True


async def stay_logged_in(call: Call, user: Any, identity: Identity) -> None:
    """``update_session_auth_hash(request, user)``: this session outlives a new password of its user; others end."""
    session = await call.open_session()
    await session.cycle_key(call.db)
    known = is_authenticated(call.current) and is_authenticated(user)
    if identity.session_hash and known and identity.pk_of(call.current) == identity.pk_of(user):
        session[sessions.HASH_KEY] = sessions.auth_hash(user.password, session.settings.secret)
