"""FastAPI's answer as the response object that a test of Django or DRF expects."""

from __future__ import annotations

import datetime
import decimal
import json
import sys
import uuid
from http.cookies import SimpleCookie
from typing import Any

from .tests import TESTS

_SIMPLE: dict[str, Any] = {
    "UUID": uuid.UUID,
    "Decimal": decimal.Decimal,
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
}


def response_of(answer: dict[str, Any], request: dict[str, Any], types: dict[str, Any], like: Any) -> Any:
    """A DRF ``Response``, rendered already. ``data`` is the decoded JSON, with the Python ``types`` that Django's answer
    to the same request of the test had; ``like`` makes Django's request object."""
    from rest_framework.renderers import JSONRenderer
    from rest_framework.response import Response

    base: Any = Response

    class FastApiResponse(base):  # type: ignore[misc]
        """Names what only Django's own rendering has."""

        @property
        def context(self) -> Any:
            _note("response.context")
            return self.__dict__.get("_segue_context")

        @context.setter
        def context(self, value: Any) -> None:
            self.__dict__["_segue_context"] = value

        @property
        def templates(self) -> Any:
            _note("response.templates")
            return self.__dict__.get("_segue_templates", [])

        @templates.setter
        def templates(self, value: Any) -> None:
            self.__dict__["_segue_templates"] = value

    headers = [(k, v) for k, v in answer["headers"] if k.lower() not in ("set-cookie", "content-length")]
    kind = next((v for k, v in headers if k.lower() == "content-type"), "")
    decoded: Any = None
    if "json" in kind and answer["body"]:
        decoded = json.loads(answer["body"])
        if types.get("within") is not None and isinstance(decoded, dict) and len(decoded) == 1:
            decoded = decoded.get(types["within"], decoded)
        decoded = with_types(decoded, types)
    made: Any = FastApiResponse(decoded, status=answer["status"], content_type=kind or None)
    made.accepted_renderer, made.accepted_media_type, made.renderer_context = JSONRenderer(), kind, {}
    made.content = answer["body"]
    if not kind and "Content-Type" in made:
        del made["Content-Type"]
    for name, value in headers:
        made[name.title()] = value
    if any(k.lower() == "content-length" for k, _ in answer["headers"]):
        made["Content-Length"] = str(len(answer["body"])) if request["method"] != "HEAD" else _length(answer)
    for name, value in answer["headers"]:
        if name.lower() == "set-cookie":
            cookies: Any = SimpleCookie(value)
            made.cookies.update(cookies)
    like(made)
    made.json = lambda **options: json.loads(made.content, **options)
    return made


def _note(name: str) -> None:
    # The client itself looks at them when it finishes a response.
    if sys._getframe(2).f_globals.get("__name__") != "django.test.client":
        TESTS.now.internals[name] += 1


def _length(answer: dict[str, Any]) -> str:
    return next(str(v) for k, v in answer["headers"] if k.lower() == "content-length")


def seen_by_wsgi(environ: dict[str, Any]) -> Any:
    """Sets ``wsgi_request`` as ``ClientHandler`` does, with session and user as the middleware would."""

    def like(response: Any) -> None:
        from django.core.handlers.wsgi import WSGIRequest

        response.wsgi_request = _with_user(WSGIRequest(environ))

    return like


def seen_by_asgi(scope: dict[str, Any]) -> Any:
    """Sets ``asgi_request``."""

    def like(response: Any) -> None:
        from django.core.handlers.asgi import ASGIRequest
        from django.test.client import FakePayload

        body = scope.pop("_body_file", None) or FakePayload(b"")
        response.asgi_request = _with_user(ASGIRequest(scope, body))

    return like


def _with_user(request: Any) -> Any:
    from importlib import import_module

    from django.apps import apps
    from django.conf import settings
    from django.utils.functional import SimpleLazyObject

    if apps.is_installed("django.contrib.sessions"):
        store = import_module(settings.SESSION_ENGINE).SessionStore
        request.session = store(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth import get_user

        request.user = SimpleLazyObject(lambda: get_user(request))
    return request


def told_of(response: Any) -> dict[str, Any]:
    """:func:`types_of` its ``data``, and ``within``: the one key under which the project's own renderer puts it."""
    data = getattr(response, "data", None)
    types = types_of(data)
    if isinstance(data, dict | list) and getattr(response, "accepted_renderer", None) is not None:
        from rest_framework.renderers import JSONRenderer

        try:
            body = json.loads(response.content)
            bare = json.loads(JSONRenderer().render(data))
        except (TypeError, ValueError):
            return types
        if isinstance(body, dict) and len(body) == 1 and body != bare and [*body.values()] == [bare]:
            types["within"] = next(iter(body))
    return types


def types_of(data: Any, path: str = "") -> dict[str, Any]:
    """Where ``response.data`` holds what JSON cannot: path → name of the type (and the code of an ``ErrorDetail``)."""
    if isinstance(data, dict):
        out: dict[str, Any] = {}
        for key, value in data.items():
            out |= types_of(value, f"{path}/{key}")
        return out
    if isinstance(data, list | tuple):
        out = {}
        for index, value in enumerate(data):
            out |= types_of(value, f"{path}/{index}")
        return out
    name = type(data).__name__
    if name == "ErrorDetail":
        return {path: [name, getattr(data, "code", None)]}
    return {path: [name]} if name in _SIMPLE else {}


def with_types(data: Any, types: dict[str, Any], path: str = "") -> Any:
    """``data`` with those types where its text allows them: the values are FastAPI's own."""
    if not types:
        return data
    if isinstance(data, dict):
        return {key: with_types(value, types, f"{path}/{key}") for key, value in data.items()}
    if isinstance(data, list):
        return [with_types(value, types, f"{path}/{index}") for index, value in enumerate(data)]
    told = types.get(path)
    if told is None or not isinstance(data, str | int | float):
        return data
    if told[0] == "ErrorDetail":
        from rest_framework.exceptions import ErrorDetail

        return ErrorDetail(str(data), told[1])
    try:
        return _SIMPLE[told[0]](str(data))
    except ValueError:
        return data
