"""The language of a request, as ``django.middleware.locale.LocaleMiddleware`` chooses it.

What the service says in it is :mod:`segue_bridge.translation`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from segue_bridge.translation import Catalogues, begin, end, get_language

_ONE = re.compile(
    r"([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)(?:\s*;\s*q=(0(?:\.[0-9]{,3})?|1(?:\.0{,3})?))?(?:\s*,\s*|$)"
)
"""One range of ``Accept-Language`` (``trans_real.accept_language_re``), in lower case."""
_CODE = re.compile(r"[a-z]{1,8}(?:-[a-z0-9]{1,8})*\Z")
_BEGUN = "segue.language"
"""Scope key: texts of this request are in its language."""
_LONGEST = 100
"""Django shortens codes above 500 characters; nobody's language is longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """``default``: the language of requests that ask for none. ``listed``: ``LANGUAGES`` in its order, ``available``: those
    with a catalogue, ``fallbacks``: ``LANG_INFO``'s. ``catalogues``: the texts, None where all languages say what the source says.

    ``cookie``: ``LANGUAGE_COOKIE_NAME``. ``fixed``: every request has the default language (``i18n_patterns`` without a
    prefix for it). ``inside``: which of ``security`` and ``common`` answer before the middleware sees a request.
    ``named``: the middleware is there, so answers name their language.
    """

    default: str
    listed: tuple[str, ...] = ()
    available: frozenset[str] = frozenset()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    catalogues: Catalogues | None = None
    cookie: str = "django_language"
    fixed: bool = False
    inside: tuple[str, ...] = ()
    named: bool = True

    def of(self, request: Request) -> str | None:
        """``get_language_from_request``; None for cookies that only Django can judge."""
        if self.fixed:
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
        if code is None:
            return False
        if self.catalogues is None:
            end()
        else:
            begin(code, self.catalogues)
            request.scope[_BEGUN] = True
        return True

    def named_in(self, request: Request) -> str:
        """``get_language()`` when an answer is ready: a view may have activated another language than was asked for."""
        found = get_language() if _BEGUN in request.scope else self.of(request)
        return found or self.default


def accepted(header: str) -> list[str]:
    """``parse_accept_lang_header``: codes by their weight; none if any part is malformed."""
    header = header.lower()
    found: list[tuple[float, str]] = []
    position = 0
    while position < len(header):
        match = _ONE.match(header, position)
        if match is None:
            return []
        found.append((float(match[2]) if match[2] else 1.0, match[1]))
        position = match.end()
    return [code for _, code in sorted(found, key=lambda one: -one[0])]
