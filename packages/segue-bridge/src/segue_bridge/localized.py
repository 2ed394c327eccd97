"""Texts of the database in several languages: ``LazyI18nString`` of django-i18nfield.

A column has either a text or, as JSON, the texts by the code of their language. Source: ``i18nfield.strings``, ``i18nfield.fields``
and ``i18nfield.rest_framework`` (1.11).
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from segue_bridge.errors import Unserved
from segue_bridge.translation import get_language


class LocalizedText:
    """``data`` is a text, a dict of texts by language, or whatever else JSON there was in the column; None for NULL."""

    __slots__ = ("data",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, data: Any) -> None:
        self.data = data
        if isinstance(data, str):
            with suppress(ValueError):
                self.data = json.loads(data)

    def __bool__(self) -> bool:
        return any(self.data.values()) if isinstance(self.data, dict) else bool(self.data)

    def __eq__(self, other: object) -> bool:
        if other is None:
            return False
        return bool(self.data == (other.data if isinstance(other, LocalizedText) else other))

    def __lt__(self, other: object) -> bool:
        """Django orders by the text in the language of the request, which this does not know. Raises :class:`Unserved`."""
        raise Unserved("an order of texts in several languages")

    __gt__ = __lt__

    def __str__(self) -> str:
        """Where code does not know that it has such a text: only :func:`as_text` knows the language. Raises :class:`Unserved`."""
        raise Unserved("a text in several languages, as text")

    def __repr__(self) -> str:
        return f"<LocalizedText: {self.data!r}>"

    def localize(self, code: str, default: str) -> str:
        """The text in the language ``code``, in a relative of it (``de`` for ``de-at``), in ``default``, or in the first there is."""
        if self.data is None:
            return ""
        if not isinstance(self.data, dict):
            return str(self.data)
        general = code.split("-")[0]
        related = [c for c in self.data if (c.startswith(f"{general}-") or c == general) and c != code]
        wanted = (code, general, *related, default, *self.data)
        found = next((self.data[c] for c in wanted if self.data.get(c)), "")
        if not isinstance(found, str):
            raise TypeError(f"__str__ returned non-string (type {type(found).__name__})")
        return found


def localized(value: Any) -> LocalizedText:
    """What a column gives (``I18nFieldMixin.from_db_value``): NULL too becomes a text, an empty one."""
    return LocalizedText(value)


def entered(value: Any) -> LocalizedText:
    """What input is made into. Raises :class:`Unserved` for JSON that each database driver writes into a column of texts as it likes."""
    text = LocalizedText(value)
    if isinstance(text.data, (int, float, list)):
        raise Unserved("a text in several languages that is JSON of another kind")
    return text


def stored(value: Any) -> Any:
    """What a column is given (``I18nFieldMixin.get_prep_value``): languages without a text are left out."""
    data = value.data if isinstance(value, LocalizedText) else value
    if isinstance(data, dict):
        return json.dumps({code: text for code, text in data.items() if text}, sort_keys=True)
    return data


def as_text(value: LocalizedText | str | None, default: str) -> str:
    """``str(value)`` in the language of the request; ``default`` is ``LANGUAGE_CODE``."""
    if isinstance(value, LocalizedText):
        return value.localize(get_language() or default, default)
    return str(value)


def text_in(value: LocalizedText | str | None, code: str, default: str) -> str:
    """``str(value)`` inside of ``translation.override(code)``. An empty code changes nothing (``trans_real.activate``); any other is
    told by ``get_language()`` as ``to_language`` writes it."""
    if not code or not isinstance(value, LocalizedText):
        return as_text(value, default)
    language, _, country = code.partition("_")
    return value.localize(f"{language}-{country}".lower() if "_" in code else code.lower(), default)


def by_language(value: LocalizedText | str | None, default: str) -> dict[str, Any] | None:
    """``I18nField.to_representation``: the texts by language; one that has no language is in that of the service."""
    data = value.data if isinstance(value, LocalizedText) else value
    if data is None or isinstance(data, dict):
        return data
    return {default: str(data)}


__all__ = ["LocalizedText", "as_text", "by_language", "entered", "localized", "stored", "text_in"]
