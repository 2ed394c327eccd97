"""``corsheaders.middleware.CorsMiddleware``: its settings as :class:`segue_bridge.http.cors.CorsSettings`."""

from __future__ import annotations

from collections.abc import Mapping

from segue.snapshot.model import Snapshot
from segue.target.ir import Import
from segue.translate.middleware.known import COMMON, FRAMES, SECURITY, SESSIONS
from segue.translate.middleware.subclasses import cookie, saves_every_request
from segue.translate.specialise.fold import plain

NAME = "corsheaders.middleware.CorsMiddleware"
PREFLIGHTS = ("middleware", "preflights")
"""Memo: translated middleware stands further out, which sees Django's answers to preflights."""
# What django-cors-headers allowed by default before version 4.
_OLD_HEADERS = (
    "accept", "accept-encoding", "authorization", "content-type", "dnt", "origin", "user-agent", "x-csrftoken",
    "x-requested-with",
)  # fmt: skip
_OPTIONS = {
    "allow_all_origins": ("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"),
    "allowed_origins": ("CORS_ALLOWED_ORIGINS", "CORS_ORIGIN_WHITELIST"),
    "allowed_origin_regexes": ("CORS_ALLOWED_ORIGIN_REGEXES", "CORS_ORIGIN_REGEX_WHITELIST"),
    "allow_credentials": ("CORS_ALLOW_CREDENTIALS",),
    "allow_headers": ("CORS_ALLOW_HEADERS",),
    "allow_methods": ("CORS_ALLOW_METHODS",),
    "expose_headers": ("CORS_EXPOSE_HEADERS",),
    "max_age": ("CORS_PREFLIGHT_MAX_AGE",),
    "urls_regex": ("CORS_URLS_REGEX",),
    "allow_private_network": ("CORS_ALLOW_PRIVATE_NETWORK",),
}


def cors_problem(snapshot: Snapshot) -> str:
    """Why this project's use of the middleware is not translated; '' if it is."""
    version = snapshot.versions.packages.get("django-cors-headers", "")
    if not version.startswith(("4.", "3.14.")):
        return f"Only django-cors-headers 4 and 3.14 are known, this is {version or 'of unknown version'}."
    if version.startswith("3."):
        for name in ("CORS_REPLACE_HTTPS_REFERER", "CORS_ALLOW_CREDENTIALS"):
            known = snapshot.settings.values.get(name)
            if known is not None and plain(known):
                return f"{name} of django-cors-headers {version} is not translated."
    if any("check_request_enabled" in receiver.signal for receiver in snapshot.receivers):
        return "A receiver of its signal check_request_enabled decides at run time."
    for names in _OPTIONS.values():
        for name in names:
            if name in snapshot.settings.values and not _constant(plain(snapshot.settings.values[name])):
                return f"{name} is no constant that Segue can write down."
    return ""


def cors_lines(
    snapshot: Snapshot, headers: Mapping[str, str], *, left: bool = False
) -> tuple[list[str], set[Import]]:
    """``app.add_middleware(Cors, …)``, without what is the default. ``headers`` are those of all answers. ``left``: preflights are
    Django's, as middleware of the project further out sees them.

    What ``SecurityMiddleware`` and ``CommonMiddleware`` answer themselves passes the middleware only where it stands
    before them, and a preflight that it answers gets their headers only where it stands behind them.
    """
    if NAME not in snapshot.settings.middleware:
        return [], set()
    arguments = []
    for option, names in _OPTIONS.items():
        for name in names:
            if name in snapshot.settings.values:
                found = plain(snapshot.settings.values[name])
                arguments.append(f"{option}={tuple(found) if isinstance(found, list) else found!r}")
                break
        else:
            if option == "allow_headers" and snapshot.versions.packages["django-cors-headers"].startswith(
                "3."
            ):
                arguments.append(f"{option}={_OLD_HEADERS!r}")
    middleware = snapshot.settings.middleware
    before = middleware[: middleware.index(NAME)]
    inside = tuple(word for name, word in ((SECURITY, "security"), (COMMON, "common")) if name in before)
    own = {k: v for k, v in headers.items() if (FRAMES if k == "x-frame-options" else SECURITY) in before}
    extra = f", inside={inside!r}" if inside else ""
    if own:
        extra += ", headers=HEADERS" if own == headers else f", headers={own!r}"
    if SESSIONS in before and saves_every_request(snapshot):
        extra += f", saved={cookie(snapshot, SESSIONS)!r}"
    if left:
        extra += ", preflights=False"
    module = "segue_bridge.http.cors"
    imports = {Import(module, "Cors"), Import(module, "CorsSettings")}
    return [f"    app.add_middleware(Cors, settings=CorsSettings({', '.join(arguments)}){extra})"], imports


def _constant(found: object) -> bool:
    if isinstance(found, list):
        return all(isinstance(item, str) for item in found)
    return isinstance(found, bool | int | str)
