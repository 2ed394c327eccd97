"""Settings, and look-ups put in the place of Django's, that change answers everywhere in a way that the generated service
does not follow: nothing is translated.

Sources: ``CommonMiddleware.process_request`` (PREPEND_WWW), ``HttpResponseBase.charset`` (DEFAULT_CHARSET), ``WSGIRequest``
and ``get_script_name`` (FORCE_SCRIPT_NAME), ``SessionMiddleware.process_response`` (SESSION_SAVE_EVERY_REQUEST),
``RegisterLookupMixin.register_class_lookup``.
"""

from __future__ import annotations

from segue.translate import isolation
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"


def check_settings(endpoint: Endpoint) -> None:
    """Refuse every route of a project that has one of them. Raises ``Refused``."""
    settings = endpoint.ctx.snapshot.settings
    values = {name: plain(found) for name, found in settings.values.items() if name in _NAMES}
    if values.get("PREPEND_WWW") and _COMMON in settings.middleware:
        raise endpoint.refuse(
            "setting", "PREPEND_WWW", "Every request of another host is redirected; let the gateway do it."
        )
    if values.get("SESSION_SAVE_EVERY_REQUEST") and _SESSIONS in settings.middleware:
        raise endpoint.refuse(
            "setting", "SESSION_SAVE_EVERY_REQUEST", "Sessions are saved where they are read or changed only."
        )
    if values.get("DATABASE_ROUTERS") and len(settings.databases) > 1:
        raise endpoint.refuse(
            "setting", "DATABASE_ROUTERS", "Which database a model is in is decided by code of the project."
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


_NAMES = (
    "PREPEND_WWW",
    "DEFAULT_CHARSET",
    "FORCE_SCRIPT_NAME",
    "SESSION_SAVE_EVERY_REQUEST",
    "DATABASE_ROUTERS",
)
