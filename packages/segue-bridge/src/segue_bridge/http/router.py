"""Registers path operation functions for :class:`Resource` objects with FastAPI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette._utils import get_route_path
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from segue_bridge.http.dispatch import Endpoint, Operation, Table
from segue_bridge.http.openapi import operation_extra
from segue_bridge.http.resource import Resource

F = TypeVar("F", bound=Callable[..., Any])


class ContractRoute(APIRoute):
    """One documented operation. Matching and answering are the whole resource's affair: Django matches
    the URL first and looks at the method afterwards."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for any method when the path is this resource's."""
        if scope["type"] != "http":
            return Match.NONE, {}
        table: Table = self.endpoint.__segue_table__  # type: ignore[attr-defined]
        values = table.resource.match(get_route_path(scope))
        if values is None:
            return Match.NONE, {}
        return Match.FULL, {"path_params": values, "endpoint": self.endpoint}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the resource's table."""
        table: Table = self.endpoint.__segue_table__  # type: ignore[attr-defined]
        await table.handle(scope, receive, send, scope["path_params"])


class Router(APIRouter):
    """``fastapi.APIRouter`` whose operations hang on resources instead of paths."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("route_class", ContractRoute)
        super().__init__(redirect_slashes=False, **options)
        self._tables: dict[int, Table] = {}

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
    ) -> Callable[[F], F]:
        """Decorator: ``function(call)`` answers ``method`` of ``resource``.

        It returns the response's data (sent with ``status``) or a ``Response``. ``response_model``, ``body``
        (a write model) and ``parameters`` describe it in OpenAPI; nothing is validated by them.
        """

        def register(function: F) -> F:
            table = self._tables.setdefault(id(resource), Table(resource))
            table.operations[method] = Operation(_endpoint(function), status, action)
            function.__segue_table__ = table  # type: ignore[attr-defined]
            self.add_api_route(
                resource.path,
                function,
                methods=[method],
                response_model=response_model,
                status_code=status,
                summary=summary,
                tags=list(tags) if tags else None,
                name=function.__name__,
                openapi_extra=operation_extra(resource, method, body, parameters),
            )
            return function

        return register

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


def _endpoint(function: Callable[..., Any]) -> Endpoint:
    return function
