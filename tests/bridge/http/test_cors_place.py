"""Where ``CorsMiddleware`` stands among Django's own decides which answers it sees."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from segue_bridge.db.pool import Use
from segue_bridge.http import handlers
from segue_bridge.http.call import Call
from segue_bridge.http.cors import Cors, CorsSettings
from segue_bridge.http.resource import Resource
from segue_bridge.http.router import Router

# Stands for django-cors-headers: a middleware that marks what passes it, and answers preflights itself.
LEGACY = """\
import json, sys
from django.conf import settings
order, requests = json.load(sys.stdin)
NAMES = {"security": "django.middleware.security.SecurityMiddleware", "common": "django.middleware.common.CommonMiddleware",
         "frames": "django.middleware.clickjacking.XFrameOptionsMiddleware", "cors": "__main__.Marking"}
settings.configure(ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], SECRET_KEY="x", MIDDLEWARE=[NAMES[o] for o in order])
import django
django.setup()
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin


class Marking(MiddlewareMixin):
    def process_request(self, request):
        if request.method == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META:
            return HttpResponse(headers={"Content-Length": "0"})

    def process_response(self, request, response):
        patch_vary_headers(response, ("origin",))
        return response


urlpatterns = [path("a/", lambda request: HttpResponse("a"))]
out = []
for method, url, headers in requests:
    answer = Client().generic(method, url, headers=headers)
    out.append([answer.status_code, {k.lower(): v for k, v in answer.items()}])
json.dump(out, sys.stdout)
"""
REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/a/", {}), ("GET", "/a", {}), ("GET", "/none/", {}), ("OPTIONS", "/a/", {"Access-Control-Request-Method": "PUT"}),
    ("OPTIONS", "/a", {"Access-Control-Request-Method": "PUT"}),
]  # fmt: skip
FRAMES = {"x-frame-options": "DENY"}
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("order", "inside", "headers"),
    [
        (["cors", "security", "common", "frames"], (), {}),
        (["security", "cors", "common", "frames"], ("security",), SECURITY),
        (["security", "common", "cors", "frames"], ("security", "common"), SECURITY),
        (["security", "common", "frames", "cors"], ("security", "common"), {**SECURITY, **FRAMES}),
    ],
)
def test_the_same_answers_are_marked(
    order: list[str], inside: tuple[str, ...], headers: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEGACY], input=json.dumps([order, REQUESTS]), capture_output=True, text=True, timeout=60, check=True
    )  # fmt: skip
    legacy = json.loads(done.stdout)
    app = FastAPI(telemetry=handlers.TELEMETRY_OFF)
    app.state.database = _Nothing()
    router = Router()

    @router.get(Resource("/a/", methods=("GET",)))
    async def a(call: Call) -> Any:
        return {}

    app.include_router(router)
    handlers.install(app, headers={**SECURITY, **FRAMES})
    app.add_middleware(Cors, settings=CorsSettings(), inside=inside, headers=headers)
    marked = set()
    for (method, url, sent), (status, expected) in zip(REQUESTS, legacy, strict=True):
        answer = asyncio.run(_ask(app, method, url, sent))
        assert answer.status_code == status, (method, url)
        mark = "origin" in expected.get("vary", "").lower()
        assert ("origin" in answer.headers.get("vary", "").lower()) == mark, (method, url)
        marked.add(mark)
        if method == "OPTIONS":
            for name in (*SECURITY, *FRAMES):
                assert answer.headers.get(name) == expected.get(name), (url, name)
    assert True in marked
    assert (False in marked) == ("common" in inside)


async def _ask(app: FastAPI, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.request(method, url, headers=headers)


class _Nothing:
    """A database that nobody asks."""

    use = Use()

    def session(self) -> Any:
        return self

    async def close(self) -> None:
        return None
