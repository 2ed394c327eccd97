"""``corsheaders.middleware.CorsMiddleware``: its settings as :class:`segue_bridge.http.cors.CorsSettings`."""

from __future__ import annotations

from segue.snapshot.model import Snapshot
from segue.target.ir import Import
from segue.translate.specialise.fold import plain

NAME = "corsheaders.middleware.CorsMiddleware"
_COMMON = "django.middleware.common.CommonMiddleware"
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
    middleware = snapshot.settings.middleware
    if _COMMON in middleware and middleware.index(_COMMON) < middleware.index(NAME):
        return "It stands after CommonMiddleware, so that redirects and host errors lack its headers."
    version = snapshot.versions.packages.get("django-cors-headers", "")
    if not version.startswith("4."):
        return f"Only django-cors-headers 4 is known, this is {version or 'of unknown version'}."
    if any("check_request_enabled" in receiver.signal for receiver in snapshot.receivers):
        return "A receiver of its signal check_request_enabled decides at run time."
    for names in _OPTIONS.values():
        for name in names:
            if name in snapshot.settings.values and not _constant(plain(snapshot.settings.values[name])):
                return f"{name} is no constant that Segue can write down."
    return ""


def cors_lines(snapshot: Snapshot) -> tuple[list[str], set[Import]]:
    """``app.add_middleware(Cors, …)``, without what is the default."""
    if NAME not in snapshot.settings.middleware:
        return [], set()
    arguments = []
    for option, names in _OPTIONS.items():
        for name in names:
            if name in snapshot.settings.values:
                found = plain(snapshot.settings.values[name])
                arguments.append(f"{option}={tuple(found) if isinstance(found, list) else found!r}")
                break
    module = "segue_bridge.http.cors"
    imports = {Import(module, "Cors"), Import(module, "CorsSettings")}
    return [f"    app.add_middleware(Cors, settings=CorsSettings({', '.join(arguments)}))"], imports


def _constant(found: object) -> bool:
    if isinstance(found, list):
        return all(isinstance(item, str) for item in found)
    return isinstance(found, bool | int | str)
