"""Choosing the answer's format as ``rest_framework.negotiation.DefaultContentNegotiation`` does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from segue_bridge.errors import NotAcceptable, NotFound

JSON_TYPE = "application/json"
HTML_TYPE = "text/html"
_TYPES = {"json": JSON_TYPE, "api": HTML_TYPE}


@dataclass(frozen=True, slots=True)
class Chosen:
    """``format`` is ``json`` or ``api`` (the browsable API); ``indent`` of JSON, None for compact."""

    format: str
    indent: int | None = None


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type with its parameters (``rest_framework.utils.mediatypes._MediaType``)."""

    main: str
    sub: str
    params: tuple[tuple[str, str], ...]

    @property
    def precedence(self) -> int:
        """0 ``*/*``, 1 ``main/*``, 2 exact, 3 exact with parameters other than ``q``."""
        if self.main == "*":
            return 0
        if self.sub == "*":
            return 1
        return 2 if not self.params or [k for k, _ in self.params] == ["q"] else 3

    def match(self, other: MediaType) -> bool:
        """Whether this satisfies ``other``; parameters of this must stand in ``other``."""
        theirs = dict(other.params)
        if any(key != "q" and theirs.get(key) != value for key, value in self.params):
            return False
        if self.sub != "*" and other.sub != "*" and other.sub != self.sub:
            return False
        return self.main == "*" or other.main == "*" or other.main == self.main


@lru_cache(maxsize=512)
def parse(text: str) -> MediaType:
    """A media type from text; the parameters keep their order."""
    head, *rest = text.split(";")
    params = []
    for part in rest:
        name, found, value = part.partition("=")
        if found and name.strip():
            value = value.strip()
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1].replace("\\\\", "\\").replace('\\"', '"')
            params.append((name.strip().lower(), value))
    main, _, sub = head.strip().lower().partition("/")
    return MediaType(main, sub, tuple(params))


@lru_cache(maxsize=1024)
def choose(accept: str, wanted: str, renderers: tuple[str, ...]) -> Chosen:
    """The renderer for an ``Accept`` header ('' stands for ``*/*``) and a format asked for by name.

    Raises :class:`NotFound` for an unknown format, :class:`NotAcceptable` when nothing fits.
    """
    candidates = tuple(r for r in renderers if r == wanted) if wanted else renderers
    if not candidates:
        raise NotFound()
    accepted = [parse(part.strip()) for part in (accept or "*/*").split(",")]
    for level in (3, 2, 1, 0):
        group = [m for m in accepted if m.precedence == level]
        for renderer in candidates:
            own = parse(_TYPES[renderer])
            for media in group:
                if own.match(media):
                    return Chosen(renderer, _indent(media))
    raise NotAcceptable()


def parser_for(content_type: str, parsers: tuple[str, ...]) -> str | None:
    """The first parser whose media type fits ``content_type``; None when none does."""
    given = parse(content_type)
    return next((p for p in parsers if parse(_PARSED[p]).match(given)), None)


_PARSED = {
    "json": JSON_TYPE,
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
}


def _indent(media: MediaType) -> int | None:
    for name, value in media.params:
        if name == "indent":
            try:
                return max(min(int(value), 8), 0) or None
            except ValueError:
                return None
    return None
