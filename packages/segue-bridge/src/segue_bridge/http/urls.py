"""Absolute addresses and query links as Django and DRF build them."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit, urlunsplit

from starlette.requests import Request


def base(request: Request) -> str:
    """``scheme://host`` of the request (``X-Forwarded-*`` is for the server to apply)."""
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def absolute(request: Request, location: str | None = None) -> str:
    """``request.build_absolute_uri(location)``."""
    if location is None:
        path = quote(request.scope["path"], safe="/:@&+$,-_.!~*'()")
        query = request.scope.get("query_string", b"").decode("latin-1")
        return base(request) + path + (f"?{quote(query, safe=_IRI)}" if query else "")
    parts = urlsplit(location)
    if parts.scheme and parts.netloc:
        return quote(location, safe=_IRI)
    if location.startswith("//"):
        return quote(f"{request.url.scheme}:{location}", safe=_IRI)
    here = base(request) + quote(request.scope["path"], safe="/:@&+$,-_.!~*'()")
    return quote(urljoin(here, location), safe=_IRI)


def with_parameter(url: str, name: str, value: object) -> str:
    """``replace_query_param``: parameters come out sorted by name."""
    scheme, host, path, query, fragment = urlsplit(url)
    parameters = parse_qs(query, keep_blank_values=True)
    parameters[name] = [str(value)]
    return urlunsplit((scheme, host, path, urlencode(sorted(parameters.items()), doseq=True), fragment))


def without_parameter(url: str, name: str) -> str:
    """``remove_query_param``."""
    scheme, host, path, query, fragment = urlsplit(url)
    parameters = parse_qs(query, keep_blank_values=True)
    parameters.pop(name, None)
    return urlunsplit((scheme, host, path, urlencode(sorted(parameters.items()), doseq=True), fragment))


_IRI = "/#%[]=:;$&()+,!?*@'~"
