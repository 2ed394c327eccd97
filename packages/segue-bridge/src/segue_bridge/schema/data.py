"""What a request body is after parsing: JSON values, or a form with repeated keys.

DRF tells the two apart by ``getlist`` (``rest_framework.utils.html.is_html_input``) and
reads them by different rules; :class:`FormData` is that marker here. The helpers read
lists and nested objects that are spelled in form keys (``n.x``, ``l[0]``, ``m[0]x``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Literal, TypeGuard

from segue_bridge.schema.unset import UNSET


class Upload:
    """An uploaded file, with what DRF's ``FileField`` looks at: ``name`` and ``size``.

    The name is cleaned as Django's ``UploadedFile`` cleans it: base name only, at most
    255 characters with the extension kept.
    """

    def __init__(self, file: BinaryIO, name: str, size: int, content_type: str = "") -> None:
        self.file = file
        self.size = size
        self.content_type = content_type
        base = os.path.basename(name)
        if len(base) > 255:
            stem, extension = os.path.splitext(base)
            extension = extension[:255]
            base = stem[: 255 - len(extension)] + extension
        self.name = base

    def __str__(self) -> str:
        return self.name

    def read(self, size: int = -1) -> bytes:
        """Bytes from the current position."""
        return self.file.read(size)

    def seek(self, position: int) -> int:
        """Move the read position."""
        return self.file.seek(position)


class MultiValueDictKeyError(KeyError):
    """What Django's ``QueryDict`` raises for a key that it does not have."""


class FormData(Mapping[str, Any]):
    """Form or multipart input: each key has a list of values, ``[]`` gives the last one.

    Code can change it, unless it is a :meth:`copy`, only when there are files in it, as ``request.data`` is a copy then
    (``rest_framework.request.Request._load_data_and_files``); else it is Django's own immutable ``QueryDict``.
    """

    is_form: Literal[True] = True
    __slots__ = ("_files", "_lists", "_mutable")

    def __init__(self, items: Iterable[tuple[str, Any]] = ()) -> None:
        self._lists: dict[str, list[Any]] = {}
        for key, value in items:
            self._lists.setdefault(key, []).append(value)
        # What code does to the form later leaves ``request.FILES`` as it was.
        self._files = [(k, v) for k, values in self._lists.items() for v in values if isinstance(v, Upload)]
        self._mutable = bool(self._files)

    def __getitem__(self, key: str) -> Any:
        try:
            values = self._lists[key]
        except KeyError:
            raise MultiValueDictKeyError(key) from None
        return values[-1] if values else []

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"FormData({self._lists!r})"

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_mutable()
        self.put(key, value)

    def copy(self) -> FormData:
        """A form of its own with the same values, which code can change (``QueryDict.copy``)."""
        made = FormData()
        made._lists = {key: list(values) for key, values in self._lists.items()}
        made._mutable = True
        return made

    def pop(self, key: str, *default: Any) -> Any:
        """Take ``key`` out and return the list of its values. Raises ``KeyError``, ``AttributeError``."""
        self._check_mutable()
        return self._lists.pop(key, *default)

    def _check_mutable(self) -> None:
        if not self._mutable:
            raise AttributeError("This QueryDict instance is immutable")

    def getlist(self, key: str) -> list[Any]:
        """All values of ``key``, oldest first; empty when absent."""
        return list(self._lists.get(key, ()))

    def setlist(self, key: str, values: list[Any]) -> None:
        """Replace the values of ``key``."""
        self._lists[key] = list(values)

    def put(self, key: str, value: Any) -> None:
        """Replace the values of ``key`` by one."""
        self._lists[key] = [value]


def uploads(data: object) -> FormData:
    """``request.FILES`` of a request with the parsed body ``data``: the files of a multipart form as they came; empty for any other body.

    Source: ``rest_framework.request.Request.FILES``. Looking up a name that is not there raises :class:`MultiValueDictKeyError`.
    """
    return FormData(data._files if isinstance(data, FormData) else ())


def is_form(data: object) -> TypeGuard[FormData]:
    """Is this form input (DRF's ``is_html_input``)?"""
    return isinstance(data, FormData)


def form_list(data: FormData, prefix: str = "", default: Any = UNSET) -> Any:
    """List items spelled ``prefix[0]`` or ``prefix[0]key`` (DRF ``parse_html_list``)."""
    found: dict[int, Any] = {}
    pattern = re.compile(rf"^{re.escape(prefix)}\[([0-9]+)\](.*)$")
    for key, value in data.items():
        match = pattern.match(key)
        if match is None:
            continue
        index, rest = int(match[1]), match[2]
        if not rest:
            found[index] = value
        elif isinstance(found.get(index), FormData):
            found[index].put(rest, value)
        else:
            found[index] = FormData([(rest, value)])
    return [found[index] for index in sorted(found)] if found else default


def form_dict(data: FormData, prefix: str, default: Any = UNSET) -> Any:
    """Object spelled ``prefix.key`` (DRF ``parse_html_dict``)."""
    found = FormData()
    pattern = re.compile(rf"^{re.escape(prefix)}\.(.+)$")
    for key in data:
        match = pattern.match(key)
        if match is not None:
            found.setlist(match[1], data.getlist(key))
    return found if len(found) else default
