"""Reading a request's body as DRF's parsers do (``rest_framework.request`` and ``parsers``)."""

from __future__ import annotations

import codecs
import io
import json
from typing import Any, NoReturn

from starlette.requests import Request

from segue_bridge.errors import ParseError, UnsupportedMediaType
from segue_bridge.http import media, multipart
from segue_bridge.http.negotiation import parser_for
from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.http.query import pairs
from segue_bridge.http.settings import HttpSettings
from segue_bridge.schema.data import FormData


async def read(request: Request, parsers: tuple[str, ...], settings: HttpSettings) -> Any:
    """``request.data``: JSON values or :class:`FormData`.

    A body without Content-Length is not read (Django's WSGI and ASGI requests do not either).
    Raises :class:`UnsupportedMediaType`, :class:`ParseError`, and :class:`SuspiciousOperation` over a limit.
    """
    content_type = request.headers.get("content-type", "")
    length = _length(request)
    if not length:
        return FormData() if _is_form(content_type) else {}
    parser = parser_for(content_type, parsers)
    if parser is None:
        raise UnsupportedMediaType(content_type)
    if parser != "multipart" and settings.body_limit is not None and length > settings.body_limit:
        raise SuspiciousOperation("Request body exceeded the limit.")
    raw = await request.body()
    encoding = _encoding(content_type)
    if parser == "json":
        return _json(raw, encoding, strict=settings.renderer.strict)
    if parser == "form":
        return FormData(pairs(raw, encoding=encoding, limit=settings.field_limit))
    fields, files = multipart.parse(raw, content_type, encoding, settings)
    return FormData([*fields, *files])


def _json(raw: bytes, encoding: str, *, strict: bool) -> Any:
    try:
        if encoding == "utf-8":
            # What the codec's stream reader does: an unfinished last character is dropped.
            text, _ = codecs.utf_8_decode(raw, "strict", False)
        else:
            text = codecs.getreader(encoding)(io.BytesIO(raw)).read()
        return json.loads(text, parse_constant=_constant) if strict else json.loads(text)
    except ValueError as error:
        raise ParseError(f"JSON parse error - {error}") from error


def _constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


def _is_form(content_type: str) -> bool:
    return media.parse(content_type).name in (media.FORM, media.MULTIPART)


def _length(request: Request) -> int:
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
