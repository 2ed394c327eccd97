"""Settings, and look-ups put in the place of Django's, that change answers everywhere in a way that the generated service
does not follow: nothing is translated.

Sources: ``CommonMiddleware.process_request`` (PREPEND_WWW), ``HttpResponseBase.charset`` (DEFAULT_CHARSET), ``WSGIRequest``
and ``get_script_name`` (FORCE_SCRIPT_NAME), ``SessionMiddleware.process_response`` (SESSION_SAVE_EVERY_REQUEST),
``RegisterLookupMixin.register_class_lookup``.
"""

from __future__ import annotations

from segue.snapshot.model import Value
from segue.translate import isolation, routing
from segue.translate.context import Context
from segue.translate.middleware.known import CONDITIONAL, GZIP, INERT, SECURITY, SESSIONS
from segue.translate.middleware.subclasses import saves_every_request
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain
from segue.translate.views.cors import NAME as CORS
from segue.translate.views.middleware import know_sessions
from segue.translate.views.sessions import varies_when_saved

_COMMON = "django.middleware.common.CommonMiddleware"


def check_settings(endpoint: Endpoint) -> None:
    """Refuse every route of a project that has one of them. Raises ``Refused``."""
    settings = endpoint.ctx.snapshot.settings
    values = {name: plain(found) for name, found in settings.values.items() if name in _NAMES}
    if values.get("PREPEND_WWW") and _COMMON in settings.middleware:
        raise endpoint.refuse(
            "setting", "PREPEND_WWW", "Every request of another host is redirected; let the gateway do it."
        )
    if saves_every_request(endpoint.ctx.snapshot):
        problem = _saving_problem(endpoint.ctx)
        if problem:
            raise endpoint.refuse("setting", "SESSION_SAVE_EVERY_REQUEST", problem)
        know_sessions(endpoint.ctx, endpoint.where)
    if values.get("DATABASE_ROUTERS") and len(settings.databases) > 1:
        routed = routing.problem(endpoint.ctx.snapshot)
        if routed:
            raise endpoint.refuse(
                "setting", "DATABASE_ROUTERS", f"Code decides which database is asked: {routed}"
            )
    if found := isolation.problem(endpoint.ctx.snapshot):
        raise endpoint.refuse("setting", *found)
    if settings.replaced_lookups:
        raise endpoint.refuse(
            "lookup-replaced",
            settings.replaced_lookups[0],
            "A look-up of Django's means something else here.",
        )
    charset = str(values.get("DEFAULT_CHARSET") or "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise endpoint.refuse(
            "setting", f"DEFAULT_CHARSET = {charset!r}", "The generated service answers in UTF-8."
        )
    if values.get("FORCE_SCRIPT_NAME"):
        raise endpoint.refuse(
            "setting",
            "FORCE_SCRIPT_NAME",
            "The generated service does not begin its links and redirects with it.",
        )


def _saving_problem(ctx: Context) -> str:
    """Why sessions cannot be saved with exactly the answers with which Django saves them; '' if they can."""
    stack = ctx.snapshot.settings.middleware
    outside = stack[: stack.index(SESSIONS)]
    answering = next((name for name in outside if name not in _PASSING | ctx.accepted_middleware), "")
    if answering:
        return f"{answering} stands before SessionMiddleware; what it answers itself saves no session."
    if plain(ctx.snapshot.settings.values.get("SESSION_ENGINE", Value("const", ""))) == _IN_CACHE:
        return "Sessions in a cache may hold objects that only Django's process can read and write back."
    if varies_when_saved(ctx.snapshot.versions.django) is None:
        return (
            "Which answers of this release of Django vary on the cookie is not known: use its newest patch."
        )
    return ""


# What may stand before ``SessionMiddleware``: none answers a route of the API but the first two, whose answers are known.
_PASSING = frozenset(
    {SECURITY, CORS, CONDITIONAL, GZIP, "whitenoise.middleware.WhiteNoiseMiddleware", *INERT}
)
_IN_CACHE = "django.contrib.sessions.backends.cache"
_NAMES = (
    "PREPEND_WWW",
    "DEFAULT_CHARSET",
    "FORCE_SCRIPT_NAME",
    "DATABASE_ROUTERS",
)
