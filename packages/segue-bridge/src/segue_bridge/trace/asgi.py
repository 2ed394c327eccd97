"""The trace of each request of an ASGI application."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue_bridge.trace.context import trace_of, tracing

_NAMES = (b"x-request-id", b"traceparent", b"tracestate")


class TraceMiddleware:
    """``app.add_middleware(TraceMiddleware)``: what runs for a request runs inside of its trace, and the answer carries
    ``x-request-id`` unless the application set one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        found: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _NAMES:
                # Several lines of tracestate are one list; any other header that comes twice is damaged.
                before = found.get(name)
                text = value.decode("latin-1")
                found[name] = text if before is None else f"{before},{text}"
        trace = trace_of(*(found.get(name) for name in _NAMES))

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name.lower() == b"x-request-id" for name, _ in headers):
                    message = {**message, "headers": [*headers, (b"x-request-id", trace.request_id.encode())]}
            await send(message)

        with tracing(trace):
            await self._app(scope, receive, named)
