"""Settings that matter for behaviour, by allow-list; secrets by name only."""

import os
import re

from django.utils import http

from . import package_settings
from .bindings import counts
from .scrubbing import scrubbed
from .values import SECRET_NAME, const

_NAMES = (
    "ADMINS",
    "ALLOWED_HOSTS",
    "API_KEY_CUSTOM_HEADER",
    "APPEND_SLASH",
    "AUTHENTICATION_BACKENDS",
    "AUTH_PASSWORD_VALIDATORS",
    "AUTH_USER_MODEL",
    "CACHES",
    "CACHE_MIDDLEWARE_ALIAS",
    "CACHE_MIDDLEWARE_KEY_PREFIX",
    "CACHE_MIDDLEWARE_SECONDS",
    "DATABASE_ROUTERS",
    "DEBUG",
    "DEFAULT_AUTO_FIELD",
    "DEFAULT_CHARSET",
    "DEFAULT_FILE_STORAGE",
    "DEFAULT_FROM_EMAIL",
    "DISALLOWED_USER_AGENTS",
    "DJANGO_REDIS_IGNORE_EXCEPTIONS",
    "EMAIL_BACKEND",
    "EMAIL_FILE_PATH",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_SSL_CERTFILE",
    "EMAIL_SSL_KEYFILE",
    "EMAIL_SUBJECT_PREFIX",
    "EMAIL_TIMEOUT",
    "EMAIL_USE_LOCALTIME",
    "EMAIL_USE_SSL",
    "EMAIL_USE_TLS",
    "FILE_UPLOAD_HANDLERS",
    "FILE_UPLOAD_MAX_MEMORY_SIZE",
    "FILE_UPLOAD_PERMISSIONS",
    "FORCE_SCRIPT_NAME",
    "FORMAT_MODULE_PATH",
    "IGNORABLE_404_URLS",
    "INTERNAL_IPS",
    "LANGUAGES",
    "LANGUAGE_CODE",
    "LOCALE_PATHS",
    "LOGGING",
    "LOGIN_REDIRECT_URL",
    "LOGIN_URL",
    "LOG_REQUESTS",
    "LOGOUT_REDIRECT_URL",
    "MANAGERS",
    "MEDIA_ROOT",
    "MEDIA_URL",
    "NUMBER_GROUPING",
    "PASSWORD_HASHERS",
    "PASSWORD_RESET_TIMEOUT",
    "PERMISSIONS_POLICY",
    "PERMISSIONS_POLICY_REPORT_ONLY",
    "PREPEND_WWW",
    "REQUEST_ID_RESPONSE_HEADER",
    "ROOT_URLCONF",
    "SERVER_EMAIL",
    "SHORT_DATETIME_FORMAT",
    "SITE_ID",
    "STATIC_URL",
    "STORAGES",
    "TIME_ZONE",
    "USE_DEPRECATED_PYTZ",
    "USE_I18N",
    "USE_L10N",
    "USE_THOUSAND_SEPARATOR",
    "USE_TZ",
    "USE_X_FORWARDED_HOST",
    "USE_X_FORWARDED_PORT",
    "X_FRAME_OPTIONS",
)
_PREFIXES = ("PHONENUMBER_", "CORS_", "SESSION_", "CSRF_", "SECURE_", "DATA_UPLOAD_", "LANGUAGE_COOKIE_")
_CELERY = (
    "TASK_ALWAYS_EAGER",
    "TASK_EAGER_PROPAGATES",
    "TASK_DEFAULT_QUEUE",
    "TASK_SERIALIZER",
    "RESULT_SERIALIZER",
    "ACCEPT_CONTENT",
    "TIMEZONE",
    "ENABLE_UTC",
    "TASK_ROUTES",
    "TASK_IGNORE_RESULT",
)
_CREDENTIALS = re.compile(r"//[^/\s]*@")


def describe(collector):
    """The ``Settings`` of the snapshot."""
    from django.conf import global_settings, settings

    from . import languages, plain, routers

    names = sorted(name for name in dir(settings) if name.isupper())
    values, secrets = {}, []
    for name in names:
        allowed = (
            name in _NAMES
            or name.startswith(_PREFIXES)
            or (name.startswith("CELERY_") and name[7:] in _CELERY)
        )
        try:
            value = getattr(settings, name)
        except Exception:
            continue
        if name in package_settings.NAMES:
            continue
        if not allowed or name in ("CSRF_COOKIE_SECRET",):
            if SECRET_NAME.search(name) and value and not counts(name, value):
                secrets.append(name)
            continue
        if name == "CACHES":
            value = _caches(value)
        if name == "MEDIA_ROOT" and isinstance(value, os.PathLike):
            value = os.fspath(value)  # Django takes either
        values[name] = scrubbed(collector, value)
    values.update(package_settings.describe(collector))
    values.update(_policy(collector, settings))
    values[plain.ERROR_PAGES] = collector.encoder.encode(plain.error_pages())
    longest = getattr(http, "MAX_URL_REDIRECT_LENGTH", None)
    if isinstance(longest, int):
        values["django.utils.http.MAX_URL_REDIRECT_LENGTH"] = const(longest)
    routed = routers.describe(settings)
    if routed is not None:
        values[routers.NAME] = collector.encoder.encode(routed)
    for name in sorted(collector.bindings.used_settings):
        if name not in values and name in names:
            value = getattr(settings, name)
            if SECRET_NAME.search(name) and not counts(name, value):
                continue
            if (
                value is None
                or isinstance(value, (bool, int, float, str))
                or (not hasattr(global_settings, name) and _is_plain_container(value))
            ):
                values[name] = collector.encoder.encode(value)
    databases = []
    for alias, entry in settings.DATABASES.items():
        databases.append(_database(collector, alias, entry))
    return {
        "module": getattr(settings, "SETTINGS_MODULE", "") or "",
        "values": values,
        "secret_names": sorted(secrets),
        "databases": databases,
        "installed_apps": [str(app) for app in settings.INSTALLED_APPS],
        "middleware": [str(item) for item in settings.MIDDLEWARE],
        "user_model": str(settings.AUTH_USER_MODEL),
        "languages": languages.describe(collector),
        "formats": _formats(collector),
    }


_LARGEST = 200


def _is_plain_container(value):
    return isinstance(value, (list, tuple, dict)) and 0 < len(value) <= _LARGEST and _plain(value)


def _plain(value):
    """Whether it is made of plain values and texts of the language, and nothing in it may be a secret."""
    from django.utils.functional import Promise

    if isinstance(value, dict):
        return all(
            isinstance(key, (str, int)) and not SECRET_NAME.search(str(key)) and _plain(item)
            for key, item in value.items()
        )
    if isinstance(value, (list, tuple)):
        return all(_plain(item) for item in value)
    if isinstance(value, (str, Promise)):
        return not _CREDENTIALS.search(str(value))
    return value is None or isinstance(value, (bool, int, float))


def _formats(collector):
    """``get_format(name)`` by name in the language of the settings."""
    from django.conf import settings
    from django.utils import translation

    from . import languages

    found = {}
    try:
        with translation.override(settings.LANGUAGE_CODE):
            found = languages.formats(collector)
    except Exception as error:
        collector.warn("formats of dates: %s: %s" % (type(error).__name__, error))
    return found


def _caches(caches):
    result = {}
    for alias, entry in caches.items():
        entry = dict(entry)
        places = entry.get("LOCATION")
        many = places if isinstance(places, (list, tuple)) else [places]
        if any(isinstance(place, str) and _CREDENTIALS.search(place) for place in many):
            entry["LOCATION"] = [_CREDENTIALS.sub("//", place) for place in many if isinstance(place, str)]
        result[alias] = entry
    return result


def _policy(collector, settings):
    from . import csp

    try:
        found = csp.describe(settings)
    except Exception as error:
        collector.warn("content security policy: %s: %s" % (type(error).__name__, error))
        return {}
    return {} if found is None else {csp.NAME: collector.encoder.encode(found)}


def _database(collector, alias, entry):
    from django.db import connections

    engine = str(entry.get("ENGINE", ""))
    try:
        vendor = connections[alias].vendor
    except Exception:
        vendor = next((v for v in ("sqlite", "postgres", "mysql", "oracle") if v in engine), "unknown")
        vendor = "postgresql" if vendor == "postgres" or "postgis" in engine else vendor
    options = {
        str(k): collector.encoder.encode(v)
        for k, v in (entry.get("OPTIONS") or {}).items()
        if not SECRET_NAME.search(str(k))
    }
    name = str(entry.get("NAME", ""))
    return {
        "alias": alias,
        "engine": engine,
        "vendor": vendor,
        "name": _CREDENTIALS.sub("//", name),
        "atomic_requests": bool(entry.get("ATOMIC_REQUESTS")),
        "options": options,
    }
