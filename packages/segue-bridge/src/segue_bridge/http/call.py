"""One request to a translated view: what the generated functions take their state from."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request
from starlette.types import Receive, Scope

from segue_bridge.auth.backend import Informed
from segue_bridge.auth.csrf import new_token
from segue_bridge.auth.sessions import Session as UserSession
from segue_bridge.auth.throttles import Counted
from segue_bridge.auth.users import AnonymousUser
from segue_bridge.errors import NotAuthenticated, PermissionDenied
from segue_bridge.http import body, media, urls
from segue_bridge.http.negotiation import PLAIN_JSON, Chosen
from segue_bridge.http.query import QueryParams
from segue_bridge.http.responses import JSON
from segue_bridge.http.settings import HttpSettings
from segue_bridge.leaving import left_to_django
from segue_bridge.schema.data import FormData

if TYPE_CHECKING:
    from segue_bridge.db.session import Session
    from segue_bridge.http.resource import Resource

_UNREAD = object()
K = TypeVar("K")


class Call(Informed, Request):
    """A Starlette request with what DRF's view would know.

    ``path`` holds the URL's keyword arguments as text; ``action`` is the viewset's action (``"metadata"`` for
    OPTIONS, None for a method that the URL does not offer); ``db`` lives as long as the request and takes a
    connection when it is first used.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        resource: Resource,
        values: Mapping[str, str],
        db: Session,
        settings: HttpSettings,
    ) -> None:
        super().__init__(scope, receive)
        self.resource = resource
        self.db = db
        self.settings = settings
        self.verb: str = scope["method"]
        self.action: str | None = None
        self.chosen: Chosen = PLAIN_JSON
        self.version: str | None = None
        self.current: Any = None
        self.auth_value: Any = None
        self.authenticated_by_request = False
        self.asked = False  # whether the view has come to ask who it is
        self.stored_session: UserSession | None = None
        self.counted: Counted = []
        self.begun = False  # whether code of the project's own may have done something
        self.csrf_token: str | None = None
        self.varies: list[str] = []
        self.waiting: set[int] = set()  # statuses whose answers are Django's
        self.posted: object = None  # what plain views have read of a form
        self.multipart_read = False
        self._values = values
        self._data: Any = _UNREAD
        self._query: QueryParams | None = None
        self._kept: object = None

    @property
    def request(self) -> Request:
        """The request itself, for functions that take one."""
        return self

    @property
    def secure(self) -> bool:
        """``request.is_secure()``, with ``SECURE_PROXY_SSL_HEADER``."""
        return urls.scheme(self, self.settings) == "https"

    @property
    def host(self) -> str:
        """``request.get_host()``, with ``USE_X_FORWARDED_HOST``."""
        return urls.host(self, self.settings)

    @property
    def user(self) -> Any:
        """The user that authentication found, or an ``AnonymousUser``.

        Raises :class:`Unserved` before it was asked (an error handler, after a failed negotiation): DRF asks then.
        """
        if self.current is None and not self.asked:
            raise left_to_django(self.db, "user")
        return self.current

    async def visitor(self) -> Any:
        """``request.user`` of a plain view: whom the session knows, asked when somebody first wants to know (``AuthenticationMiddleware``).

        Afterwards :attr:`user` is that, too.
        """
        if not self.asked:
            authentication = self.resource.authentication
            if authentication is None:
                raise RuntimeError("nobody is asked for here")
            self.set_user(*(await authentication.authenticate(self, self.db, self.stored_session)))
            self.asked = True
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
    def url_path(self) -> str:
        """``request.path``."""
        path: str = self.scope["path"]
        return path

    @property
    def format_kwarg(self) -> str | None:
        """``self.format_kwarg`` of DRF's views: the format that the URL names (``/books.json``); None where it names none."""
        suffix = self.path.get("format") if self.resource.suffix else None
        return suffix.strip("./") if suffix else None

    @property
    def address(self) -> str:
        """``request.META["REMOTE_ADDR"]``: the address of the connection, '' through a socket file."""
        return self.client.host if self.client is not None else ""

    @property
    def query_string(self) -> str:
        """``request.META["QUERY_STRING"]``: as it was sent."""
        raw: bytes = self.scope.get("query_string", b"")
        return raw.decode("latin-1")

    @property
    def content_type(self) -> str:
        """``request.content_type``: without parameters, in lower case. Raises ``ValueError`` where they cannot be read (500)."""
        return media.header(self.headers.get("content-type", ""))[0]

    def vary_on(self, header: str) -> None:
        """``patch_vary_headers`` for the answer of this request, whatever it will be."""
        if header not in self.varies:
            self.varies.append(header)

    @property
    def query(self) -> QueryParams:
        """``request.query_params``."""
        if self._query is None:
            raw = self.scope.get("query_string", b"")
            self._query = QueryParams(raw, limit=self.settings.field_limit)
        return self._query

    @property
    def session(self) -> MutableMapping[str, Any]:  # type: ignore[override]
        """``request.session``, opened by authentication or :meth:`open_session`."""
        if self.stored_session is None:
            raise RuntimeError("this project has no sessions")
        return self.stored_session

    async def open_session(self) -> UserSession:
        """``request.session`` for views whose authentication does not read it."""
        if self.stored_session is None:
            raise RuntimeError("this project has no sessions")
        return await self.stored_session.open(self.db)

    def rotate_csrf_token(self) -> None:
        """``rotate_token``: the answer gives the client a fresh token, where the project checks any."""
        if self.settings.csrf is not None:
            self.csrf_token = new_token(self.settings.csrf)

    async def data(self) -> Any:
        """``request.data``: parsed now, once. Raises 415 and 400; after that it is an empty form, as in DRF."""
        if self._data is _UNREAD:
            self._data = FormData()
            self._data = await body.read(self, self.resource.parsers, self.settings)
        return self._data

    async def take_parents(self, parents: Mapping[str, str]) -> None:
        """``NestedViewSetMixin.initial`` of drf-nested-routers: arguments of the URL among what was sent, under other names.

        Raises 415 and 400, as the body is read; ``TypeError`` where it is no dict.
        """
        for argument, wanted in parents.items():
            value = self.path[argument]
            data: Any = await self.data()
            if isinstance(data, FormData):
                data.put(wanted, value)
            else:
                for item in data if isinstance(data, list) else [data]:
                    item[wanted] = value
            self.query.put(wanted, value)

    def kept(self, kind: type[K]) -> K:
        """What code has put on this request, in an object of a class of the service: made when it is first asked for."""
        if not isinstance(self._kept, kind):
            self._kept = kind()
        return self._kept

    def replace_user(self, user: Any) -> None:
        """``request.user = user`` in a permission or a view: who asks from now on. Whether somebody had authenticated stays."""
        self.current = user

    def set_user(self, user: Any, auth: Any = None) -> None:
        """Name the user. An ``AnonymousUser`` (or None) without ``auth`` means that no authenticator answered."""
        self.current, self.auth_value = user, auth
        known = user is not None and not isinstance(user, AnonymousUser)
        self.authenticated_by_request = known or auth is not None

    def require(self, ok: object, message: Any = None, code: str | None = None) -> None:
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
    ) -> JSON:
        """``Response(data, status, headers=…)``; rendered when the view is done."""
        return JSON(data, status, headers, content_type)

    def created(self, data: Any, headers: Mapping[str, str] | None = None, *, status: int = 201) -> JSON:
        """``CreateModelMixin`` sends ``Location`` when the data has a ``url``."""
        extra = dict(headers or {})
        if not extra and isinstance(data, dict) and "url" in data:
            extra["Location"] = str(data["url"])
        return JSON(data, status, extra)

    def no_content(self) -> JSON:
        """204 without body."""
        return JSON(None, 204)

    def absolute(self, location: str | None = None) -> str:
        """``request.build_absolute_uri(location)``."""
        return urls.absolute(self, self.settings, location)
