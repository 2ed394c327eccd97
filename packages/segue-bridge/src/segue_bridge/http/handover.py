"""Requests that middleware of the Django side treats in a way of its own: they are left to Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue_bridge.auth import csrf
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.errors import Unserved
from segue_bridge.http.body import content_length

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

SAFE = ("GET", "HEAD", "OPTIONS")
_LOGGED_IN = "_auth_user_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftToDjango:
    """All that is named must hold: headers, cookies and query parameters that the request has, keys of its session
    ('' for any key), its method; its body has more bytes than ``larger_than``. ``malformed_csrf`` names a cookie that the request has and that holds no CSRF token.

    With ``status`` it counts only when the answer has that status. A request that may change data cannot wait for
    its answer, so it is left to Django whatever the answer would be.
    """

    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    malformed_csrf: str = ""
    larger_than: int | None = None
    method: str | None = None
    status: int | None = None

    async def fits(self, call: Call) -> bool:
        """Whether the request is one of these, its answer aside. Opens the session only if it must."""
        if self.method is not None and call.verb != self.method:
            return False
        if not all(name in call.headers for name in self.headers):
            return False
        if not all(name in call.cookies for name in self.cookies):
            return False
        if not all(name in call.query for name in self.query):
            return False
        if self.larger_than is not None and content_length(call) <= self.larger_than:
            return False
        held = call.cookies.get(self.malformed_csrf) if self.malformed_csrf else None
        if self.malformed_csrf and (held is None or csrf.is_token(held)):
            return False
        if not self.session:
            return True
        session = await call.open_session()
        return all(name in session if name else len(session) > 0 for name in self.session)


async def nobody(call: Call) -> AnonymousUser:
    """``request.user`` of middleware, before the view: nobody is logged in. Reads the session.

    Raises :class:`~segue_bridge.errors.Unserved` where somebody is: such requests are left to Django.
    """
    if _LOGGED_IN in await call.open_session():
        raise Unserved("middleware")
    return AnonymousUser()


async def early(rules: tuple[LeftToDjango, ...], call: Call) -> tuple[bool, set[int]]:
    """Whether the request goes to Django at once, and the statuses for which it goes there afterwards."""
    statuses: set[int] = set()
    for rule in rules:
        if await rule.fits(call):
            if rule.status is None or call.verb not in SAFE:
                return True, statuses
            statuses.add(rule.status)
    return False, statuses
