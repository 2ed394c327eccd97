"""Arguments of ``handlers.install``: what the project's settings say about proxies and limits.

``ALLOWED_HOSTS`` is left out: test clients and gateways call the service by names of their own. Who serves it
without a gateway adds ``hosts=``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from segue.snapshot.model import Snapshot
from segue.translate.middleware.known import COMMON, FRAMES, SECURITY, SESSIONS
from segue.translate.specialise.fold import plain

# Those that answer by themselves, and those that see such an answer only if they stand further out.
_ANSWERING = {"security": SECURITY, "common": COMMON}
_WRITING = {"frames": FRAMES, "security": SECURITY, "session": SESSIONS}
_INSIDE = {"security": ("frames", "session"), "common": ("frames",)}  # segue_bridge.http.settings.INSIDE
# Django's own defaults; an argument is written only where the project differs.
_LIMITS = {
    "body_limit": ("DATA_UPLOAD_MAX_MEMORY_SIZE", 2_621_440),
    "field_limit": ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 1000),
    "file_limit": ("DATA_UPLOAD_MAX_NUMBER_FILES", 100),
}


def http_options(snapshot: Snapshot) -> list[str]:
    """``name=value`` texts, in a fixed order."""
    found: dict[str, Any] = {}
    middleware = snapshot.settings.middleware
    if _value(snapshot, "USE_X_FORWARDED_HOST", False):
        found["forwarded_host"] = True
    proxy = _value(snapshot, "SECURE_PROXY_SSL_HEADER", None)
    if proxy:
        found["proxy_header"] = (proxy[0].removeprefix("HTTP_").replace("_", "-").lower(), proxy[1])
    if SECURITY in middleware:
        if _value(snapshot, "SECURE_SSL_REDIRECT", False):
            found["ssl_redirect"] = True
        seconds = _value(snapshot, "SECURE_HSTS_SECONDS", 0)
        if seconds:
            text = f"max-age={seconds}"
            if _value(snapshot, "SECURE_HSTS_INCLUDE_SUBDOMAINS", False):
                text += "; includeSubDomains"
            if _value(snapshot, "SECURE_HSTS_PRELOAD", False):
                text += "; preload"
            found["hsts"] = text
    inside = _inside(middleware)
    if inside != {name: _INSIDE[name] for name in inside}:
        found["inside"] = inside
    framework = _value(snapshot, "REST_FRAMEWORK", {}) or {}
    if "URL_FORMAT_OVERRIDE" in framework and framework["URL_FORMAT_OVERRIDE"] != "format":
        found["format_param"] = framework["URL_FORMAT_OVERRIDE"]
    for name, (setting, usual) in _LIMITS.items():
        limit = _value(snapshot, setting, usual)
        if limit != usual:
            found[name] = limit
    return [f"{name}={value!r}" for name, value in found.items()]


def _inside(middleware: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Who stands inside of each that answers by itself. Where the writer is not there at all, as Django's template has it."""
    places = {name: middleware.index(name) for name in middleware}
    return {
        word: tuple(
            writer for writer, path in _WRITING.items()
            if (places[path] > places[name] if path in places else writer in _INSIDE[word])
        )
        for word, name in _ANSWERING.items()
        if name in places
    }  # fmt: skip


def _value(snapshot: Snapshot, name: str, default: Any) -> Any:
    known = snapshot.settings.values.get(name)
    return default if known is None else plain(known)
