"""Settings of packages, with their defaults and as the packages read them."""

from .scrubbing import scrubbed

NAMES = ("REST_FRAMEWORK", "SIMPLE_JWT", "REST_KNOX", "OAUTH2_PROVIDER", "DRF_STANDARDIZED_ERRORS")
"""What projects call those that are told here."""


def describe(collector):
    """By name, as the snapshot has values; what is not installed is left out."""
    found = {}
    for part in (_rest_framework, _simple_jwt, _knox, _oauth2, _standard_errors, _guardian):
        found.update(part(collector))
    return found


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
