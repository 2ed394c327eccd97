"""Texts in the language of the request: ``django.utils.translation`` for a service with more than one language.

The languages of a service are ``.po`` files, one per language, named by its code (``locale/pt-br.po``). They have what the
service can say, from the project, Django, DRF and other packages, in the order in which Django looks. Without them (one
language, that of the source) every text is answered as it is written.

Source: ``django.utils.translation.trans_real`` (5.2); plural forms and contexts are those of :mod:`gettext`.
"""

from __future__ import annotations

import gettext as standard
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any


class Lazy:
    """A text that is made anew each time it is shown: in the language of that moment (Django's ``lazystr``).

    It is no ``str``: show it with ``str(text)``, or fill it in with ``format`` or ``%``.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    def __str__(self) -> str:
        return self._make()

    def __repr__(self) -> str:
        return repr(str(self))

    def __mod__(self, values: object) -> str:
        return str(self) % values

    def format(self, *values: object, **named: object) -> Lazy:
        """This text filled in, as lazy as it is itself (DRF's ``lazy_format``)."""
        return Lazy(lambda: str(self).format(*values, **named))

    def filled(self, **values: object) -> Lazy:
        """This text with its ``%(name)s`` filled in, as lazy as it is itself."""
        return Lazy(lambda: str(self) % values)


Text = str | Lazy
"""A text as it is, or one that is translated when it is shown."""


class ByLanguage(Sequence[str]):
    """Formats of dates that are others in other languages (``get_format``): those of the language of the moment."""

    def __init__(self, usual: Sequence[str], others: Mapping[str, Sequence[str]]) -> None:
        self._usual, self._others = usual, others

    def _now(self) -> Sequence[str]:
        return self._others.get(get_language() or "", self._usual)

    def __getitem__(self, index: Any) -> Any:
        return self._now()[index]

    def __len__(self) -> int:
        return len(self._now())


def format_by_language(usual: str, others: Mapping[str, str]) -> Lazy:
    """A format of dates to write that is another one in ``others``, by the code of the language."""
    return Lazy(lambda: others.get(get_language() or "", usual))


class Catalogues:
    """The texts of a service by language, read from the files ``<code>.po`` of ``folder`` (some milliseconds each, at start).

    ``default`` is ``LANGUAGE_CODE``: what a language does not say is said in that one, then as in the source. English
    variants have no such fallback (``DjangoTranslation._add_fallback``).
    """

    def __init__(self, folder: Path, default: str) -> None:
        self.default = default
        self._known: dict[str, standard.NullTranslations] = _read_all(folder)
        self._silent = standard.NullTranslations()
        last = self._known.setdefault(default, standard.NullTranslations())
        for code, texts in self._known.items():
            if texts is not last and not code.startswith("en"):
                texts.add_fallback(last)

    def of(self, code: str) -> standard.NullTranslations:
        """The texts of the language ``code``; those of the default language where there is no file for it."""
        found = self._known.get(code)
        if found is not None:
            return found
        return self._silent if code.startswith("en") else self._known[self.default]


def _read_all(folder: Path) -> dict[str, standard.NullTranslations]:
    files = sorted(folder.glob("*.po"))
    if not files:
        return {}
    # Only where there is something to read: Babel is not small.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    found: dict[str, standard.NullTranslations] = {}
    for file in files:
        made = io.BytesIO()
        with file.open("rb") as source:
            write_mo(made, read_po(source))
        made.seek(0)
        found[file.stem] = standard.GNUTranslations(made)
    return found


@dataclass(frozen=True, slots=True)
class Language:
    """A language that texts are in. ``code`` as ``get_language()`` tells it."""

    code: str
    texts: standard.NullTranslations
    all: Catalogues | None = field(default=None, repr=False)


_active: ContextVar[Language | None] = ContextVar("segue_language", default=None)


def begin(code: str, catalogues: Catalogues) -> None:
    """From now on texts of this request are in the language ``code``."""
    _active.set(Language(code, catalogues.of(code), catalogues))


def end() -> None:
    """Texts are those of the source again: this request's service has one language."""
    if _active.get() is not None:
        _active.set(None)


@contextmanager
def override(code: str | None) -> Iterator[None]:
    """``translation.override``: texts inside are in ``code``; None: as the source has them."""
    before = _active.get()
    if before is None or before.all is None:
        raise RuntimeError("This service has no texts of other languages.")
    if code is None:
        token = _active.set(Language("", standard.NullTranslations(), before.all))
    else:
        token = _active.set(Language(code, before.all.of(code), before.all))
    try:
        yield
    finally:
        _active.reset(token)


def get_language() -> str | None:
    """The code of the language that texts are in; None inside of ``override(None)``."""
    active = _active.get()
    return (active.code or None) if active is not None else None


def current_language() -> str:
    """:func:`get_language` of a service whose requests choose their language."""
    return get_language() or ""


def gettext(message: str) -> str:
    """``message`` in the language of the request."""
    active = _active.get()
    if active is None or not message:
        return message
    # As in Django, texts are looked up with one kind of line breaks.
    return active.texts.gettext(message.replace("\r\n", "\n").replace("\r", "\n"))


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form that the language of the request has for ``number`` things."""
    active = _active.get()
    if active is None:
        return singular if number == 1 else plural
    return active.texts.ngettext(singular, plural, number)


def pgettext(context: str, message: str) -> str:
    """:func:`gettext` of a text that means something else elsewhere."""
    found = gettext(f"{context}\x04{message}")
    return message if "\x04" in found else found


def npgettext(context: str, singular: str, plural: str, number: int) -> str:
    """:func:`ngettext` of a text that means something else elsewhere."""
    found = ngettext(f"{context}\x04{singular}", f"{context}\x04{plural}", number)
    return ngettext(singular, plural, number) if "\x04" in found else found


def gettext_lazy(message: str) -> Lazy:
    """:func:`gettext` when it is shown."""
    return Lazy(partial(gettext, message))


def pgettext_lazy(context: str, message: str) -> Lazy:
    """:func:`pgettext` when it is shown."""
    return Lazy(partial(pgettext, context, message))


__all__ = [
    "ByLanguage", "Catalogues", "Language", "Lazy", "Text", "begin", "current_language", "end", "format_by_language", "get_language", "gettext", "gettext_lazy", "ngettext", "npgettext",
    "override", "pgettext", "pgettext_lazy",
]  # fmt: skip
