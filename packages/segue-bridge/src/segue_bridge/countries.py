"""Countries of the database: ``CountryField`` of django-countries (7.6 to 9), a code in a text column.

What Django's code sees is a ``Country``; here it is its ``code``.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from segue_bridge.errors import Unserved


class UnknownCountry:
    """What a ``ChoiceField`` shows of a code that is none of its choices: an object, which no renderer writes (``TypeError``)."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"Country(code={self.code!r})"


def code_of(value: Any, countries: Set[str]) -> Any:
    """``Country(value).code``: in capitals where that is one of ``countries``, else as it is; None stays None.

    Raises :class:`~segue_bridge.errors.Unserved` for numbers and codes of three letters, which django-countries looks up in a table.
    """
    if not value:
        return value
    code = str(value).upper()
    if code in countries:
        return code
    if code.isdigit() or len(code) == 3:
        raise Unserved("a country that is no code of two letters")
    return str(value)


def country_choice(code: str, countries: Set[str]) -> Any:
    """``ChoiceField.to_representation(Country(code))``: the code, or what cannot be written where it is not one of ``countries``."""
    return code if code in countries else UnknownCountry(code)


__all__ = ["UnknownCountry", "code_of", "country_choice"]
