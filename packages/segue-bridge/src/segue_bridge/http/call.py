"""One request to a translated view: what the generated functions take their state from."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from segue_bridge.auth.sessions import Session as UserSession
from segue_bridge.errors import NotAuthenticated, PermissionDenied
from segue_bridge.http import body, urls
from segue_bridge.http.negotiation import Chosen
from segue_bridge.http.query import QueryParams
from segue_bridge.http.render import DEFAULT, Renderer

if TYPE_CHECKING:
    from segue_bridge.db.session import Session
    from segue_bridge.http.resource import Resource

_UNREAD = object()


class Call(Request):
    """A Starlette request with what DRF's view would know.

    ``path_values`` are the URL's keyword arguments as text; ``action`` is the viewset's action, None for a
    method that the URL does not offer; ``db`` is open as long as the request.
    """

    def __init__(self, scope: Scope, receive: Receive, resource: Resource, values: Mapping[str, str]) -> None:
        super().__init__(scope, receive)
        self.resource = resource
        self._values = values
        self.verb: str = scope["method"]
        self.action: str | None = None
        self.chosen = Chosen("json")
        self.db: Session
        self.current: Any = None
        self.auth_value: Any = None
        self.authenticated_by_request = False
        self.stored_session: UserSession | None = None
        self.renderer: Renderer = DEFAULT
        self._data: Any = _UNREAD
        self._query: QueryParams | None = None

    @property
    def request(self) -> Request:
        """The request itself, for functions that take one."""
        return self

    @property
    def user(self) -> Any:
        """The user that authentication found, or an ``AnonymousUser``."""
        return self.current

    @property
    def auth(self) -> Any:
        """``request.auth``."""
        return self.auth_value

    @property
    def method(self) -> str:
        """The HTTP method; ``OPTIONS`` asks for others on the way, as DRF's metadata does."""
        return self.verb

    @property
    def path(self) -> Mapping[str, str]:
        """``view.kwargs``, as text."""
        return self._values

    @property
    def query(self) -> QueryParams:
        """``request.query_params``."""
        if self._query is None:
            self._query = QueryParams(self.scope.get("query_string", b""))
        return self._query

    @property
    def session(self) -> MutableMapping[str, Any]:  # type: ignore[override]
        """``request.session``, opened by authentication."""
        if self.stored_session is None:
            raise RuntimeError("this project has no sessions")
        return self.stored_session

    async def data(self) -> Any:
        """``request.data``: parsed now, once. Raises 415 and 400."""
        if self._data is _UNREAD:
            self._data = await body.read(self, self.resource.parsers)
        return self._data

    def require(self, ok: object, message: str | None = None, code: str | None = None) -> None:
        """``permission_denied`` unless ``ok``: 401/403 for anonymous, else 403 with ``message``."""
        if ok:
            return
        authentication = self.resource.authentication
        if authentication is not None and authentication.authenticators and not self.authenticated_by_request:
            raise NotAuthenticated()
        raise PermissionDenied(message, code)

    def reply(
        self,
        data: Any = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> Response:
        """``Response(data, status, headers)`` in the format that was negotiated."""
        content = self.renderer.render(data, self.chosen.indent)
        kind = content_type or ("application/json" if content else None)
        answer = Response(content, status_code=status, headers=dict(headers) if headers else None)
        if kind:
            answer.headers["content-type"] = kind
        if status == 204 and not content:
            # Starlette leaves Content-Length out; Django's CommonMiddleware does not.
            answer.headers["content-length"] = "0"
        return answer

    def created(self, data: Any, headers: Mapping[str, str] | None = None) -> Response:
        """201; ``CreateModelMixin`` sends ``Location`` when the data has a ``url``."""
        extra = dict(headers or {})
        if not extra and isinstance(data, dict) and data.get("url"):
            extra["Location"] = str(data["url"])
        return self.reply(data, 201, extra)

    def no_content(self) -> Response:
        """204 without body."""
        return self.reply(None, 204)

    def absolute(self, location: str | None = None) -> str:
        """``request.build_absolute_uri(location)``."""
        return urls.absolute(self, location)
