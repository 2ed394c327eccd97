"""What the legacy project's settings say about HTTP, for the whole application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from segue_bridge.auth.backend import Sessions
from segue_bridge.auth.csrf import CsrfSettings
from segue_bridge.errors import APIException
from segue_bridge.http.finishers import Finisher
from segue_bridge.http.language import Languages
from segue_bridge.http.render import DEFAULT, Renderer

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

ErrorHandler = Callable[["Call", APIException], "Response | Awaitable[Response]"]
OtherHandler = Callable[["Call", Exception], "Response | Awaitable[Response | None] | None"]

SECURITY_HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""What ``SecurityMiddleware`` and ``XFrameOptionsMiddleware`` set by default."""

INSIDE = {"security": ("frames", "session"), "common": ("frames",)}
"""Which middleware does not see the answers of ``SecurityMiddleware`` and ``CommonMiddleware`` themselves, in the order of Django's template
of a project: ``frames`` is ``XFrameOptionsMiddleware``, ``session`` is ``SessionMiddleware``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """One per application, in ``app.state.http``.

    ``headers``: set on every answer that lacks them. ``append_slash``: ``APPEND_SLASH`` with
    ``CommonMiddleware``. ``renderer``: the JSON settings. ``hosts``: ``ALLOWED_HOSTS``, None when nothing checks
    them. ``forwarded_host``: ``USE_X_FORWARDED_HOST``. ``proxy_header``: ``SECURE_PROXY_SSL_HEADER`` as HTTP name and
    value. ``hsts``: the ``Strict-Transport-Security`` value of secure answers. ``ssl_redirect``:
    ``SECURE_SSL_REDIRECT``. ``inside``: the middleware that stands inside of the two which answer by themselves, as :data:`INSIDE`.
    ``format_param``: ``URL_FORMAT_OVERRIDE``. ``body_limit``, ``field_limit``, ``file_limit``:
    ``DATA_UPLOAD_MAX_MEMORY_SIZE``, ``…_NUMBER_FIELDS``, ``…_NUMBER_FILES``. ``sessions``: ``SessionMiddleware``'s
    sessions where a view's authentication has none. ``csrf``: the settings of ``CsrfViewMiddleware``, None without it. ``error_handler``: ``EXCEPTION_HANDLER``, the answer to an error of
    the API; ``other_handler``: its answer to any other exception of a view, None for Django's 500 page. ``asks_others``: functions of the service ask other servers, so that a write may not
    be left to Django once it has begun. ``languages``: how requests choose the language of their texts, where they can. ``finishers``: what Django's
    middleware does to finished answers, from the inside out. ``raise_errors``: let unexpected errors out instead of
    answering 500 (tests).
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    append_slash: bool = True
    renderer: Renderer = DEFAULT
    hosts: tuple[str, ...] | None = None
    forwarded_host: bool = False
    proxy_header: tuple[str, str] | None = None
    hsts: str | None = None
    ssl_redirect: bool = False
    inside: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: INSIDE)
    format_param: str | None = "format"
    body_limit: int | None = 2_621_440
    field_limit: int | None = 1000
    file_limit: int | None = 100
    sessions: Sessions | None = None
    csrf: CsrfSettings | None = None
    error_handler: ErrorHandler | None = None
    other_handler: OtherHandler | None = None
    asks_others: bool = False
    languages: Languages | None = None
    finishers: tuple[Finisher, ...] = ()
    raise_errors: bool = False
    _raw: list[tuple[bytes, bytes]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in self.headers.items()]
        object.__setattr__(self, "_raw", raw)

    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """``headers`` as ASGI wants them."""
        return self._raw


PLAIN = HttpSettings()
