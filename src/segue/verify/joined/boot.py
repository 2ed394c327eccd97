"""Starting Django on a throw-away database, with nothing of the outer world in reach."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

from .database import Copy
from .elsewhere import lead_into
from .fence import Fence


class Legacy:
    """The Django project, set up for comparison. ``spec`` has ``settings``, ``profilers``, the middleware that is left out, and
    ``replica``, the alias that the project's routers read from."""

    def __init__(self, spec: dict[str, Any]) -> None:
        os.environ["DJANGO_SETTINGS_MODULE"] = spec["settings"]
        from django.conf import settings

        self.copy = Copy()
        self.media = self.copy.folder / "media"
        self.media.mkdir()
        self.copy.prepare(settings.DATABASES)
        settings.DEBUG = False
        settings.MIDDLEWARE = unwatched(settings.MIDDLEWARE, spec)
        settings.DEBUG_PROPAGATE_EXCEPTIONS = False
        if spec.get("replica"):
            settings.DATABASE_ROUTERS = []  # one copy stands for both: it is never behind
        own_media = str(settings.MEDIA_ROOT or "")
        settings.MEDIA_ROOT = str(self.media)
        if getattr(settings, "SESSION_FILE_PATH", None):
            settings.SESSION_FILE_PATH = str(self.copy.folder / "sessions")
            os.mkdir(settings.SESSION_FILE_PATH)
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        # Each case begins with an empty cache: that must never be one that others use.
        settings.CACHES = local_caches(settings.CACHES)
        settings.LOGGING_CONFIG = None  # handlers would be taken away again, but open their files before
        settings.CELERY_TASK_ALWAYS_EAGER = False
        settings.PASSWORD_HASHERS = with_fast_hasher(settings.PASSWORD_HASHERS)
        import django

        django.setup()
        lead_into(self.media, own_media)
        from django.db import connection

        self.connection = connection
        addresses = [
            (c.get("HOST") or "localhost", c.get("PORT") or 5432) for c in settings.DATABASES.values()
        ]
        self.fence = Fence([(str(h), int(p)) for h, p in addresses])
        self._build()
        hush()
        self.errors = Errors()

    def _build(self) -> None:
        from django.core.management import call_command

        self.copy.connect(self.connection)
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
        self.copy.fill()
        self.connection.ensure_connection()

    def close(self) -> None:
        """Remove the throw-away database and files."""
        self.copy.remove(self.connection)


_KEPT = ("KEY_PREFIX", "VERSION", "TIMEOUT", "KEY_FUNCTION")
_LOCAL = "django.core.cache.backends.locmem.LocMemCache"
_DJANGO_REDIS = "django_redis.cache.RedisCache"
_PATTERNS = f"{__package__}.pattern_cache.PatternCache"
_FAST = "django.contrib.auth.hashers.MD5PasswordHasher"


def local_caches(configured: Any) -> dict[str, dict[str, Any]]:
    """``CACHES`` in this process's memory, with what decides about keys kept."""
    return {
        alias: {
            **{k: v for k, v in config.items() if k in _KEPT},
            "BACKEND": _PATTERNS if config.get("BACKEND") == _DJANGO_REDIS else _LOCAL,
            "LOCATION": f"segue-{alias}",
        }
        for alias, config in configured.items()
    }


def unwatched(middleware: Any, spec: dict[str, Any]) -> list[str]:
    """``MIDDLEWARE`` without what only watches Django in development: its rows and queries are no part of an answer."""
    return [name for name in middleware if name not in spec.get("profilers", ())]


def with_fast_hasher(hashers: Any) -> list[str]:
    """Known last, so that personas may have a password that costs nothing to check."""
    return [*hashers, *([] if _FAST in hashers else [_FAST])]


def jwt_key() -> dict[str, str]:
    """``JWT_KEY``: what simplejwt verifies tokens with, where the project uses it."""
    try:
        from rest_framework_simplejwt.settings import api_settings
    except Exception:  # noqa: BLE001 - not installed, or not set up
        return {}
    symmetric = str(api_settings.ALGORITHM).startswith("HS")
    return {"JWT_KEY": str(api_settings.SIGNING_KEY if symmetric else api_settings.VERIFYING_KEY)}


def broker() -> dict[str, str]:
    """``CELERY_BROKER_URL``, ``CELERY_RESULT_BACKEND``: where the project's Celery sends tasks and keeps results, if it
    uses Celery."""
    app: Any = getattr(sys.modules.get("celery"), "current_app", None)
    if app is None:
        return {}
    conf = app.conf
    return {
        "CELERY_BROKER_URL": str(conf.broker_write_url or conf.broker_url or "amqp://"),
        "CELERY_RESULT_BACKEND": str(conf.result_backend or ""),
    }


def hush() -> None:
    """Errors of single requests are compared, not printed: take all handlers away."""
    logging.lastResort = None
    root = logging.getLogger()
    for logger in [root, *(v for v in root.manager.loggerDict.values() if isinstance(v, logging.Logger))]:
        logger.handlers[:] = []
        logger.propagate = True


class Errors(logging.Handler):
    """Keeps the last exception that ``logger`` was told of; nothing of it is printed."""

    def __init__(self, logger: str = "") -> None:
        super().__init__(logging.ERROR)
        self.last = ""
        named = logging.getLogger(logger)
        named.addHandler(self)
        if logger:
            named.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Remember what went wrong and where."""
        if record.exc_info and record.exc_info[1] is not None:
            self.last = describe(record.exc_info[1])

    def take(self) -> str:
        """The last error, once."""
        text, self.last = self.last, ""
        return text


def describe(error: BaseException) -> str:
    """``Type: message (file:line, function)`` of the innermost frame outside libraries, else the innermost."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    own = [f for f in frames if "site-packages" not in f[0] and not f[0].startswith(sys.base_prefix)]
    place = (own or frames or [("?", 0, "?")])[-1]
    return f"{type(error).__name__}: {str(error)[:300]} ({Path(place[0]).name}:{place[1]}, {place[2]})"
