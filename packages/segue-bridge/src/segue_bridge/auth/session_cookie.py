"""The session at the end of a request: saved where it must be, and its cookie (``SessionMiddleware.process_response``)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from segue_bridge.auth.cookies import set_cookie
from segue_bridge.auth.session_settings import SessionSettings
from segue_bridge.auth.sessions import Session

if TYPE_CHECKING:
    from segue_bridge.db.session import Session as Database


async def finish(session: Session, db: Database, *, had_cookie: bool, status: int) -> list[tuple[str, str]]:
    """Save the session if needed; the headers to add, as ``(name, value)``.

    They are ``Set-Cookie`` and ``Vary: Cookie``, which the caller merges. Raises
    :class:`~segue_bridge.auth.sessions.SessionGone` for a session that was deleted meanwhile: 400.
    """
    settings = session.settings
    if had_cookie and session.empty:
        gone = _cookie(settings, "", max_age=0, expires=datetime(1970, 1, 1, tzinfo=UTC))
        return [("set-cookie", gone), ("vary", "Cookie")]
    headers = [("vary", "Cookie")] if session.accessed else []
    if (session.modified or settings.save_every_request) and not session.empty:
        await session.open(db)
        max_age: float | None = None
        expires: datetime | None = None
        if not session.until_browser_closes:
            max_age = session.expiry_age()
            expires = datetime.now(UTC) + timedelta(seconds=max_age)
        if status < 500:
            await session.save(db)
            cookie = _cookie(settings, session.key or "", max_age=max_age, expires=expires)
            if settings.vary_when_saved:
                headers = [("vary", "Cookie")]
            headers.append(("set-cookie", cookie))
    return headers


def _cookie(settings: SessionSettings, value: str, *, max_age: float | None, expires: datetime | None) -> str:
    # ``HttpResponse.delete_cookie`` asks the name and SameSite, not the setting.
    bound = settings.cookie_name.startswith(("__Secure-", "__Host-")) or settings.cookie_samesite == "none"
    return set_cookie(
        settings.cookie_name,
        value or '""',
        max_age=None if max_age is None else int(max_age),
        expires=expires,
        path=settings.cookie_path,
        domain=settings.cookie_domain,
        secure=settings.cookie_secure if value else bound,
        httponly=settings.cookie_httponly and bool(value),
        samesite=settings.cookie_samesite,
    )
