"""Parsers of the project: what ``request.data`` is made of where the body is neither JSON nor a form of DRF's.

Source: ``rest_framework.parsers`` and ``Request._parse``.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from segue_bridge.errors import ParseError
from segue_bridge.http.query import pairs
from segue_bridge.leaving import left_to_django
from segue_bridge.schema.data import FormData

if TYPE_CHECKING:
    from segue_bridge.http.call import Call
    from segue_bridge.http.settings import HttpSettings


@dataclass(frozen=True, slots=True)
class OwnParser:
    """``media_type`` of a parser and what it does: ``parse`` is called with the call, the body, the request's media type and
    the encoding, and may be a coroutine function; without it the body is read as ``base`` (``json``, ``form``, ``multipart``)."""

    media: str
    base: str = ""
    parse: Callable[[Any, io.BytesIO, str, str], Any] | None = None


def only_django(call: Call, stream: io.BytesIO, media_type: str, encoding: str) -> NoReturn:
    """``parse`` of a parser that was not translated: who sends such bodies is answered by Django."""
    raise left_to_django(call.db, "parser")


Parser = str | OwnParser
"""``json``, ``form``, ``multipart``, or the project's."""


def parse_json(settings: HttpSettings, stream: io.BytesIO, encoding: str) -> Any:
    """``JSONParser.parse``. Raises :class:`ParseError`."""
    strict, raw = settings.renderer.strict, stream.read()
    try:
        if encoding == "utf-8":
            # What the codec's stream reader does: an unfinished last character is dropped.
            text, _ = codecs.utf_8_decode(raw, "strict", False)
        else:
            text = codecs.getreader(encoding)(io.BytesIO(raw)).read()
        return json.loads(text, parse_constant=_constant) if strict else json.loads(text)
    except ValueError as error:
        raise ParseError(f"JSON parse error - {error}") from error


def parse_form(settings: HttpSettings, stream: io.BytesIO, encoding: str) -> FormData:
    """``FormParser.parse``."""
    return FormData(pairs(stream.read(), encoding=encoding, limit=settings.field_limit))


def _constant(name: str) -> NoReturn:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")
