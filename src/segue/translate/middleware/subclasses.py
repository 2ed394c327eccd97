"""Subclasses of Django's ``SessionMiddleware`` and ``CsrfViewMiddleware``: what they override only concerns cookies.

Who writes another domain into the cookie has to override all of ``process_response`` (``_set_csrf_cookie``). Requests that
have the session's cookie are left to Django then. For all others the session is empty, so that the override has nothing to
save: it is judged for that, and has to write ``Vary: Cookie`` as Django's does. Views that use sessions are refused, since the
middleware is not Django's own (:func:`segue.translate.views.sessions.declare`). Of CSRF, requests whose cookie holds no token
are left to Django (it gives them a new one); views of DRF are exempt.
"""

from __future__ import annotations

from collections.abc import Iterable

from segue.snapshot.model import Route, Snapshot
from segue.translate.middleware.judge import Verdict, judge
from segue.translate.middleware.known import CSRF, SESSIONS
from segue.translate.middleware.paths import Event
from segue.translate.middleware.values import Fact
from segue.translate.specialise.fold import plain

# Of CsrfViewMiddleware: what only runs for views that are not exempt, or where a cookie is written.
_OVERRIDDEN = frozenset(
    {
        "__init__", "__call__", "process_request", "process_view", "process_response", "_set_csrf_cookie", "_accept", "_reject",
        "_check_token", "_check_referer", "_origin_verified", "_bad_token_message",
    }
)  # fmt: skip


def base_of(snapshot: Snapshot, defined: str) -> str:
    """The middleware of Django that the class ``defined`` extends; '' where it is neither of the two."""
    cls = snapshot.classes.get(defined)
    mro = cls.mro if cls is not None and defined not in (SESSIONS, CSRF) else ()
    return next((b for b in (SESSIONS, CSRF) if b in mro), "")


def extends(snapshot: Snapshot, names: Iterable[str], base: str) -> bool:
    """Whether one of the middlewares ``names`` (where they are defined) extends ``base``."""
    return any(base_of(snapshot, name) == base for name in names)


def without_session(snapshot: Snapshot, names: Iterable[str]) -> dict[Fact, bool]:
    """What holds for requests that are not left to Django, where sessions are those of a subclass."""
    if not extends(snapshot, names, SESSIONS):
        return {}
    return {Fact("session", ""): False, Fact("session", "_auth_user_id"): False, Fact("cookie", cookie(snapshot, SESSIONS)): False}  # fmt: skip


def cookie(snapshot: Snapshot, base: str) -> str:
    """The name of its cookie."""
    name, usual = (
        ("SESSION_COOKIE_NAME", "sessionid") if base == SESSIONS else ("CSRF_COOKIE_NAME", "csrftoken")
    )
    found = snapshot.settings.values.get(name)
    return str(plain(found)) if found is not None else usual


def saves_every_request(snapshot: Snapshot) -> bool:
    """``SESSION_SAVE_EVERY_REQUEST`` with Django's own middleware. Requests with a session are left to Django by a subclass."""
    found = snapshot.settings.values.get("SESSION_SAVE_EVERY_REQUEST")
    return found is not None and bool(plain(found)) and SESSIONS in snapshot.settings.middleware


def judge_subclass(snapshot: Snapshot, defined: str, base: str, route: Route) -> tuple[Verdict, Fact]:
    """What the subclass does beyond Django's own, and the fact of the requests that are Django's in any case."""
    if base == SESSIONS:
        left = Fact("cookie", cookie(snapshot, SESSIONS))
        return judge(snapshot, defined, route, base=base, holds={left: False}), left
    left = Fact("csrf", cookie(snapshot, CSRF))
    why = _csrf_problem(snapshot, defined, route)
    if why:
        where = snapshot.classes[defined].where
        return Verdict((Event(defined, why, where.file, where.line, (), False),)), left
    return judge(snapshot, defined, route, base=base), left


def _csrf_problem(snapshot: Snapshot, defined: str, route: Route) -> str:
    if route.kind != "drf":
        return "It may check the requests of this view in its own way."
    in_session = snapshot.settings.values.get("CSRF_USE_SESSIONS")
    if in_session is not None and plain(in_session):
        return "It keeps its tokens in sessions (CSRF_USE_SESSIONS)."
    bases = snapshot.classes[defined].mro
    own = bases[: bases.index(CSRF)]
    names = {
        f.name.rpartition(".")[2] for f in snapshot.functions.values() if f.name.rpartition(".")[0] in own
    }
    of_django = {
        f.name.rpartition(".")[2] for f in snapshot.functions.values() if f.name.rpartition(".")[0] == CSRF
    }
    methods = snapshot.classes[CSRF].methods if CSRF in snapshot.classes else ()
    unknown = sorted((names & (of_django | set(methods))) - _OVERRIDDEN)
    return f"It overrides {unknown[0]}, which runs for every request." if unknown else ""
