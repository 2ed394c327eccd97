"""Query parameters as Django's ``QueryDict`` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from segue_bridge.http.pages import SuspiciousOperation
from segue_bridge.schema.data import FormData, MultiValueDictKeyError


class QueryParams(Mapping[str, str]):
    """``request.query_params``: of a repeated name the last value counts; blanks are kept."""

    __slots__ = ("_lists",)

    def __init__(self, raw: str | bytes = "", *, encoding: str = "utf-8", limit: int | None = None) -> None:
        self._lists: dict[str, list[str]] = {}
        for key, value in pairs(raw, encoding=encoding, limit=limit):
            self._lists.setdefault(key, []).append(value)

    def __getitem__(self, name: str) -> str:
        try:
            return self._lists[name][-1]
        except KeyError:
            raise MultiValueDictKeyError(name) from None

    def __contains__(self, name: object) -> bool:
        return name in self._lists

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"QueryParams({self._lists!r})"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> QueryParams:
        """``values`` as if a client had sent their texts; None is not sent. For a FilterSet that is given a dict."""
        made = cls()
        made._lists = {name: [str(value)] for name, value in values.items() if value is not None}
        return made

    @classmethod
    def sent(cls, items: Iterable[tuple[str, str]]) -> QueryParams:
        """Names and values as a form has them, repeated ones too (``request.POST``)."""
        made = cls()
        for name, value in items:
            made._lists.setdefault(name, []).append(value)
        return made

    def put(self, name: str, value: str) -> None:
        """Replace the values of ``name`` by one (a ``QueryDict`` that was made mutable)."""
        self._lists[name] = [value]

    def getlist(self, name: str, default: list[str] | None = None) -> list[str]:
        """Every value of ``name``."""
        found = self._lists.get(name)
        return list(found) if found is not None else (default if default is not None else [])

    def dict(self) -> dict[str, Any]:
        """``QueryDict.dict()``: one value per name."""
        return {name: values[-1] for name, values in self._lists.items()}

    def form(self) -> FormData:
        """The same as input of a serializer (``Serializer(data=request.query_params)``), which reads it as a form."""
        return FormData((name, value) for name, values in self._lists.items() for value in values)

    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """``QueryDict.lists()``."""
        return iter(self._lists.items())

    def urlencode(self) -> str:
        """``QueryDict.urlencode()``: names in order of first appearance."""
        return urlencode([(name, value) for name, values in self._lists.items() for value in values])


def pairs(raw: str | bytes, *, encoding: str = "utf-8", limit: int | None = None) -> list[tuple[str, str]]:
    """Names and values of an urlencoded text (``QueryDict.__init__``).

    Raises :class:`SuspiciousOperation` for more than ``limit`` fields (``TooManyFieldsSent``).
    """
    if not raw:
        return []
    if isinstance(raw, bytes):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            text = raw.decode("iso-8859-1")
    else:
        text = raw
    if limit is not None and text.count("&") >= limit:
        raise SuspiciousOperation("The number of GET/POST parameters exceeded the limit.")
    return parse_qsl(text, keep_blank_values=True, encoding=encoding, errors="replace")
