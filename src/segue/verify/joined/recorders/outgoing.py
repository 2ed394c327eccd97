"""Calls of other servers by requests and httpx: noted, and answered here; no call leaves the machine.

Patched is the place where either library hands a request to the network (``requests.adapters.HTTPAdapter.send``,
``httpx.HTTPTransport.handle_request``), so both sides get the same answers to their calls, one after the other. What the answers are
is drawn from :attr:`OutgoingCalls.seed`: mostly good ones, whose JSON has the keys that the project's own code looks for; else
what may go wrong: an error status, what is no JSON, no connection, no answer in time.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.util
import io
import json
import re
import sys
import sysconfig
from typing import Any

LIBRARIES = ("requests", "httpx")
_KEYS = re.compile(r"""\[["'](\w{1,40})["']\]|\.get\(["'](\w{1,40})["']""")
_USUAL = ("id", "name", "status", "message", "data", "results", "url", "token", "success")
_SECRET = re.compile(r"auth|cookie|token|key|secret|signature", re.IGNORECASE)
_LONGEST = 2000
_MOST_KEYS = 200
_GOOD = 5
_BAD = ("404", "500", "text", "connection", "timeout", "empty")


class OutgoingCalls:
    """Made once per process. ``passing``: calls go through (to what a test has put there), and are noted all the same;
    ``held_back``: they raise ``Unserved``, as nobody undoes what the other server does."""

    def __init__(self, *, passing: bool = False) -> None:
        self.seed = 0
        self.passing = passing
        self.held_back = False
        self.blocked = False  # a call was held back since the start
        self._done: list[Any] = []
        self._keys: tuple[str, ...] | None = None
        if (adapters := _installed("requests.adapters")) is not None:
            self._patch(adapters.HTTPAdapter, "send", self._by_requests)
        if (httpx := _installed("httpx")) is not None:
            self._patch(httpx.HTTPTransport, "handle_request", self._by_httpx)

    def start(self) -> None:
        """Forget what was noted; the next call gets the first answer again."""
        self._done, self.blocked = [], False

    def take(self) -> list[Any]:
        """``[method, url, headers, body]`` of each call."""
        return self._done

    def _patch(self, cls: Any, name: str, answer: Any) -> None:
        original = getattr(cls, name)
        recorder = self

        @functools.wraps(original)
        def act(transport: Any, request: Any, *rest: Any, **options: Any) -> Any:
            if recorder.held_back:
                recorder.blocked = True
                from segue_bridge.errors import Unserved

                raise Unserved("a call of another server")
            recorder._done.append(_told(request))
            if recorder.passing:
                return original(transport, request, *rest, **options)
            return answer(transport, request, len(recorder._done) - 1)

        setattr(cls, name, act)

    def _by_requests(self, adapter: Any, request: Any, at: int) -> Any:
        import requests
        from urllib3 import HTTPResponse

        kind, status, body = self._answer(at)
        if kind == "connection":
            raise requests.exceptions.ConnectionError("nobody there", request=request)
        if kind == "timeout":
            raise requests.exceptions.ReadTimeout("no answer in time", request=request)
        raw = HTTPResponse(
            body=io.BytesIO(body), headers=_headers(kind), status=status, reason="Told", preload_content=False,
            request_method=request.method,
        )  # fmt: skip
        return adapter.build_response(request, raw)

    def _by_httpx(self, transport: Any, request: Any, at: int) -> Any:
        import httpx

        kind, status, body = self._answer(at)
        if kind == "connection":
            raise httpx.ConnectError("nobody there", request=request)
        if kind == "timeout":
            raise httpx.ReadTimeout("no answer in time", request=request)
        return httpx.Response(status, headers=_headers(kind), content=body)

    def _answer(self, at: int) -> tuple[str, int, bytes]:
        """What the call ``at`` is answered with: what kind of answer it is, status and body."""
        draw = self.seed
        if draw % 3 == 2 and at == draw // 3 % 2:  # the first or the second call goes wrong
            kind = _BAD[draw // 6 % len(_BAD)]
            if kind == "text":
                return kind, 200, b"no JSON"
            if kind == "empty":
                return "json", 200, b"{}"
            status = int(kind) if kind.isdigit() else 0
            return kind, status, json.dumps(self._document(0)).encode()
        return "json", 201 if draw % 5 == 1 else 200, json.dumps(self._document(draw % _GOOD)).encode()

    def _document(self, variant: int, depth: int = 2) -> Any:
        if self._keys is None:
            self._keys = _looked_for()
        inner: Any = dict.fromkeys(self._keys, "told") if depth == 1 else None
        if depth == 2:
            inner = self._document(variant, 1)
        value: Any = ("told", 3, inner, [inner], True)[variant]
        return dict.fromkeys(self._keys, value)


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _headers(kind: str) -> dict[str, str]:
    return {"Content-Type": "text/plain" if kind == "text" else "application/json"}


def _told(request: Any) -> list[Any]:
    """What the other server would have seen; secrets by their digest."""
    content = getattr(request, "body", None)
    if content is None:
        content = getattr(request, "content", b"")  # httpx
    body = content if isinstance(content, bytes) else str(content or "").encode()
    headers = {
        k.lower(): _digest(v.encode()) if _SECRET.search(k) else v
        for k, v in sorted((str(k), _text(v)) for k, v in request.headers.items())
    }
    told = body.decode("utf-8", "replace") if len(body) <= _LONGEST else _digest(body)
    return [request.method, str(request.url), headers, told]


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _looked_for() -> tuple[str, ...]:
    """The keys that modules of the project look for which have one of the libraries at hand."""
    found = dict.fromkeys(_USUAL)
    elsewhere = (sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"])
    for name, module in sorted(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        held = [vars(module).get(library) for library in LIBRARIES] if module is not None else []
        if not file.endswith(".py") or file.startswith(elsewhere) or name.startswith("segue"):
            continue
        if not any(getattr(one, "__name__", "") in LIBRARIES for one in held):
            continue
        try:
            with open(file, encoding="utf-8") as source:
                for match in _KEYS.finditer(source.read()):
                    found.setdefault(match[1] or match[2])
        except OSError:
            continue
    return tuple(found)[:_MOST_KEYS]
