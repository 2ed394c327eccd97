"""Columns whose values are objects of a class of their own, which have a form in few places: texts in several languages
(django-i18nfield), phone numbers (django-phonenumber-field), countries (django-countries)."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.parts import parts
from segue.translate.kinds import Country, Currency, Kind, Localized, Maybe, Money, Phone

_WHY = {
    Localized: ("localized-text", "It is a text in several languages (django-i18nfield)."),
    Country: ("country", "It is a country (django-countries), and no text."),
    Money: ("money", "It is an amount with its currency (django-money), and no number or text."),
    Currency: ("money", "It is a currency (django-money), and no text: ask for its code."),
    Phone: ("phone-number", "It is a phone number (django-phonenumber-field), and no text."),
}


def holds_localized(kind: Kind) -> bool:
    """Whether a value has a text in several languages in it, which no renderer of the bridge writes."""
    return isinstance(_held(kind), Localized)


def refuse_objects(frame: Frame, kind: Kind, construct: str, node: ast.AST) -> None:
    """Refuse an object of a column where only plain values have a form."""
    held = _held(kind)
    if held is not None:
        code, why = _WHY[type(held)]
        raise frame.refuse(code, construct, why, node)


def _held(kind: Kind) -> Kind | None:
    """The object in a value; None without one."""
    if isinstance(kind, Localized | Phone | Country | Money | Currency):
        return kind
    if isinstance(kind, Maybe):
        return _held(kind.kind)
    return next(filter(None, map(_held, parts(kind))), None)


__all__ = ["holds_localized", "refuse_objects"]
