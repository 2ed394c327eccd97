"""Query parameters as Django's ``QueryDict`` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl


class QueryParams(Mapping[str, str]):
    """``request.query_params``: of a repeated name the last value counts; blanks are kept."""

    __slots__ = ("_lists",)

    def __init__(self, raw: str | bytes = "", *, encoding: str = "utf-8") -> None:
        text = raw.decode("latin-1") if isinstance(raw, bytes) else raw
        self._lists: dict[str, list[str]] = {}
        if text:
            for key, value in parse_qsl(text, keep_blank_values=True, encoding=encoding, errors="replace"):
                self._lists.setdefault(key, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._lists[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def getlist(self, name: str, default: list[str] | None = None) -> list[str]:
        """Every value of ``name``."""
        found = self._lists.get(name)
        return list(found) if found is not None else (default if default is not None else [])

    def dict(self) -> dict[str, Any]:
        """``QueryDict.dict()``: one value per name."""
        return {name: values[-1] for name, values in self._lists.items()}

    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """``QueryDict.lists()``."""
        return iter(self._lists.items())
