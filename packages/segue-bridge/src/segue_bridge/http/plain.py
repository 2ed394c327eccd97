"""Django's own responses from a view of DRF: ``HttpResponse``, ``JsonResponse``, ``HttpResponseRedirect``.

No renderer sees them: what is sent is what the view made, with the headers that DRF's ``finalize_response`` adds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from segue_bridge.django_json import encoded
from segue_bridge.http.pages import HTML, SuspiciousOperation


class Page(Response):
    """An answer that can be written to until it is sent, as a file: ``csv.writer(page)``."""

    _parts: list[bytes]
    _size: int

    @property
    def body(self) -> bytes:
        """All that was written."""
        if len(self._parts) > 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    @body.setter
    def body(self, value: bytes) -> None:
        self._parts, self._size = [value], len(value)

    def write(self, content: str | bytes) -> None:
        """Add text, as UTF-8, or bytes (``HttpResponse.write``)."""
        added = content.encode() if isinstance(content, str) else content
        self._parts.append(added)
        self._size += len(added)
        self.headers["content-length"] = str(self._size)


def page(
    content: str | bytes = b"",
    status: int = 200,
    content_type: str = HTML,
    headers: Mapping[str, str] | None = None,
) -> Page:
    """``HttpResponse(content, content_type, status, headers=headers)``; text is sent as UTF-8."""
    body = content.encode() if isinstance(content, str) else content
    made = Page(body, status, headers={"content-type": content_type})
    if "content-length" not in made.headers:  # Starlette leaves it out of a 204, CommonMiddleware does not
        made.headers["content-length"] = str(len(body))
    made.headers.update(headers or {})
    return made


def redirect(location: str, status: int = 302) -> Page:
    """``HttpResponseRedirect(location)``; ``location`` must be a URL as it is sent."""
    made = page(status=status)
    made.headers["location"] = location
    return made


def redirect_to(location: str, status: int = 302, limit: int | None = None) -> Page:
    """``HttpResponseRedirect(location)`` of a text that is computed: quoted as ``django.utils.encoding.iri_to_uri`` does.

    Raises ``SuspiciousOperation`` (``DisallowedRedirect``, the 400 page) for another scheme than http, https and ftp, and for more
    than ``limit`` characters (``MAX_URL_REDIRECT_LENGTH``); ``ValueError`` for what is no address.
    """
    made = page(status=status)
    made.headers["location"] = quote(location, safe="/#%[]=:;$&()+,!?*@'~")
    if limit is not None and len(location) > limit:
        raise SuspiciousOperation(f"Unsafe redirect exceeding {limit} characters")
    scheme = urlsplit(location).scheme
    if scheme and scheme not in ("http", "https", "ftp"):
        raise SuspiciousOperation(f"Unsafe redirect to URL with protocol '{scheme}'")
    return made


def json_page(data: Any, status: int = 200, *, safe: bool = True, **options: Any) -> Page:
    """``JsonResponse(data, safe=…, status=…, json_dumps_params=options)``: ``json.dumps`` with ``DjangoJSONEncoder``.

    Raises ``TypeError`` for data that JSON cannot hold, and with ``safe`` for anything but a dict.
    """
    if safe and not isinstance(data, dict):
        raise TypeError(
            "In order to allow non-dict objects to be serialized set the safe parameter to False."
        )
    return page(json.dumps(data, default=encoded, **options), status, "application/json")
