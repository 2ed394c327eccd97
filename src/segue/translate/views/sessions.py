"""``SESSION_*`` and ``CSRF_*`` settings → ``app/access.py``: the sessions, where they are kept, the CSRF rules."""

from __future__ import annotations

from segue.snapshot.model import Value
from segue.target.ir import Decl, Import
from segue.translate import caches
from segue.translate.backends import of_sessions
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import access

_USER_MIDDLEWARE = "django.contrib.auth.middleware.AuthenticationMiddleware"
_SESSION_MIDDLEWARE = "django.contrib.sessions.middleware.SessionMiddleware"
_BACKENDS = "django.contrib.sessions.backends."
# Module and class of the bridge's stores; with a cache they are given it.
_ENGINES = {
    f"{_BACKENDS}db": ("database", "DatabaseStore"),
    f"{_BACKENDS}cached_db": ("cached", "CachedDatabaseStore"),
    f"{_BACKENDS}cache": ("cached", "CacheStore"),
    f"{_BACKENDS}file": ("files", "FileStore"),
    f"{_BACKENDS}signed_cookies": ("cookies", "CookieStore"),
}
_JSON = ("django.contrib.sessions.serializers.JSONSerializer", "django.core.signing.JSONSerializer")


def declare(endpoint: Endpoint) -> None:
    """Declare ``SESSIONS`` and ``CSRF`` in ``app/access.py``. Raises ``Refused`` for sessions that FastAPI cannot share."""
    ctx = endpoint.ctx
    settings = ctx.snapshot.settings
    module = access.module(ctx)
    if "SESSIONS" in module.decls:
        return
    if _SESSION_MIDDLEWARE not in settings.middleware or _USER_MIDDLEWARE not in settings.middleware:
        raise endpoint.refuse(
            "authentication", "SessionAuthentication", "The project's middleware has no sessions as Django's."
        )
    engine = str(access.setting(ctx, "SESSION_ENGINE", f"{_BACKENDS}db"))
    if engine not in _ENGINES:
        raise endpoint.refuse("session-engine", engine, "Sessions of this engine are not shared yet.")
    serializer = str(access.setting(ctx, "SESSION_SERIALIZER", _JSON[0]))
    if engine != f"{_BACKENDS}cache" and serializer not in _JSON:
        raise endpoint.refuse(
            "session-serializer",
            serializer,
            "Only JSON is read: who knows the secret key could run code by a pickle. Let the project use Django's "
            "JSONSerializer; by hand, segue_bridge.auth.serializers.PickleSerializer reads pickles of plain values.",
        )
    backends = of_sessions(ctx, endpoint.where)
    names = {
        "cookie_name": ("SESSION_COOKIE_NAME", "sessionid"),
        "cookie_age": ("SESSION_COOKIE_AGE", 1209600),
        "cookie_path": ("SESSION_COOKIE_PATH", "/"),
        "cookie_domain": ("SESSION_COOKIE_DOMAIN", None),
        "cookie_secure": ("SESSION_COOKIE_SECURE", False),
        "cookie_httponly": ("SESSION_COOKIE_HTTPONLY", True),
        "save_every_request": ("SESSION_SAVE_EVERY_REQUEST", False),
        "expire_at_browser_close": ("SESSION_EXPIRE_AT_BROWSER_CLOSE", False),
    }
    given = {k: access.setting(ctx, s, d) for k, (s, d) in names.items() if access.setting(ctx, s, d) != d}
    samesite = access.setting(ctx, "SESSION_COOKIE_SAMESITE", "Lax")
    if samesite != "Lax":
        given["cookie_samesite"] = samesite.lower() if isinstance(samesite, str) else None
    arguments = "".join(f", {k}={v!r}" for k, v in given.items())
    package = ctx.program.package
    module_of, store = _ENGINES[engine]
    given_to, needed = _given(endpoint, engine)
    module.add(
        Decl(
            "SESSION_SETTINGS",
            f"SESSION_SETTINGS = SessionSettings(secret=settings.secret_key, fallbacks=tuple(settings.secret_key_fallbacks){arguments})",
            frozenset(
                {
                    Import("segue_bridge.auth.session_settings", "SessionSettings"),
                    Import(f"{package}.settings", "settings"),
                }
            ),
            18,
        )
    )
    module.add(
        Decl(
            "SESSIONS",
            f"SESSIONS = Sessions(SESSION_SETTINGS, {store}({given_to}), backends={tuple(backends)!r})",
            frozenset(
                {
                    Import(f"segue_bridge.auth.stores.{module_of}", store),
                    Import("segue_bridge.auth.backend", "Sessions"),
                    *needed,
                }
            ),
            20,
        )
    )
    header = str(access.setting(ctx, "CSRF_HEADER_NAME", "HTTP_X_CSRFTOKEN"))
    shown = "-".join(w.capitalize() for w in header.removeprefix("HTTP_").split("_"))
    in_session = bool(access.setting(ctx, "CSRF_USE_SESSIONS", False))
    csrf = {
        "cookie_name": (access.setting(ctx, "CSRF_COOKIE_NAME", "csrftoken"), "csrftoken"),
        "cookie_domain": (
            access.setting(ctx, "SESSION_COOKIE_DOMAIN" if in_session else "CSRF_COOKIE_DOMAIN"),
            None,
        ),
        "header_name": (shown, "X-Csrftoken"),
        "trusted_origins": (tuple(access.setting(ctx, "CSRF_TRUSTED_ORIGINS", []) or []), ()),
        "use_sessions": (in_session, False),
    }
    text = ", ".join(f"{k}={v!r}" for k, (v, d) in csrf.items() if v != d)
    module.add(
        Decl(
            "CSRF",
            f"CSRF = CsrfSettings({text})",
            frozenset({Import("segue_bridge.auth.csrf", "CsrfSettings")}),
            18,
        )
    )


def _given(endpoint: Endpoint, engine: str) -> tuple[str, set[Import]]:
    """The arguments of a store. Raises ``Refused`` for a cache or a folder that is not shared."""
    ctx, package = endpoint.ctx, endpoint.ctx.program.package
    if engine in (f"{_BACKENDS}cache", f"{_BACKENDS}cached_db"):

        def refuse(code: str, what: str, why: str) -> Exception:
            return endpoint.refuse(code, what, f"Sessions are kept there. {why}")

        cache = caches.declared(ctx, str(access.setting(ctx, "SESSION_CACHE_ALIAS", "default")), refuse)
        arguments = cache if engine == f"{_BACKENDS}cache" else f"SESSION_SETTINGS, {cache}"
        return arguments, {Import(f"{package}.cache", cache)}
    if engine == f"{_BACKENDS}file":
        folder = access.setting(ctx, "SESSION_FILE_PATH")
        if folder is not None and not isinstance(folder, str):
            raise endpoint.refuse("session-engine", "SESSION_FILE_PATH", "Segue does not know this folder.")
        if folder:
            used = ctx.memo.setdefault(("kernel", "settings"), {})
            assert isinstance(used, dict)
            used["session_folder"] = Value("const", folder)
            return "SESSION_SETTINGS, settings.session_folder", set()
    return "SESSION_SETTINGS", set()
