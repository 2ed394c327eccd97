"""DRF's JSON bytes (``rest_framework.renderers.JSONRenderer`` and ``utils.encoders.JSONEncoder``)."""

from __future__ import annotations

import datetime
import decimal
import json
import uuid
from typing import Any


class _Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return plain(o)


def plain(value: Any) -> Any:
    """What DRF's encoder makes of a value that JSON does not know.

    Raises ``TypeError``, as the encoder does, for anything else.
    """
    if isinstance(value, datetime.datetime):
        text = value.isoformat()
        return text[:-6] + "Z" if text.endswith("+00:00") else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        if value.utcoffset() is not None:
            raise ValueError("JSON can't represent timezone-aware times.")
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value.total_seconds())
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (set, frozenset)) or hasattr(value, "__iter__"):
        return tuple(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


_COMPACT = _Encoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Renderer:
    """The JSON settings of a project: ``UNICODE_JSON``, ``COMPACT_JSON``, ``STRICT_JSON``."""

    def __init__(self, *, unicode: bool = True, compact: bool = True, strict: bool = True) -> None:
        self._unicode, self._compact, self._strict = unicode, compact, strict
        plainest = unicode and compact and strict
        self._encoder = _COMPACT if plainest else self._make(None)

    def render(self, data: Any, indent: int | None = None) -> bytes:
        """``data`` as JSON; None is no body at all. ``indent`` comes from the media type."""
        if data is None:
            return b""
        encoder = self._encoder if indent is None else self._make(indent)
        text = encoder.encode(data)
        if "\u2028" in text or "\u2029" in text:
            text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return text.encode()

    def _make(self, indent: int | None) -> _Encoder:
        if indent is None:
            separators = (",", ":") if self._compact else (", ", ": ")
        else:
            separators = (",", ": ")
        return _Encoder(
            ensure_ascii=not self._unicode,
            allow_nan=not self._strict,
            indent=indent or None,
            separators=separators,
        )


DEFAULT = Renderer()
