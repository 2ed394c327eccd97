"""``SESSION_*`` settings → ``app/access.py``: the sessions and where they are kept."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter

from segue.refusal import refuse
from segue.snapshot.model import Function, Value, Where
from segue.target.ir import Decl, Import
from segue.translate import caches
from segue.translate.backends import left_to_django, loads_inactive, of_sessions
from segue.translate.bound_names import bound_names
from segue.translate.context import Context
from segue.translate.middleware.known import SESSIONS
from segue.translate.middleware.subclasses import base_of
from segue.translate.versions import since
from segue.translate.views import access, csrf

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
# What a subclass's process_response has to do, and what is false of requests that have no cookie of a session.
_ASKS = "accessed = request.session.accessed"
_TELLS = "if accessed:\n    patch_vary_headers(response, ('Cookie',))"
_GIVES_UP = ast.ExceptHandler(ast.Name("AttributeError"), None, [ast.Return(ast.Name("response"))])
_COOKIE = "settings.SESSION_COOKIE_NAME in request.COOKIES"
_WITH_COOKIE = (_COOKIE, f"{_COOKIE} and empty")
_JSON = ("django.contrib.sessions.serializers.JSONSerializer", "django.core.signing.JSONSerializer")


def declare(ctx: Context, where: Where, *, only_read: bool = False) -> None:
    """Declare ``SESSIONS`` and ``CSRF`` in ``app/access.py``. Raises ``Refused`` for sessions that FastAPI cannot share.

    ``only_read``: nobody is logged in or out, so that a subclass of Django's middleware will do: requests with its cookie are
    left to Django, and the others have no session.
    """
    settings = ctx.snapshot.settings
    module = access.module(ctx)
    of_django = _SESSION_MIDDLEWARE in settings.middleware or (only_read and _tells_readers(ctx))
    if "SESSIONS" in module.decls and of_django:
        return
    if not of_django or _USER_MIDDLEWARE not in settings.middleware:
        raise refuse(
            "authentication",
            "SessionAuthentication",
            "The project's middleware has no sessions as Django's.",
            where,
        )
    engine = str(access.setting(ctx, "SESSION_ENGINE", f"{_BACKENDS}db"))
    if engine not in _ENGINES:
        raise refuse("session-engine", engine, "Sessions of this engine are not shared yet.", where)
    serializer = str(access.setting(ctx, "SESSION_SERIALIZER", _JSON[0]))
    if engine != f"{_BACKENDS}cache" and serializer not in _JSON:
        raise refuse(
            "session-serializer",
            serializer,
            "Only JSON is read: who knows the secret key could run code by a pickle. Let the project use Django's "
            "JSONSerializer; by hand, segue_bridge.auth.serializers.PickleSerializer reads pickles of plain values.",
            where,
        )
    backends = of_sessions(ctx, where)
    inactive = tuple(name for name in backends if loads_inactive(ctx, name))
    left = tuple(left_to_django(ctx))
    also = (f", inactive={inactive!r}" if inactive else "") + (f", left={left!r}" if left else "")
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
    if given.get("save_every_request") and varies_when_saved(ctx.snapshot.versions.django) is False:
        given["vary_when_saved"] = False
    arguments = "".join(f", {k}={v!r}" for k, v in given.items())
    package = ctx.program.package
    module_of, store = _ENGINES[engine]
    given_to, needed = _given(ctx, engine, where)
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
            f"SESSIONS = Sessions(SESSION_SETTINGS, {store}({given_to}), backends={tuple(backends)!r}{also})",
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
    csrf.declare(ctx)


def _tells_readers(ctx: Context) -> bool:
    """Whether a subclass of ``SessionMiddleware`` writes ``Vary: Cookie`` where the session was looked at, as Django's does."""
    value = ctx.snapshot.settings.values.get("MIDDLEWARE")
    defined = [v.name for v in value.items] if value is not None else list(ctx.snapshot.settings.middleware)
    for name in defined:
        cls = ctx.snapshot.classes.get(name) if base_of(ctx.snapshot, name) == SESSIONS else None
        if cls is None:
            continue
        function = ctx.snapshot.functions.get(cls.methods.get("process_response", ""))
        if function is None or function.name.startswith("django."):
            return cls.methods.get("process_response", "").startswith("django.")
        return _tells_in(function)
    return False


def _tells_in(function: Function) -> bool:
    """Whether a method of the project writes it for every reader who has no cookie of a session: at its top level, after the session
    was asked there, with nothing in between that ends it for them, and nothing that gives a name another meaning."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    known = function.globals.get("patch_vary_headers")
    if (
        not isinstance(tree, ast.FunctionDef)
        or tree.decorator_list
        or [ast.unparse(a) for a in tree.args.args[1:]] != ["request", "response"]
        or known is None
        or known.name != "django.utils.cache.patch_vary_headers"
    ):
        return False
    body = _spread(tree.body)
    texts = [ast.unparse(n) for n in body]
    asks = [i for i, n in enumerate(body) if _ASKS in (texts[i], *_tried(n))]
    if len(asks) != 1 or texts.count(_TELLS) != 1 or asks[0] > texts.index(_TELLS):
        return False
    before = [n for i, n in enumerate(body[: texts.index(_TELLS)]) if i != asks[0]]
    settings = function.globals.get("settings")
    of_django = settings is not None and settings.name == "django.conf.settings"
    return not any(_leaves(n, of_django) for n in before) and _as_they_are(tree)


def _spread(body: list[ast.stmt]) -> list[ast.stmt]:
    """The steps where there is a session: the ``else`` of a ``try`` that does nothing without one goes on behind it."""
    match body:
        case [*before, ast.Try([*asked], [handler], [*rest], []) as tried, ast.Return() as last] if rest:
            if ast.unparse(handler) == "except AttributeError:\n    pass":
                return [*before, ast.copy_location(ast.Try(asked, [_GIVES_UP], [], []), tried), *rest, last]
    return body


def _tried(node: ast.stmt) -> list[str]:
    """The assignments of a ``try`` that gives up, as Django's does, where there is no session; nothing for any other statement."""
    if (
        not isinstance(node, ast.Try)
        or [ast.unparse(h) for h in node.handlers] != [ast.unparse(_GIVES_UP)]
        or node.orelse
        or node.finalbody
        or not all(isinstance(n, ast.Assign) for n in node.body)
    ):
        return []
    return [ast.unparse(n) for n in node.body]


def _leaves(node: ast.stmt, of_django: bool) -> bool:
    """Whether the method may end there for requests without the cookie of a session, which are not left to Django. ``of_django``:
    what it calls ``settings`` is Django's."""
    if isinstance(node, ast.If) and of_django and ast.unparse(node.test) in _WITH_COOKIE:
        return any(_leaves(n, of_django) for n in node.orelse)
    return any(isinstance(n, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom) for n in ast.walk(node))


def _as_they_are(tree: ast.FunctionDef) -> bool:
    """Whether the answer, the request and what was asked are bound nowhere else, ``Vary`` is not named, and the answer is what is returned."""
    bound = Counter(bound_names(*tree.body))
    named = any(isinstance(n, ast.Constant) and str(n.value).lower() == "vary" for n in ast.walk(tree))
    returned = {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Return)}
    taken = bound["request"] + bound["response"]  # of the others the probe says what they are here
    return bound["accessed"] == 1 and not taken and not named and returned == {"return response"}


def varies_when_saved(django: str) -> bool | None:
    """Whether ``SessionMiddleware`` of this release writes ``Vary: Cookie`` with every cookie that it sets, read or not;
    None for the releases between those that Segue has looked at."""
    if since(django, 6, 0, 8) or (since(django, 5, 2, 15) and not since(django, 6)):
        return True
    return None if since(django, 6, 0, 1) or (since(django, 5, 2, 9) and not since(django, 6)) else False


def _given(ctx: Context, engine: str, where: Where) -> tuple[str, set[Import]]:
    """The arguments of a store. Raises ``Refused`` for a cache or a folder that is not shared."""
    package = ctx.program.package
    if engine in (f"{_BACKENDS}cache", f"{_BACKENDS}cached_db"):

        def unshared(code: str, what: str, why: str) -> Exception:
            return refuse(code, what, f"Sessions are kept there. {why}", where)

        cache = caches.declared(ctx, str(access.setting(ctx, "SESSION_CACHE_ALIAS", "default")), unshared)
        arguments = cache if engine == f"{_BACKENDS}cache" else f"SESSION_SETTINGS, {cache}"
        return arguments, {Import(f"{package}.cache", cache)}
    if engine == f"{_BACKENDS}file":
        folder = access.setting(ctx, "SESSION_FILE_PATH")
        if folder is not None and not isinstance(folder, str):
            raise refuse("session-engine", "SESSION_FILE_PATH", "Segue does not know this folder.", where)
        if folder:
            used = ctx.memo.setdefault(("kernel", "settings"), {})
            assert isinstance(used, dict)
            used["session_folder"] = Value("const", folder)
            return "SESSION_SETTINGS, settings.session_folder", set()
    return "SESSION_SETTINGS", set()
