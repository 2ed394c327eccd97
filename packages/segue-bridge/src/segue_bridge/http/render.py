"""DRF's JSON bytes (``rest_framework.renderers.JSONRenderer`` and ``utils.encoders.JSONEncoder``)."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import ipaddress
import json
import uuid
from typing import Any

_ADDRESSES = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    ipaddress.IPv4Interface,
    ipaddress.IPv6Interface,
)


def plain(value: Any) -> Any:
    """What DRF's encoder makes of a value that JSON does not know.

    Raises ``TypeError`` (``ValueError`` for an aware time), as the encoder does, for anything else.
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
    if isinstance(value, (uuid.UUID, *_ADDRESSES)):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        return value.tolist()
    if hasattr(value, "__getitem__"):
        with contextlib.suppress(Exception):
            return dict(value)
    elif hasattr(value, "__iter__"):
        return tuple(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _text_decimals(value: Any) -> Any:
    return str(value) if isinstance(value, decimal.Decimal) else plain(value)


class Renderer:
    """The JSON settings of a project: ``UNICODE_JSON``, ``COMPACT_JSON``, ``STRICT_JSON``.

    ``decimals`` tells what a Decimal becomes that no serializer field has formatted: a ``number`` (DRF 3.18)
    or a ``string`` (releases before that).
    """

    def __init__(
        self, *, unicode: bool = True, compact: bool = True, strict: bool = True, decimals: str = "number"
    ) -> None:
        self._unicode, self._compact, self.strict = unicode, compact, strict
        self._default = plain if decimals == "number" else _text_decimals
        self._encode = self._make(None).encode

    def render(self, data: Any, indent: int | None = None) -> bytes:
        """``data`` as JSON; None is no body at all. ``indent`` comes from the media type.

        Raises ``ValueError`` for NaN (with ``STRICT_JSON``), ``TypeError`` for unknown objects.
        """
        if data is None:
            return b""
        text = self._encode(data) if indent is None else self._make(indent).encode(data)
        if not text.isascii():
            # Legal in JSON, but not in JavaScript before 2019.
            text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return text.encode()

    def _make(self, indent: int | None) -> json.JSONEncoder:
        if indent is None:
            separators = (",", ":") if self._compact else (", ", ": ")
        else:
            separators = (",", ": ")
        return json.JSONEncoder(
            default=self._default,
            ensure_ascii=not self._unicode,
            allow_nan=not self.strict,
            indent=indent,
            separators=separators,
        )


DEFAULT = Renderer()
