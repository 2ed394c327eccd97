"""Reading a request's body as DRF's parsers do (``rest_framework.request`` and ``parsers``)."""

from __future__ import annotations

import codecs
import io
import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from segue_bridge.errors import ParseError, UnsupportedMediaType
from segue_bridge.http.negotiation import parse, parser_for
from segue_bridge.schema.data import FormData, Upload

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read(request: Request, parsers: tuple[str, ...]) -> Any:
    """``request.data``: JSON values or :class:`FormData`.

    A body without Content-Length is not read (Django's WSGI and ASGI requests do not either).
    Raises :class:`UnsupportedMediaType` and :class:`ParseError`.
    """
    content_type = request.headers.get("content-type", "")
    media = parse(content_type)
    if not _length(request):
        return FormData() if f"{media.main}/{media.sub}" in _FORMS else {}
    parser = parser_for(content_type, parsers)
    if parser is None:
        raise UnsupportedMediaType(content_type)
    encoding = _encoding(content_type)
    raw = await request.body()
    if parser == "json":
        return _json(raw, encoding)
    if parser == "form":
        pairs = parse_qsl(
            raw.decode(encoding, errors="replace"),
            keep_blank_values=True,
            encoding=encoding,
            errors="replace",
        )
        return FormData(pairs)
    return await _multipart(request, raw)


def _json(raw: bytes, encoding: str) -> Any:
    try:
        text = codecs.getreader(encoding)(io.BytesIO(raw)).read()
        return json.loads(text, parse_constant=_strict)
    except ValueError as error:
        raise ParseError(f"JSON parse error - {error}") from error


def _strict(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")


async def _multipart(request: Request, raw: bytes) -> FormData:
    async def stream() -> Any:
        yield raw

    if "boundary" not in dict(parse(request.headers.get("content-type", "")).params):
        raise ParseError("Multipart form parse error - Invalid boundary in multipart: None")
    try:
        form = await MultiPartParser(request.headers, stream()).parse()
    except (MultiPartException, ValueError) as error:
        message = getattr(error, "message", str(error))
        raise ParseError(f"Multipart form parse error - {message}") from error
    fields: list[tuple[str, Any]] = []
    files: list[tuple[str, Any]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            # Django's parser drops a file part whose name is empty.
            if value.filename:
                upload = Upload(value.file, value.filename, value.size or 0, value.content_type or "")
                files.append((name, upload))
        else:
            fields.append((name, value))
    return FormData([*fields, *files])


def _length(request: Request) -> int:
    try:
        return int(request.headers.get("content-length") or 0)
    except ValueError:
        return 0


def _encoding(content_type: str) -> str:
    charset = dict(parse(content_type).params).get("charset")
    if charset:
        try:
            codecs.lookup(charset)
        except LookupError:
            return "utf-8"
        return charset
    return "utf-8"
