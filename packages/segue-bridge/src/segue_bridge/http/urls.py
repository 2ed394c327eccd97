"""Addresses as Django and DRF build them."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit, urlunsplit

from starlette.requests import Request

from segue_bridge.http import forwarded
from segue_bridge.http.settings import HttpSettings

_HOST = re.compile(r"([a-z0-9.-]+|\[[a-f0-9]*:[a-f0-9.:]+\])(?::([0-9]+))?")
_PATH = "/:@&+$,-_.!~*'()"
_IRI = "/#%[]=:;$&()+,!?*@'~"


def scheme(request: Request, settings: HttpSettings) -> str:
    """``request.scheme``, with ``SECURE_PROXY_SSL_HEADER``; without it as a trusted proxy says, which gunicorn tells Django."""
    if settings.proxy_header is not None:
        name, secure = settings.proxy_header
        value = request.headers.get(name)
        if value is not None:
            return "https" if value.split(",")[0].strip() == secure else "http"
    found: str = request.scope.get("scheme", "http")
    return forwarded.scheme(request) or found


def host(request: Request, settings: HttpSettings) -> str:
    """``request.get_host()`` without the check of ``ALLOWED_HOSTS``."""
    if settings.forwarded_host:
        forwarded = request.headers.get("x-forwarded-host")
        if forwarded is not None:
            return forwarded
    named = request.headers.get("host")
    if named is not None:
        return named
    server = request.scope.get("server") or ("", None)
    usual = 443 if scheme(request, settings) == "https" else 80
    return server[0] if server[1] in (None, usual) else f"{server[0]}:{server[1]}"


@lru_cache(maxsize=256)
def allowed(host: str, patterns: tuple[str, ...]) -> bool:
    """Whether ``ALLOWED_HOSTS`` has the host (``validate_host``); a malformed one never is."""
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return False
    domain = match[1].removesuffix(".")
    return bool(domain) and any(_same(domain, pattern.lower()) for pattern in patterns)


def _same(domain: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    if not pattern:
        return False
    return domain == pattern or (pattern[0] == "." and (domain.endswith(pattern) or domain == pattern[1:]))


def full_path(request: Request, *, slash: bool = False) -> str:
    """``request.get_full_path()``: the path quoted again, the raw query; ``slash`` appends one."""
    query = request.scope.get("query_string", b"").decode("latin-1")
    path = quote(request.scope["path"], safe=_PATH)
    if slash and not path.endswith("/"):
        path += "/"
    return path + (f"?{quote(query, safe=_IRI)}" if query else "")


def absolute(request: Request, settings: HttpSettings, location: str | None = None) -> str:
    """``request.build_absolute_uri(location)``."""
    here = f"{scheme(request, settings)}://{host(request, settings)}"
    if location is None:
        return here + full_path(request)
    parts = urlsplit(location)
    if not (parts.scheme and parts.netloc):
        plain = parts.path.startswith("/") and not parts.scheme and not parts.netloc
        if plain and "/./" not in parts.path and "/../" not in parts.path:
            location = here + location.removeprefix("//")
        else:
            location = urljoin(here + request.scope["path"], location)
    return quote(location, safe=_IRI)


def with_parameter(url: str, name: str, value: object) -> str:
    """``replace_query_param``: parameters come out sorted by name."""
    scheme, netloc, path, query, fragment = urlsplit(url)
    parameters = parse_qs(query, keep_blank_values=True)
    parameters[name] = [str(value)]
    return urlunsplit((scheme, netloc, path, urlencode(sorted(parameters.items()), doseq=True), fragment))


def without_parameter(url: str, name: str) -> str:
    """``remove_query_param``."""
    scheme, netloc, path, query, fragment = urlsplit(url)
    parameters = parse_qs(query, keep_blank_values=True)
    parameters.pop(name, None)
    return urlunsplit((scheme, netloc, path, urlencode(sorted(parameters.items()), doseq=True), fragment))
