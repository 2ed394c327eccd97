"""The two sides as things that answer a request: ``ask(request)``, and what it sent to the database."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from . import shared_cache
from .boot import Errors, broker, describe, jwt_key
from .branches import Branches
from .generated import make_importable
from .hooks import BridgeHooks, DjangoHooks
from .preferred import prefer_over_outdated
from .recorders.mail import deliver_to_django

_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


class DjangoSide:
    """Django's test client with CSRF checks on and exceptions turned into answers."""

    def __init__(self, connection: Any, errors: Errors) -> None:
        from django.test import Client

        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.statements: list[str] = []
        self.error = ""
        self._connection = connection
        self._errors = errors
        self._hooks = DjangoHooks()

    @property
    def hooks(self) -> int:
        """on_commit callbacks of the last request."""
        return self._hooks.count

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request (method, path, query, headers as pairs, body); status, headers, body."""
        self.statements.clear()
        self._errors.take()
        extra: dict[str, Any] = {"QUERY_STRING": request["query"]}
        kind = cookie = ""
        for name, value in request["headers"]:
            if name.lower() == "content-type":
                kind = value
            elif name.lower() == "cookie":
                cookie = value
            else:
                extra[f"HTTP_{name.upper().replace('-', '_')}"] = value
        self.client.cookies.clear()
        if cookie:
            self.client.cookies.load(cookie)
        if request["method"] in _WITH_BODY and not request["body"]:
            extra["CONTENT_LENGTH"] = "0"
            if kind:
                extra["CONTENT_TYPE"] = kind
        try:
            with self._connection.execute_wrapper(self._note), self._hooks.counted(self._connection):
                response = self.client.generic(
                    request["method"], request["path"], request["body"], kind, **extra
                )
                body = b"".join(response.streaming_content) if response.streaming else response.content
        except Exception as error:  # noqa: BLE001 - what the page for errors raises reaches the server: a 500 to the client
            self._errors.take()
            self.error = describe(error)
            return {"status": 500, "headers": [], "body": b""}
        self.error = self._errors.take()
        pairs = [(k, v) for k, v in response.items()]
        pairs += [("set-cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        return {"status": response.status_code, "headers": pairs, "body": body}

    def reset(self) -> None:
        """Nothing is kept in the process but the cache."""

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(sql if isinstance(sql, str) else str(sql))
        return execute(sql, params, many, context)


class FastApiSide:
    """The generated application over Django's open connection. ``spec`` has ``output`` and ``package``.

    With ``spec["branches"]`` what it reaches of itself is measured (``branches``).
    """

    def __init__(self, spec: dict[str, Any], connection: Any, errors: Errors) -> None:
        from django.conf import settings

        prefer_over_outdated(spec["overlay"])
        os.environ["SECRET_KEY"] = str(settings.SECRET_KEY)
        os.environ["SECRET_KEY_FALLBACKS"] = json.dumps(
            [str(k) for k in getattr(settings, "SECRET_KEY_FALLBACKS", [])]
        )
        # Django is asked without a server that would take a proxy's word.
        os.environ["FORWARDED_ALLOW_IPS"] = ""
        os.environ["DEBUG"] = str(bool(settings.DEBUG))
        os.environ["MEDIA_ROOT"] = str(settings.MEDIA_ROOT)
        os.environ["SESSION_FOLDER"] = str(getattr(settings, "SESSION_FILE_PATH", None) or "")
        os.environ.update(jwt_key() | broker())
        os.environ["EMAIL_BACKEND"] = "locmem"  # no mail ever leaves
        os.environ["DATABASE_URL"] = "sqlite:///:memory:"  # never opened: the database is handed in
        self.branches = Branches(spec["package"]) if spec.get("branches") else None
        self.package = make_importable(Path(spec["output"]), spec["package"], self.branches)
        self.statements: list[str] = []
        self.error = ""
        self._errors = errors
        self._hooks = BridgeHooks()
        self.loop = asyncio.new_event_loop()
        self.database: Any = None
        shared_cache.stand_in(self.package)
        self.attach(connection)
        self.app = importlib.import_module(f"{self.package}.main").create_app(database=self.database)
        deliver_to_django()

    @property
    def hooks(self) -> int:
        """on_commit callbacks of the last request."""
        return self._hooks.count

    def attach(self, connection: Any) -> None:
        """Use the connection that Django has open now."""
        from sqlalchemy import event

        from segue_bridge.db.database import Database

        from .facade import engine_over

        connection.ensure_connection()
        engine = engine_over(connection.vendor, connection.connection)
        event.listen(engine.sync_engine, "before_cursor_execute", self._note)
        if self.database is None:
            self.database = Database(engine=engine)
        else:
            self.database.engine = engine

    def reset(self) -> None:
        """Forget state of the process that the transaction does not undo (throttle histories)."""
        history: Any = getattr(sys.modules.get(f"{self.package}.access"), "HISTORY", None)
        if hasattr(history, "clear"):  # one in a cache goes with the cache
            history.clear()

    def ask(self, request: dict[str, Any], **scope: Any) -> dict[str, Any]:
        """Send one request through ASGI; status, headers (pairs), body. ``scope`` is added to the ASGI scope."""
        self.statements.clear()
        self._hooks.count = 0
        self._errors.take()
        return self.loop.run_until_complete(self._ask(request, scope))

    async def _ask(self, request: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        body: bytes = request["body"]
        headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in request["headers"]]
        if not any(name == b"host" for name, _ in headers):
            headers.append((b"host", b"testserver"))
        if body or request["method"] in _WITH_BODY:
            headers.append((b"content-length", str(len(body)).encode()))
        path = request["path"]
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request["method"],
            "scheme": request.get("scheme", "http"), "path": unquote(path), "raw_path": path.encode(),
            "query_string": request["query"].encode(), "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {}, **more,
        }  # fmt: skip
        sent = False
        out: dict[str, Any] = {"status": 0, "headers": [], "body": b""}

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                out["status"] = message["status"]
                out["headers"] = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
            else:
                out["body"] += message.get("body", b"")

        try:
            await self.app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - what reaches the server is a 500 to the client
            self.error = describe(error)
            return {"status": 500, "headers": [], "body": b""}
        self.error = self._errors.take()
        return out

    def _note(self, conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self.statements.append(statement)
