"""A request of a test, as either of Django's two interfaces carries it, in the form that both sides are asked with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

_SAFE = "/:@&+$,-_.!~*'()%="


def operation_of(operations: list[Any], method: str, path: str) -> dict[str, Any] | None:
    """The native operation for a method and a decoded path."""
    for operation, pattern in operations:
        wanted = operation["method"]
        if (method == wanted or (method == "HEAD" and wanted == "GET")) and pattern.match(path):
            found: dict[str, Any] = operation
            return found
    return None


def of_environ(environ: dict[str, Any]) -> dict[str, Any]:
    """A WSGI environment of the test client; its body is put back."""
    from django.test.client import FakePayload

    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = FakePayload(body)
    headers = [(k[5:].replace("_", "-").title(), str(v)) for k, v in environ.items() if k.startswith("HTTP_")]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    if not environ.get("HTTP_HOST") and environ.get("SERVER_NAME"):
        port = str(environ.get("SERVER_PORT", "80"))
        usual = port == ("443" if environ.get("wsgi.url_scheme") == "https" else "80")
        headers.append(("Host", environ["SERVER_NAME"] + ("" if usual else f":{port}")))
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    return {
        "method": environ["REQUEST_METHOD"],
        "path": quote(path, safe=_SAFE),
        "query": environ.get("QUERY_STRING", ""),
        "headers": headers,
        "body": body,
        "scheme": environ.get("wsgi.url_scheme", "http"),
    }


def of_scope(scope: dict[str, Any]) -> dict[str, Any]:
    """An ASGI scope of ``AsyncClient`` with its ``_body_file``, which is put back."""
    from django.test.client import FakePayload

    body = b""
    if "_body_file" in scope:
        body = scope["_body_file"].read()
        scope["_body_file"] = FakePayload(body)
    query = scope.get("query_string", "")
    pairs = [(bytes(k).decode("latin-1"), bytes(v).decode("latin-1")) for k, v in scope["headers"]]
    return {
        "method": scope["method"],
        "path": quote(scope["path"], safe=_SAFE),
        "query": query.decode("latin-1") if isinstance(query, bytes) else query,
        "headers": [(k, v) for k, v in pairs if k != "content-length" and not (k == "cookie" and not v)],
        "body": body,
        "scheme": scope.get("scheme", "http"),
    }


def accepts_html(request: dict[str, Any]) -> bool:
    """Whether the client asks for a page."""
    return any(k.lower() == "accept" and "text/html" in v for k, v in request["headers"])
