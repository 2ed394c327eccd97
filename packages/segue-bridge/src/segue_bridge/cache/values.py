"""Values in a cache: pickles that Django writes and reads too, of plain data only.

A pickle names the classes that it is made of. Those of the standard library's plain values are known here; any other (an
object of a model, a class of the project's) is not imported, so what somebody else has put into the cache runs no code.
"""

from __future__ import annotations

import io
import pickle
from typing import IO, Any
from zoneinfo import ZoneInfo

_KNOWN = {
    "builtins": {"complex", "dict", "frozenset", "list", "set", "tuple"},
    "collections": {"OrderedDict"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "uuid": {"UUID", "SafeUUID"},
    "zoneinfo": {"ZoneInfo"},
}


class NotPlain(Exception):
    """The cached value is of a class that only Django's process knows."""


def _zone(cls: Any, name: str) -> Any:
    """What the pickle of a ``ZoneInfo`` asks ``getattr`` for, and nothing else."""
    if cls is not ZoneInfo or name != "_unpickle":
        raise NotPlain("The cache holds a builtins.getattr.")
    return getattr(cls, name)


def _bytearray(content: Any = b"", *encoding: str) -> bytearray:
    """``bytearray`` of bytes or text: given a number it would make as many bytes, from a pickle of thirty."""
    if not isinstance(content, bytes | str):
        raise NotPlain("The cache holds a bytearray of no bytes.")
    return bytearray(content, *encoding) if isinstance(content, str) else bytearray(content)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _zone
        if (module, name) == ("builtins", "bytearray"):
            return _bytearray
        if name not in _KNOWN.get(module, ()):
            raise NotPlain(f"The cache holds a {module}.{name}.")
        return super().find_class(module, name)


def load(file: IO[bytes]) -> Any:
    """The value of the pickle that ``file`` begins with, which is left behind it. Raises :class:`NotPlain`."""
    return _Unpickler(file).load()


def loads(content: bytes) -> Any:
    """The value of a pickle. Raises :class:`NotPlain`."""
    return load(io.BytesIO(content))


def dumps(value: Any) -> bytes:
    """``value`` as Django's backends pickle it."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
