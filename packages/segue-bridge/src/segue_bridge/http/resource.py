"""A URL of the contract: its pattern, methods, policies; what DRF's dispatch knows of a view."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue_bridge.auth.backend import Authentication
from segue_bridge.auth.throttles import Throttle

if TYPE_CHECKING:
    from segue_bridge.http.call import Call

Access = Callable[["Call"], Awaitable[None]]
Throttles = tuple[Throttle, ...]
_MEDIA = {
    "json": "application/json",
    "api": "text/html",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data",
}
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(eq=False)
class Resource:
    """``path`` holds ``{name}`` per URL argument, ``parameters`` Django's regex per name.

    ``methods`` are all that Django's view allows, in DRF's order without HEAD and OPTIONS: also those that
    stay on Django, so that ``Allow`` and 405 tell the truth. ``browsable``: the view offers DRF's browsable API.
    ``actions`` is the static part of OPTIONS by method, None when it is left to Django.
    """

    path: str
    name: str = ""
    description: str = ""
    methods: tuple[str, ...] = ()
    authentication: Authentication | None = None
    throttles: Throttles = ()
    suffix: bool = False
    browsable: bool = False
    parsers: tuple[str, ...] = ("json", "form", "multipart")
    parameters: Mapping[str, str] = field(default_factory=dict)
    atomic: bool = False
    actions: Mapping[str, Any] | None = None
    options: bool = True
    challenge: str | None = None

    def __post_init__(self) -> None:
        self._access: Access | None = None
        self._throttles: Callable[[Call], Throttles] | None = None
        self._lookup: Callable[[Call], Awaitable[object]] | None = None
        self.renderers = ("json", "api") if self.browsable else ("json",)
        self.pattern = re.compile(self._regex(self.path) + r"\Z")
        stem = self.path.removesuffix("/")
        self.suffix_pattern = (
            re.compile(self._regex(stem) + r"\.(?P<format>[a-z0-9]+)/?\Z") if self.suffix else None
        )
        self.allow = ", ".join([*self._ordered(), *(["HEAD"] if "GET" in self.methods else []), "OPTIONS"])

    def match(self, path: str) -> dict[str, str] | None:
        """URL arguments (and ``format`` for a suffix), None when ``path`` is not this URL."""
        found = self.pattern.match(path)
        if found is None and self.suffix_pattern is not None:
            found = self.suffix_pattern.match(path)
        return None if found is None else {k: v for k, v in found.groupdict().items() if v is not None}

    def access(self, function: Access) -> Access:
        """Decorator: ``check_permissions`` of this view. It also runs before 405 and OPTIONS."""
        self._access = function
        return function

    def limits(self, function: Callable[[Call], Throttles]) -> Callable[[Call], Throttles]:
        """Decorator: throttles that depend on the action."""
        self._throttles = function
        return function

    def lookup(self, function: Callable[[Call], Awaitable[object]]) -> Callable[[Call], Awaitable[object]]:
        """Decorator: ``get_object``, which OPTIONS asks before it describes PUT."""
        self._lookup = function
        return function

    async def check(self, call: Call) -> None:
        """Run the permissions. Raises 401 or 403."""
        if self._access is not None:
            await self._access(call)

    def throttles_of(self, call: Call) -> Throttles:
        """The limits for this call."""
        return self.throttles if self._throttles is None else self._throttles(call)

    async def find(self, call: Call) -> None:
        """``get_object`` for OPTIONS. Raises 404 and 403."""
        if self._lookup is not None:
            await self._lookup(call)

    def describe(self, actions: Mapping[str, Any]) -> dict[str, Any]:
        """The body of OPTIONS (``SimpleMetadata.determine_metadata``)."""
        out: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "renders": [_MEDIA[r] for r in self.renderers],
            "parses": [_MEDIA[p] for p in self.parsers],
        }
        if actions:
            out["actions"] = dict(actions)
        return out

    def _ordered(self) -> list[str]:
        return [m for m in ("GET", "POST", "PUT", "PATCH", "DELETE") if m in self.methods]

    def _regex(self, path: str) -> str:
        out, position = "", 0
        for place in _PLACE.finditer(path):
            out += re.escape(path[position : place.start()])
            out += f"(?P<{place[1]}>{self.parameters.get(place[1], '[^/.]+')})"
            position = place.end()
        return out + re.escape(path[position:])
