"""Choosing the answer's format as ``rest_framework.negotiation.DefaultContentNegotiation`` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from segue_bridge.errors import Http404, NotAcceptable
from segue_bridge.http.media import JSON, NAMES, MediaType, parse
from segue_bridge.http.parsers import Parser

JSON_TYPE = JSON
_MAX_HEADER = 8192
_MAX_TOKENS = 64
_MAX_TYPE = 256


@dataclass(frozen=True, slots=True)
class LegacyRenderer:
    """A renderer that only Django has: its ``format`` and ``media_type``. What it would render is left to Django."""

    format: str | None
    media: str


@dataclass(frozen=True, slots=True)
class OwnRenderer:
    """A renderer of the project: its ``format`` and ``media_type``, ``render`` of a call and its answer, ``charset`` ('' for none).

    ``render`` returns text, bytes, None or what else Django makes the content of an answer from.
    """

    format: str | None
    media: str
    render: Callable[[Any, Any], Any]
    charset: str = ""


Renderer = str | LegacyRenderer | OwnRenderer
"""``json``, ``api`` (the browsable API), the project's, or one of Django's."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """``format`` is the renderer's (``api``: the browsable API); ``indent`` of JSON, None for compact.

    ``media`` is ``request.accepted_media_type``; ``served`` is False for what only Django renders. ``own``: the project's.
    """

    format: str
    indent: int | None = None
    media: str = JSON
    served: bool = True
    own: OwnRenderer | None = None


PLAIN_JSON = Chosen("json")


def choose(accept: str | None, wanted: str, renderers: tuple[Renderer, ...]) -> Chosen:
    """The renderer for an ``Accept`` header (None stands for ``*/*``) and a format asked for by name.

    Raises :class:`Http404` for an unknown format, :class:`NotAcceptable` when nothing fits.
    """
    if not wanted and renderers[0] == "json" and accept in (None, "*/*", JSON):
        return PLAIN_JSON
    if accept is not None and len(accept) <= _MAX_TYPE:
        return _remembered(accept, wanted, renderers)
    return _choose("*/*" if accept is None else accept, wanted, renderers)


def format_of(renderer: Renderer) -> str | None:
    """``renderer.format``."""
    return renderer if isinstance(renderer, str) else renderer.format


def media_of(renderer: Renderer) -> str:
    """``renderer.media_type``."""
    return NAMES[renderer] if isinstance(renderer, str) else renderer.media


def tokens(header: str) -> list[str]:
    """``get_accept_list``: at most 64 media types out of the first 8192 characters."""
    if len(header) > _MAX_HEADER:
        cut = header.rfind(",", 0, _MAX_HEADER)
        header = header[: cut + 1]
    found = []
    for part in header.split(","):
        token = part.strip()
        if token and len(token) <= _MAX_TYPE:
            found.append(token)
            if len(found) >= _MAX_TOKENS:
                break
    return found


def forced(renderer: Renderer) -> Chosen:
    """The first renderer of a view, where none fits (``perform_content_negotiation`` with ``force``)."""
    return _chosen(renderer, None, media_of(renderer))


def _chosen(renderer: Renderer, indent: int | None, media: str) -> Chosen:
    own = renderer if isinstance(renderer, OwnRenderer) else None
    return Chosen(format_of(renderer) or "", indent, media, renderer == "json" or own is not None, own)


def _choose(accept: str, wanted: str, renderers: tuple[Renderer, ...]) -> Chosen:
    candidates = tuple(r for r in renderers if format_of(r) == wanted) if wanted else renderers
    if not candidates:
        raise Http404()
    accepted = [(token, parse(token)) for token in tokens(accept)]
    for level in (3, 2, 1, 0):
        group = [pair for pair in accepted if pair[1].precedence == level]
        for renderer in candidates:
            own = parse(media_of(renderer))
            for token, media in group:
                if own.match(media):
                    return _chosen(renderer, _indent(media), _accepted(own, media, token))
    raise NotAcceptable()


# Short headers only, so that clients cannot fill the memory.
_remembered = lru_cache(maxsize=512)(_choose)


def _accepted(own: MediaType, media: MediaType, token: str) -> str:
    """The more specific of the two, with the client's parameters."""
    if own.precedence > media.precedence:
        return ";".join([own.name, *(f"{key}={value}" for key, value in media.params)])
    return token


def media_parsed(parser: Parser) -> str:
    """``parser.media_type``."""
    return NAMES[parser] if isinstance(parser, str) else parser.media


def parser_for(content_type: str, parsers: tuple[Parser, ...]) -> Parser | None:
    """The first parser whose media type fits ``content_type``; None when none does."""
    if len(content_type) > _MAX_TYPE:
        return None
    given = parse(content_type)
    return next((p for p in parsers if parse(media_parsed(p)).match(given)), None)


def _indent(media: MediaType) -> int | None:
    """``JSONRenderer.get_indent``: up to 8; 0 and what is no number mean compact."""
    value = media.get("indent")
    if value is None:
        return None
    try:
        return max(min(int(value), 8), 0) or None
    except ValueError:
        return None
