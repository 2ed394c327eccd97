"""Settings that matter for behaviour, by allow-list; secrets by name only."""

import os
import re

from .bindings import counts
from .values import SECRET_NAME, opaque

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
_PREFIXES = ("CORS_", "SESSION_", "CSRF_", "SECURE_", "DATA_UPLOAD_", "LANGUAGE_COOKIE_")
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

    from . import languages, routers

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
        if name in (
            "REST_FRAMEWORK",
            "SIMPLE_JWT",
            "REST_KNOX",
            "OAUTH2_PROVIDER",
            "DRF_STANDARDIZED_ERRORS",
        ):
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
    values.update(_rest_framework(collector))
    values.update(_simple_jwt(collector))
    values.update(_knox(collector))
    values.update(_oauth2(collector))
    values.update(_standard_errors(collector))
    values.update(_guardian(collector))
    values.update(_policy(collector, settings))
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


# Settings of a cache: what its keys begin with, and how they are made.
_OF_CACHE_KEYS = ("KEY_PREFIX", "KEY_FUNCTION")


def scrubbed(collector, value):
    """``value`` encoded with everything under a secret-looking key left out."""
    if isinstance(value, dict):
        pairs = []
        for key, item in value.items():
            secret = isinstance(key, str) and SECRET_NAME.search(key) and key not in _OF_CACHE_KEYS
            if secret and item and not isinstance(item, bool):
                item = opaque(item)
            else:
                item = scrubbed(collector, item)
            pairs.append([collector.encoder.encode(key), item])
        return {"kind": "dict", "pairs": pairs}
    if isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        return {
            "kind": "tuple" if isinstance(value, tuple) else "list",
            "items": [scrubbed(collector, item) for item in value],
        }
    return collector.encoder.encode(value)


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


def _rest_framework(collector):
    try:
        from rest_framework.settings import DEFAULTS, api_settings
    except ImportError:
        return {}
    pairs = []
    for name in DEFAULTS:
        try:
            value = getattr(api_settings, name)
        except Exception as error:
            collector.warn("REST_FRAMEWORK[%r]: %s" % (name, error))
            continue
        pairs.append([{"kind": "const", "data": name}, scrubbed(collector, value)])
    return {"REST_FRAMEWORK": {"kind": "dict", "pairs": pairs}}


def _simple_jwt(collector):
    try:
        from rest_framework_simplejwt.settings import DEFAULTS, api_settings
    except Exception:
        return {}
    pairs = []
    for name in DEFAULTS:
        if name in ("SIGNING_KEY", "VERIFYING_KEY"):
            continue
        try:
            pairs.append(
                [{"kind": "const", "data": name}, collector.encoder.encode(getattr(api_settings, name))]
            )
        except Exception:
            continue
    for name, value in _jwt_facts(api_settings):
        pairs.append([{"kind": "const", "data": name}, {"kind": "const", "data": value}])
    return {"SIMPLE_JWT": {"kind": "dict", "pairs": pairs}}


def _knox(collector):
    """``REST_KNOX`` with its defaults, and ``ALGORITHM``: hashlib's name of ``SECURE_HASH_ALGORITHM``, if it is one of its."""
    try:
        import hashlib

        from knox.settings import DEFAULTS, knox_settings

        given = {name: getattr(knox_settings, name) for name in DEFAULTS}
        algorithm = given.pop("SECURE_HASH_ALGORITHM")
        name = getattr(algorithm(), "name", None)
        digest = algorithm(b"x").hexdigest()
        given["ALGORITHM"] = name if name and hashlib.new(name, b"x").hexdigest() == digest else None
    except Exception:
        return {}
    return {"REST_KNOX": _pairs(collector, given)}


def _standard_errors(collector):
    """``DRF_STANDARDIZED_ERRORS`` with its defaults: what says how an error is answered."""
    names = ("EXCEPTION_HANDLER_CLASS", "EXCEPTION_FORMATTER_CLASS", "NESTED_FIELD_SEPARATOR",
             "ENABLE_IN_DEBUG_FOR_UNHANDLED_EXCEPTIONS")  # fmt: skip
    try:
        from drf_standardized_errors.settings import package_settings

        given = {name: getattr(package_settings, name) for name in names}
    except Exception:
        return {}
    return {"DRF_STANDARDIZED_ERRORS": _pairs(collector, given)}


# Settings of django-oauth-toolkit that say how a token is checked; no keys and no credentials.
_OF_OAUTH2 = (
    "ACCESS_TOKEN_MODEL",
    "APPLICATION_MODEL",
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT",
    "ERROR_RESPONSE_WITH_SCOPES",
    "OAUTH2_BACKEND_CLASS",
    "OAUTH2_SERVER_CLASS",
    "OAUTH2_VALIDATOR_CLASS",
    "OIDC_ENABLED",
    "READ_SCOPE",
    "SCOPES_BACKEND_CLASS",
    "WRITE_SCOPE",
)


def _oauth2(collector):
    """``OAUTH2_PROVIDER`` with its defaults, and ``INTROSPECTION``: whether another server is asked about tokens."""
    try:
        from oauth2_provider.settings import DEFAULTS, oauth2_settings

        given = {name: getattr(oauth2_settings, name) for name in _OF_OAUTH2 if name in DEFAULTS}
        given["INTROSPECTION"] = bool(
            oauth2_settings.RESOURCE_SERVER_INTROSPECTION_URL
            and (
                oauth2_settings.RESOURCE_SERVER_AUTH_TOKEN
                or oauth2_settings.RESOURCE_SERVER_INTROSPECTION_CREDENTIALS
            )
        )
    except Exception:
        return {}
    return {"OAUTH2_PROVIDER": _pairs(collector, given)}


_OF_GUARDIAN = (
    "ANONYMOUS_USER_CACHE_TTL",
    "ANONYMOUS_USER_NAME",
    "AUTO_PREFETCH",
    "GET_CONTENT_TYPE",
    "GROUP_OBJ_PERMS_MODEL",
    "USER_OBJ_PERMS_MODEL",
)


def _guardian(collector):
    """``GUARDIAN``: django-guardian's settings with their defaults, without their prefix."""
    try:
        from guardian.conf import settings as held
    except Exception:
        return {}
    return {"GUARDIAN": _pairs(collector, {n: getattr(held, n) for n in _OF_GUARDIAN if hasattr(held, n)})}


def _pairs(collector, given):
    """A dict of settings by name, sorted, as the snapshot has values."""
    pairs = [[{"kind": "const", "data": n}, collector.encoder.encode(v)] for n, v in sorted(given.items())]
    return {"kind": "dict", "pairs": pairs}


def _jwt_facts(api_settings):
    """What is no setting: whose key verifies, and what the installed release says of bad tokens."""
    from django.conf import settings

    symmetric = str(api_settings.ALGORITHM).startswith("HS")
    key = api_settings.SIGNING_KEY if symmetric else api_settings.VERIFYING_KEY
    yield "KEY", "SECRET_KEY" if symmetric and key == settings.SECRET_KEY else "own"
    try:
        import datetime

        from rest_framework_simplejwt.exceptions import TokenError
        from rest_framework_simplejwt.tokens import AccessToken

        expired = AccessToken()
        expired.set_exp(lifetime=-datetime.timedelta(days=2))
        for name, token in (("TEXT_INVALID", "x"), ("TEXT_EXPIRED", str(expired))):
            try:
                AccessToken(token)
            except TokenError as error:
                yield name, str(error.args[0])
    except Exception:
        return


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
