"""``Set-Cookie`` as ``HttpResponse.set_cookie`` writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

SameSite = Literal["lax", "strict", "none"] | None


def set_cookie(
    name: str,
    value: str,
    *,
    max_age: int | None = None,
    expires: datetime | None = None,
    path: str = "/",
    domain: str | None = None,
    secure: bool = False,
    httponly: bool = False,
    samesite: SameSite = None,
) -> str:
    """The header's value; the order of its attributes is that of ``http.cookies.Morsel``.

    ``expires`` is ``max_age`` seconds from now where it is not given; without both the cookie ends with the browser.
    """
    if expires is None and max_age is not None:
        expires = datetime.now(UTC) + timedelta(seconds=max_age)
    parts = [f"{name}={value}"]
    if domain:
        parts.append(f"Domain={domain}")
    if expires is not None:
        parts.append(f"expires={format_datetime(expires, usegmt=True)}")
    if httponly:
        parts.append("HttpOnly")
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    parts.append(f"Path={path}")
    if samesite:
        parts.append(f"SameSite={samesite.capitalize()}")
    if secure:
        parts.append("Secure")
    return "; ".join(parts)
