"""``rest_framework.response.Response``: data that becomes JSON when the view is done.

Rendering comes after the handler, outside its transaction, as in Django: data that cannot be
rendered is a 500 of an already committed request.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from email.header import Header
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from segue_bridge.errors import Unserved
from segue_bridge.http.media import JSON as JSON_TYPE
from segue_bridge.http.render import DEFAULT, Renderer


def header_value(value: str) -> bytes:
    """The bytes of a header, as Django's ``ResponseHeaders`` makes them: what Latin-1 lacks is written as RFC 2047 has it.

    Raises ``ValueError`` for a line break (``BadHeaderError``).
    """
    try:
        value.encode("latin-1")
    except UnicodeError:
        value = Header(value, "utf-8", maxlinelen=sys.maxsize).encode()
    if "\n" in value or "\r" in value:
        raise ValueError(f"Header values can't contain newlines (got {value!r})")
    return value.encode("latin-1")


def header_text(value: str) -> str:
    """:func:`header_value` as Starlette's headers take it: ``response.headers["X-Title"] = header_text(title)``."""
    return header_value(value).decode("latin-1")


def _content(value: Any) -> bytes:
    """What ``HttpResponse.content = value`` keeps."""
    if isinstance(value, Iterable) and not isinstance(value, (bytes, memoryview, str)):
        return b"".join(map(_bytes, value))
    return _bytes(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    if value is None or isinstance(value, (str, int)):
        return str(value).encode()
    raise Unserved("renderer")


class JSON(Response):
    """``data`` with a status and headers. None is an empty body, not ``null``."""

    media_type = JSON_TYPE
    unserved = False
    """True for what only Django answers; no renderer of the project's has seen it."""

    def __init__(
        self,
        data: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> None:
        # Starlette's own __init__ renders at once and guesses headers; neither is wanted here.
        self.data = data
        self.status_code = status_code
        self.content_type = content_type
        self.background = None
        self.body = b""
        self.raw_headers = (
            [(name.lower().encode("latin-1"), header_value(value)) for name, value in headers.items()]
            if headers
            else []
        )

    def finish(self, renderer: Renderer, indent: int | None) -> None:
        """Render the data and set ``Content-Type`` (none for an empty body) and ``Content-Length``."""
        self.complete(renderer.render(self.data, indent))

    def complete(self, body: bytes, charset: str = "") -> None:
        """Take ``body`` as what the data was rendered to."""
        self.body = body
        if body:
            kind = self.content_type or (f"{JSON_TYPE}; charset={charset}" if charset else JSON_TYPE)
            self.raw_headers.append((b"content-type", kind.encode("latin-1")))
        self.raw_headers.append((b"content-length", b"%d" % len(body)))

    def take(self, made: Any, media: str, charset: str) -> None:
        """Take what a renderer of the project's returned, as ``Response.rendered_content`` and Django's ``content`` do.

        Raises ``AssertionError`` for a text without a charset, :class:`~segue_bridge.errors.Unserved` for what would be written down
        as Python shows it, which need not be the same on both sides.
        """
        kind = self.content_type or (f"{media}; charset={charset}" if charset else media)
        if isinstance(made, str):
            if not charset:
                raise AssertionError("renderer returned unicode, and did not specify a charset value.")
            self.body = made.encode(charset)
        else:
            kind = kind if made else ""
            self.body = _content(made)
        if kind:
            self.raw_headers.append((b"content-type", kind.encode("latin-1")))
        self.raw_headers.append((b"content-length", b"%d" % len(self.body)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by itself where no resource does it (a hand-written FastAPI route)."""
        if not any(name == b"content-length" for name, _ in self.raw_headers):
            self.finish(DEFAULT, None)
        await super().__call__(scope, receive, send)
