"""A URL of the contract: its pattern, methods, policies; what DRF's dispatch knows of a view."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from segue_bridge.auth.backend import Authentication
from segue_bridge.auth.throttles import Throttle
from segue_bridge.http import negotiation
from segue_bridge.http.handover import LeftToDjango
from segue_bridge.http.parsers import Parser
from segue_bridge.http.settings import ErrorHandler, OtherHandler
from segue_bridge.http.versioning import Versioning

if TYPE_CHECKING:
    from starlette.responses import Response

    from segue_bridge.http.call import Call
    from segue_bridge.http.responses import JSON

Access = Callable[["Call"], Awaitable[None]]
Render = Callable[["Call", "JSON"], bytes]
Throttles = tuple[Throttle, ...]
Handler = Callable[["Call"], Awaitable["Response"]]
"""``get_response`` of a middleware: the rest of the way to the view. It does not raise what Django answers with a page."""
Middleware = Callable[["Call", Handler], Awaitable["Response"]]
Failing = Callable[["Call", Exception], "Response | None"]
Endpoint = Callable[["Call"], Awaitable[Any]]
_PLACE = re.compile(r"\{(\w+)\}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")
"""``View.http_method_names``: the order of ``Allow``."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What answers one method: the path operation function, its status and action.

    ``body``, ``partial`` and ``parameters`` describe its input in OpenAPI, ``envelope`` is the name under which the body
    lies, ``answers`` are statuses that the function may answer with besides ``status``. ``suffix``: Django's method takes the
    ``format`` of a URL with a suffix; where it does not, such a request is left to Django.
    """

    endpoint: Endpoint
    status: int = 200
    action: str | None = None
    body: Any = None
    partial: bool = False
    parameters: tuple[dict[str, Any], ...] = ()
    suffix: bool = True
    envelope: str = ""
    answers: tuple[int, ...] = ()


@dataclass(eq=False)
class Resource:
    """``path`` holds ``{name}`` per URL argument, ``parameters`` Django's regex per name.

    ``methods`` are all that Django's view allows: also those that stay on Django, so that ``Allow`` and 405
    tell the truth. HEAD comes with GET and OPTIONS always, unless ``head`` or ``allows_options`` is False
    (``http_method_names`` without them); ``listed`` is that list where its order is not Django's. ``name`` and ``description`` are those of OPTIONS; ``actions`` is
    the static part of OPTIONS by method (fields of POST and PUT); ``options=False`` leaves OPTIONS to Django,
    ``metadata=False`` answers it with 405 (``metadata_class = None``).

    ``suffix``: the URL also exists with a format suffix (``/books.json``); a text is that URL's whole
    regex, where it does not follow from the path (the root of a router). ``renderers`` are the view's in its order,
    ``browsable`` adds DRF's browsable API to them: what is not JSON is left to Django. ``atomic``: ``ATOMIC_REQUESTS``.
    ``render`` is the project's own ``JSONRenderer.render``, ``charset`` its charset. ``order`` is the place in Django's URL
    configuration: where two patterns fit, the lower one answers. ``challenge`` replaces the first authenticator's
    ``WWW-Authenticate``.

    ``regex`` is the whole regex of a URL with optional parts (``(?:(?P<version>v1|v2)/)?``), which ``path`` cannot say;
    ``path`` is then the URL without them.

    ``error_handler`` is the view's own ``handle_exception`` for the exceptions that DRF answers, ``other_handler`` for all others (None
    lets them go on to Django's page).

    ``parents``: arguments of the URL that are put among what was sent, by their names there (drf-nested-routers).

    What the project's middleware does: ``left_to_django`` names the requests that it treats in a way of its own,
    ``reads_session`` says that it reads the session of every request (``Vary: Cookie``), ``asks_late`` that it asks after the view
    who it was, which is the view's user: what ends before the view knows is left to Django, ``headers`` are set on every
    answer and ``default_headers`` on those that lack them, ``vary`` is added to ``Vary`` of every answer; ``middleware`` are those that were translated, from the outside in.
    ``failing`` are their ``process_exception``, from the inside out: what they answer to an exception that DRF does not, None lets it go on.
    ``around`` are words of Django's own (``security``, ``common``) that stand inside of one of them: requests that these answer themselves are left to Django.
    """

    path: str
    name: str = ""
    description: str = ""
    methods: tuple[str, ...] = ()
    authentication: Authentication | None = None
    throttles: Throttles = ()
    suffix: bool | str = False
    browsable: bool = False
    parsers: tuple[Parser, ...] = ("json", "form", "multipart")
    parameters: Mapping[str, str] = field(default_factory=dict)
    atomic: bool = False
    actions: Mapping[str, Any] | None = None
    options: bool = True
    challenge: str | None = None
    renderers: tuple[negotiation.Renderer, ...] = ("json",)
    head: bool = True
    allows_options: bool = True
    listed: tuple[str, ...] = ()
    metadata: bool = True
    versioning: Versioning | None = None
    render: Render | None = None
    charset: str = ""
    order: int = 0
    left_to_django: tuple[LeftToDjango, ...] = ()
    reads_session: bool = False
    asks_late: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    default_headers: Mapping[str, str] = field(default_factory=dict)
    vary: tuple[str, ...] = ()
    regex: str = ""
    middleware: tuple[Middleware, ...] = ()
    failing: tuple[Failing, ...] = ()
    around: tuple[str, ...] = ()
    parents: Mapping[str, str] = field(default_factory=dict)
    error_handler: ErrorHandler | None = None
    other_handler: OtherHandler | None = None

    plain: ClassVar[bool] = False
    """Whether it is a view of Django's own (:class:`~segue_bridge.http.plain_view.PlainResource`)."""

    def __post_init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self._access: Access | None = None
        self._initial: Access | None = None
        self._initial_bare = False
        self._throttles: Callable[[Call], Throttles] | None = None
        self._lookup: Callable[[Call], Awaitable[object]] | None = None
        if self.browsable and "api" not in self.renderers:
            self.renderers = (*self.renderers, "api")
        self.pattern = re.compile(self.regex or self._regex(self.path) + r"\Z")
        self.suffix_pattern = self._suffix_pattern()
        self.arguments = tuple(_PLACE.findall(self.path))
        self.static = not self.arguments and not self.regex
        offered = set(self.methods)
        if "GET" in offered and self.head:
            offered.add("HEAD")
        if self.allows_options:
            offered.add("OPTIONS")
        self.offered = frozenset(offered)
        self.allow = ", ".join(method for method in self.listed or METHODS if method in offered)
        # What every answer of DRF's view carries (``APIView.default_response_headers``).
        self.raw_headers: list[tuple[bytes, bytes]] = [(b"allow", self.allow.encode("latin-1"))]
        if len(self.renderers) > 1:
            self.raw_headers.append((b"vary", b"Accept"))
        self._described = {
            "name": self.name,
            "description": self.description,
            "renders": [negotiation.media_of(r) for r in self.renderers],
            "parses": [negotiation.media_parsed(p) for p in self.parsers],
        }

    def match(self, path: str) -> dict[str, str] | None:
        """URL arguments (and ``format`` for a suffix), None when ``path`` is not this URL."""
        found = self.pattern.match(path)
        if found is None and self.suffix_pattern is not None:
            found = self.suffix_pattern.match(path)
        if found is None:
            return None
        return {name: value for name, value in found.groupdict().items() if value is not None}

    @property
    def guarded(self) -> bool:
        """Whether there is a permission to ask."""
        return self._access is not None

    @property
    def throttled(self) -> bool:
        """Whether there may be limits."""
        return bool(self.throttles) or self._throttles is not None

    def access(self, function: Access) -> Access:
        """Decorator: ``check_permissions`` of this view. It also runs before 405 and OPTIONS."""
        self._access = function
        return function

    def initial(self, function: Access) -> Access:
        """Decorator: what the view's own ``initial`` does after DRF's. It also runs before 405 and OPTIONS."""
        self._initial = function
        return function

    def initial_without_handler(self, function: Access) -> Access:
        """Decorator: the same where handlers begin with it themselves: it runs before 405 and OPTIONS only."""
        self._initial, self._initial_bare = function, True
        return function

    def limits(self, function: Callable[[Call], Throttles]) -> Callable[[Call], Throttles]:
        """Decorator: throttles that depend on the action."""
        self._throttles = function
        return function

    def lookup(self, function: Callable[[Call], Awaitable[object]]) -> Callable[[Call], Awaitable[object]]:
        """Decorator: ``get_object``, which OPTIONS asks before it describes PUT."""
        self._lookup = function
        return function

    async def respond(self, call: Call) -> Response:
        """What a plain view answers; DRF's have no such answer."""
        raise NotImplementedError

    def error_page(self, error: Exception) -> Response | None:
        """Django's page of an exception that comes out of a plain view; None: it is none of those."""
        return None

    async def check(self, call: Call) -> None:
        """Run the permissions. Raises 401 or 403."""
        if self._access is not None:
            await self._access(call)

    async def start(self, call: Call, *, handled: bool) -> None:
        """Run what the view's own ``initial`` adds; ``handled``: there is a handler for the method."""
        if self._initial is not None and not (handled and self._initial_bare):
            await self._initial(call)

    def throttles_of(self, call: Call) -> Throttles:
        """The limits for this call."""
        return self.throttles if self._throttles is None else self._throttles(call)

    async def find(self, call: Call) -> None:
        """``get_object`` for OPTIONS. Raises 404 and 403."""
        if self._lookup is not None:
            await self._lookup(call)

    def describe(self, actions: Mapping[str, Any]) -> dict[str, Any]:
        """The body of OPTIONS (``SimpleMetadata.determine_metadata``)."""
        return {**self._described, "actions": dict(actions)} if actions else self._described

    def challenged(self) -> str | None:
        """``WWW-Authenticate`` of a 401; None makes it a 403."""
        if self.challenge is not None or self.authentication is None:
            return self.challenge
        return self.authentication.challenge

    def challenged_for(self, call: Call) -> str | None:
        """``WWW-Authenticate`` of the 401 of this request; None makes it a 403."""
        if self.challenge is not None or self.authentication is None:
            return self.challenge
        return self.authentication.challenge_for(call)

    def _suffix_pattern(self) -> re.Pattern[str] | None:
        if isinstance(self.suffix, str):
            return re.compile(self.suffix.removeprefix("^").removesuffix("$") + r"\Z")
        if not self.suffix:
            return None
        stem = self.path.rstrip("/")
        return re.compile(self._regex(stem) + r"\.(?P<format>[a-z0-9]+)/?\Z")

    def _regex(self, path: str) -> str:
        out, position = "", 0
        for place in _PLACE.finditer(path):
            out += re.escape(path[position : place.start()])
            out += f"(?P<{place[1]}>{self.parameters.get(place[1], '[^/.]+')})"
            position = place.end()
        return out + re.escape(path[position:])
