"""The language of a request, as ``django.middleware.locale.LocaleMiddleware`` chooses it.

What the service says in it is :mod:`segue_bridge.translation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.requests import Request

from segue_bridge.errors import Unserved
from segue_bridge.http.cors import ANSWERED_BY
from segue_bridge.translation import Catalogues, begin, end, get_language

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

_ONE = re.compile(
    r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:\s*;\s*q=(0(?:\.[0-9]{,3})?|1(?:\.0{,3})?))?(?:\s*,\s*|$)"
)
"""One range of ``Accept-Language`` (``trans_real.accept_language_re``), in lower case."""
_CODE = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8})*\Z")
_BEGUN = "segue.language"
"""Scope key: texts of this request are in its language."""
_HEADER = 500
_LONGEST = 100
"""Django shortens codes above 500 characters; nobody's language is longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """``default``: the language of requests that ask for none. ``listed``: ``LANGUAGES`` in its order, ``available``: those
    with a catalogue, ``fallbacks``: ``LANG_INFO``'s. ``broken``: those with one that Django cannot read, whose requests it answers with an
    error: they are left to it. ``catalogues``: the texts, None where all languages say what the source says.

    ``cookie``: ``LANGUAGE_COOKIE_NAME``. ``fixed``: every request has the default language (``i18n_patterns`` without a
    prefix for it). ``inside``: which of ``security`` and ``common`` answer before the middleware sees a request.
    ``named``: the middleware is there, so answers name their language. ``ended``: middleware of the project inside of it calls
    ``translation.deactivate()`` after the view, so that answers name ``LANGUAGE_CODE`` (this text), but for what those in
    ``ended_inside`` answer further out.
    """

    default: str
    listed: tuple[str, ...] = ()
    available: frozenset[str] = frozenset()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()
    catalogues: Catalogues | None = None
    cookie: str = "django_language"
    fixed: bool = False
    inside: tuple[str, ...] = ()
    named: bool = True
    ended: str = ""
    ended_inside: tuple[str, ...] = ()

    def of(self, request: Request) -> str | None:
        """``get_language_from_request``; None for cookies that only Django can judge."""
        if self.fixed or not self.named:
            return self.default
        cookie = request.cookies.get(self.cookie)
        if cookie:
            if len(cookie) > _LONGEST or _CODE.match(cookie) is None:
                return None
            found = self.variant(cookie)
            if found is not None:
                return found
        header = ",".join(request.headers.getlist("accept-language"))
        for code in accepted(header):
            if code == "*":
                break
            if len(code) > _LONGEST:
                return None
            found = self.variant(code)
            if found is not None:
                return found
        return self.default

    def variant(self, code: str) -> str | None:
        """``get_supported_language_variant``; None where Django raises ``LookupError``."""
        parts = code.split("-")
        shorter = ["-".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
        for one in (code, *self.fallbacks.get(code, ()), *shorter):
            if one in self.available:
                return one
        generic = [code, *self.fallbacks.get(code, ()), *shorter][-1]
        return next((one.lower() for one in self.listed if one.startswith(f"{generic}-")), None)

    def begin(self, request: Request) -> bool:
        """Let texts be in the language of ``request``; False where only Django can tell which one that is."""
        code = self.of(request)
        if code is None or code in self.broken:
            return False
        if self.catalogues is None:
            end()
        else:
            begin(code, self.catalogues)
            request.scope[_BEGUN] = True
        return True

    def named_in(self, request: Request) -> str:
        """``get_language()`` when an answer is ready: a view may have activated another language than was asked for."""
        if self.ended and request.scope.get(ANSWERED_BY) not in self.ended_inside:
            return self.ended
        found = get_language() if _BEGUN in request.scope else self.of(request)
        return found or self.default


def activate_language(call: Call, code: str) -> None:
    """``translation.activate``: from now on texts of this request are in the language ``code``.

    Raises :class:`Unserved` for codes that are no language of the service: what Django makes of them is Django's.
    """
    languages = call.settings.languages
    if languages is not None and code in languages.broken:
        raise Unserved("language")
    if languages is None or languages.catalogues is None:
        return  # all languages say the same
    if code not in languages.available and code not in (languages.default, languages.catalogues.default):
        raise Unserved("language")
    begin(code, languages.catalogues)


def supported_language(call: Call, code: str | None) -> str:
    """``get_supported_language_variant``. Raises ``LookupError``, and :class:`Unserved` for codes that only Django can judge."""
    languages = call.settings.languages
    if not code or languages is None:
        raise LookupError(code)
    if len(code) > _LONGEST or _CODE.match(code) is None:
        raise Unserved("language")
    found = languages.variant(code)
    if found is None:
        raise LookupError(code)
    return found


def accepted(header: str) -> list[str]:
    """The codes of :func:`accepted_languages`."""
    return [code for code, _ in accepted_languages(header)]


def accepted_languages(header: str) -> list[tuple[str, float]]:
    """``parse_accept_lang_header``: codes with their weights, the heaviest first; none if any part is malformed.

    Of what is longer than 500 characters only whole parts before that are looked at.
    """
    if len(header) > _HEADER:
        header = header[: max(header.rfind(",", 0, _HEADER), 0)]
    header = header.lower()
    found: list[tuple[float, str]] = []
    position = 0
    while position < len(header):
        match = _ONE.match(header, position)
        if match is None:
            return []
        found.append((float(match[2]) if match[2] else 1.0, match[1]))
        position = match.end()
    return [(code, weight) for weight, code in sorted(found, key=lambda one: -one[0])]
