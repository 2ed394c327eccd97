"""What hangs on the FastAPI application around the resources."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import literal, select, text
from starlette.exceptions import HTTPException

from segue_bridge.auth.throttles import ProcessHistory, Rate, Throttle
from segue_bridge.db.database import Database
from segue_bridge.errors import Unserved
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router


def served(router: Router, **options: Any) -> FastAPI:
    app = FastAPI(telemetry=handlers.TELEMETRY_OFF, **options)
    app.state.database = Database("sqlite:///:memory:")
    handlers.install(app)
    app.include_router(router)
    return app


def ask(app: FastAPI, method: str, path: str, **options: Any) -> httpx.Response:
    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
            return await client.request(method, path, **options)

    return asyncio.run(run())


def echo(router: Router, resource: Resource) -> None:
    @router.post(resource)
    async def post(call: Call) -> Any:
        return await call.data()


def test_the_body_limit_of_fastapi_still_holds() -> None:
    router = Router()
    echo(router, Resource("/a/", methods=("POST",)))
    app = served(router, max_body_size=10)
    assert ask(app, "POST", "/a/", json=[1]).json() == [1]
    assert ask(app, "POST", "/a/", json=["x" * 20]).status_code == 413


def test_a_starlette_http_exception_of_hand_written_code_is_answered_by_fastapi() -> None:
    router = Router()

    @router.get(Resource("/a/", methods=("GET",)))
    async def get(call: Call) -> Any:
        raise HTTPException(418, "tea")

    found = ask(served(router), "GET", "/a/")
    assert (found.status_code, found.json()) == (418, {"detail": "tea"})


def test_a_method_that_was_not_translated_is_left_to_django() -> None:
    router = Router()
    resource = Resource("/a/", methods=("GET", "POST"))
    echo(router, resource)
    found = ask(served(router), "GET", "/a/")
    assert (found.status_code, found.headers["x-segue-unserved"]) == (501, "operation")
    assert ask(served(router), "PUT", "/a/").status_code == 405


def test_a_request_that_is_left_to_django_is_counted_there_only() -> None:
    """The limit is one for both sides: Django, asked next, counts the request itself."""
    router, history = Router(), ProcessHistory()
    limit = Throttle("anon", "anon", Rate(2, 60), history, None)  # type: ignore[arg-type]

    @router.get(Resource("/a/", methods=("GET",), throttles=(limit,)))
    async def get(call: Call) -> Any:
        if "left" in call.query_params:
            raise Unserved("test")
        return 1

    app = served(router)
    found = [ask(app, "GET", "/a/?left" if left else "/a/").status_code for left in (1, 1, 0, 1, 0, 0, 1)]
    assert found == [501, 501, 200, 501, 200, 429, 429]


@pytest.mark.parametrize(("path", "status"), [("/reads/", 501), ("/writes/", 500)])
def test_an_answer_that_only_django_has_comes_too_late_after_a_write(path: str, status: int) -> None:
    """Whoever finds out that it is one: the request would be done twice."""
    router = Router()

    @router.get(Resource("/reads/", methods=("GET",)))
    async def read(call: Call) -> Any:
        await call.db.scalar(select(literal(1)))
        raise Unserved("rendering")

    @router.get(Resource("/writes/", methods=("GET",)))
    async def write(call: Call) -> Any:
        await call.db.execute(text("CREATE TABLE rows (n integer)"))
        raise Unserved("rendering")

    app = served(router)

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
            answer = await client.get(path)
        await app.state.database.close()
        return answer

    found = asyncio.run(run())
    assert found.status_code == status
    assert found.headers.get("x-segue-unserved") == ("rendering" if status == 501 else None)


def test_a_reserved_url_is_not_taken_for_another() -> None:
    router = Router()
    echo(router, Resource("/a/{slug}/", methods=("POST",), order=2))
    router.reserve(Resource("/a/new/", methods=("POST",), order=1))
    app = served(router)
    assert ask(app, "POST", "/a/old/", json=1).json() == 1
    assert ask(app, "POST", "/a/new/").headers["x-segue-unserved"] == "operation"
    assert "/a/new/" not in app.openapi()["paths"]


def test_the_user_of_a_test_client() -> None:
    router = Router()
    resource = Resource("/a/", methods=("GET",))

    @router.get(resource)
    async def get(call: Call) -> Any:
        call.require(call.user == "me")
        return call.auth

    inner = served(router)

    async def forced(db: Any) -> Any:
        return "me", "token"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "segue.user": forced}, receive, send)

    assert ask(app, "GET", "/a/").json() == "token"  # type: ignore[arg-type]
    assert ask(inner, "GET", "/a/").status_code == 403


def test_unexpected_errors_can_be_let_out() -> None:
    router = Router()

    @router.get(Resource("/a/", methods=("GET",)))
    async def get(call: Call) -> Any:
        raise KeyError("x")

    app = served(router)
    assert ask(app, "GET", "/a/").status_code == 500
    handlers.install(app, raise_errors=True)
    with pytest.raises(KeyError):
        ask(app, "GET", "/a/")


def test_hand_written_routes_stay_reachable() -> None:
    app = served(Router())

    @app.get("/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    assert ask(app, "GET", "/health").json() == {"ok": True}
    assert ask(app, "GET", "/none").status_code == 404
