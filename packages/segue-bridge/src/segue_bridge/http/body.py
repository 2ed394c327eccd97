"""Reading a request's body as DRF's parsers do (``rest_framework.request`` and ``parsers``)."""

from __future__ import annotations

import codecs
import io
from collections.abc import Awaitable
from typing import Any

from starlette.requests import Request

from segue_bridge.errors import ParseError, UnsupportedMediaType
from segue_bridge.http import media, multipart
from segue_bridge.http.negotiation import parser_for
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.http.parsers import OwnParser, Parser, only_django, parse_form, parse_json
from segue_bridge.http.settings import HttpSettings
from segue_bridge.schema.data import FormData


async def read(request: Request, parsers: tuple[Parser, ...], settings: HttpSettings) -> Any:
    """``request.data``: JSON values or :class:`FormData`.

    A body without Content-Length is not read (Django's WSGI and ASGI requests do not either).
    Raises :class:`UnsupportedMediaType`, :class:`ParseError`, and :class:`SuspiciousOperation` over a limit.
    """
    content_type = request.headers.get("content-type", "")
    length = content_length(request)
    if not length:
        return FormData() if _is_form(content_type) else {}
    chosen = parser_for(content_type, parsers)
    if chosen is None:
        raise UnsupportedMediaType(content_type)
    parser = chosen if isinstance(chosen, str) else chosen.base
    if parser != "multipart" and settings.body_limit is not None and length > settings.body_limit:
        raise SuspiciousOperation("Request body exceeded the limit.")
    raw = await request.body()
    encoding = _encoding(content_type)
    if isinstance(chosen, OwnParser) and chosen.parse is not None:
        made = chosen.parse(request, io.BytesIO(raw), content_type, encoding)
        return await made if isinstance(made, Awaitable) else made
    if parser == "json":
        return parse_json(settings, io.BytesIO(raw), encoding)
    if parser == "form":
        return parse_form(settings, io.BytesIO(raw), encoding)
    fields, files = multipart.parse(raw, content_type, encoding, settings)
    return FormData([*fields, *files])


def left_to_django(request: Request, parsers: tuple[Parser, ...]) -> bool:
    """Whether the body is for a parser that was not translated: told before the view may have written something."""
    if not any(isinstance(one, OwnParser) and one.parse is only_django for one in parsers):
        return False
    chosen = parser_for(request.headers.get("content-type", ""), parsers) if content_length(request) else None
    return isinstance(chosen, OwnParser) and chosen.parse is only_django


def _is_form(content_type: str) -> bool:
    return media.parse(content_type).name in (media.FORM, media.MULTIPART)


def content_length(request: Request) -> int:
    """The number of bytes that the request says its body has; 0 where it does not say."""
    try:
        return int(request.headers.get("content-length") or 0)
    except ValueError:
        return 0


def _encoding(content_type: str) -> str:
    """The charset to decode with: Django ignores unknown names, DRF refuses what is no text encoding."""
    if "charset" not in content_type.lower():
        return "utf-8"
    charset = media.parse(content_type).get("charset")
    if charset is None:
        return "utf-8"
    try:
        codecs.lookup(charset)
    except (LookupError, ValueError):
        return "utf-8"
    try:
        "".encode(charset)
    except (LookupError, UnicodeError):
        raise ParseError(f'Unsupported charset "{charset}" in request Content-Type header.') from None
    return charset
