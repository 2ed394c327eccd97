"""Registers path operation functions for :class:`Resource` objects with FastAPI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from segue_bridge.http.dispatch import serve
from segue_bridge.http.matching import Index
from segue_bridge.http.resource import Operation, Resource

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__segue_resource__"


class ContractRoute(APIRoute):
    """One documented operation. Matching and answering are the whole resource's affair: Django matches
    the URL first and looks at the method afterwards."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for any method when the path is this resource's."""
        if scope["type"] != "http":
            return Match.NONE, {}
        values = getattr(self.endpoint, _MARK).match(get_route_path(scope))
        if values is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": values, "endpoint": self.endpoint}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the resource."""
        await serve(getattr(self.endpoint, _MARK), scope, receive, send, scope["path_params"])


class ContractRoutes(BaseRoute):
    """All resources of the application in Django's order, ahead of FastAPI's own routes.

    The index is made at the first request, when every router has been included.
    """

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The resources by path."""
        if self._index is None:
            self._index = Index(resources(self._routes))
        return self._index

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for any method when some resource has the path."""
        if scope["type"] != "http":
            return Match.NONE, {}
        found = self.index.find(get_route_path(scope))
        if found is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": found[1], "endpoint": found[0]}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the resource."""
        await serve(scope["endpoint"], scope, receive, send, scope["path_params"])


class Router(APIRouter):
    """``fastapi.APIRouter`` whose operations hang on resources instead of paths."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("route_class", ContractRoute)
        super().__init__(redirect_slashes=False, **options)

    def operation(
        self,
        method: str,
        resource: Resource,
        *,
        response_model: Any = None,
        status: int = 200,
        body: Any = None,
        action: str | None = None,
        parameters: Sequence[dict[str, Any]] = (),
        summary: str | None = None,
        tags: list[str] | None = None,
        partial: bool = False,
        suffix: bool = True,
        envelope: str = "",
        answers: Sequence[int] = (),
        media: Sequence[str] = (),
    ) -> Callable[[F], F]:
        """Decorator: ``function(call)`` answers ``method`` of ``resource``.

        It returns the response's data (sent with ``status``) or a ``Response``. ``response_model``, ``body``
        (a write model; ``partial`` makes all of it optional), ``parameters``, ``envelope``, ``answers`` and ``media`` (content types beside JSON) describe it in
        OpenAPI; nothing is validated by them. The rest: see :class:`Operation`.
        """

        def register(function: F) -> F:
            resource.operations[method] = Operation(
                function, status, action, body, partial, tuple(parameters), suffix, envelope, tuple(answers)
            )
            setattr(function, _MARK, resource)
            self.add_api_route(
                resource.path,
                function,
                methods=[method],
                response_model=response_model if status != 204 else None,
                status_code=status,
                summary=summary,
                tags=list(tags) if tags else None,
                responses={status: {"content": {kind: {} for kind in media}}} if media else None,
                name=function.__name__,
            )
            return function

        return register

    def reserve(self, *found: Resource) -> None:
        """Resources without any translated operation: their URLs exist, Django answers them (501 here)."""
        for resource in found:

            async def reserved() -> None:
                """Left to Django."""

            setattr(reserved, _MARK, resource)
            self.add_api_route(resource.path, reserved, include_in_schema=False)

    def get(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """GET (and HEAD)."""
        return self.operation("GET", resource, **options)

    def post(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """POST."""
        return self.operation("POST", resource, **options)

    def put(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """PUT."""
        return self.operation("PUT", resource, **options)

    def patch(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """PATCH."""
        return self.operation("PATCH", resource, **options)

    def delete(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """DELETE."""
        return self.operation("DELETE", resource, **options)

    def head(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """HEAD where the view has its own; GET answers it otherwise."""
        return self.operation("HEAD", resource, **options)

    def options(self, resource: Resource, **options: Any) -> Callable[[F], F]:  # type: ignore[override]
        """OPTIONS where the view has its own; metadata answers it otherwise."""
        return self.operation("OPTIONS", resource, **options)


def resources(routes: Sequence[BaseRoute]) -> Iterator[Resource]:
    """The resources behind routes, those of included routers too, in order."""
    for route in routes:
        # FastAPI from 0.130 on keeps an included router as one route; before, its routes were copied.
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from resources(included.routes)
            continue
        found = getattr(getattr(route, "endpoint", None), _MARK, None)
        if found is not None:
            yield found
