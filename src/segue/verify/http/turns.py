"""Requests of the generated service that stop before each of their statements, as :mod:`segue.verify.joined.turns` has them
stop in Django. Run in the generated project's interpreter.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

HEADER = b"x-segue-turn"
PATIENCE = 60.0  # seconds, as on Django's side
TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


class Turn:
    """One request's line to the run that sent it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def say(self, document: Any) -> None:
        """Tell, and wait to be let go on."""
        self.tell(document)
        await self._writer.drain()
        async with asyncio.timeout(PATIENCE):
            if not await self._reader.readline():
                raise ConnectionError("The run of interleavings has ended.")

    def tell(self, document: Any) -> None:
        """Tell, and go on."""
        self._writer.write(json.dumps(document).encode() + b"\n")


class Turns:
    """An ASGI application around ``application``; ``gate`` is the (host, port) of the run."""

    def __init__(self, application: Any, gate: tuple[str, int]) -> None:
        self._application, self._gate = application, gate
        stop_before_statements()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer; the turn ends when the application has returned."""
        headers = scope.get("headers", ()) if scope["type"] == "http" else ()
        name = next((value for key, value in headers if key == HEADER), None)
        if name is None:
            await self._application(scope, receive, send)
            return
        scope = {**scope, "headers": [item for item in headers if item[0] != HEADER]}
        reader, writer = await asyncio.open_connection(*self._gate)
        turn = Turn(reader, writer)
        token = TURN.set(turn)
        try:
            await turn.say({"request": name.decode("ascii")})
            await self._application(scope, receive, send)
        finally:
            TURN.reset(token)
            writer.close()


def stop_before_statements() -> None:
    """At asyncpg's own methods: what is sent is seen there, by whomever it was made. ``Database(comments=True)`` prepares its statements."""
    from asyncpg import Connection
    from asyncpg.prepared_stmt import PreparedStatement

    for name in ("fetch", "execute"):
        setattr(
            Connection, name, _stopping(getattr(Connection, name), lambda on, arguments: (arguments[0], on))
        )
    PreparedStatement.fetch = _stopping(
        PreparedStatement.fetch, lambda on, arguments: (on.get_query(), on._connection)
    )


def _stopping(method: Any, what: Callable[[Any, Any], tuple[str, Any]]) -> Any:
    """``what`` tells statement and connection of a call."""

    async def stopped(self: Any, *arguments: Any, **options: Any) -> Any:
        turn = TURN.get()
        if turn is None:
            return await method(self, *arguments, **options)
        query, connection = what(self, arguments)
        await turn.say({"sql": query, "pid": connection.get_server_pid()})
        try:
            return await method(self, *arguments, **options)
        except Exception as error:
            turn.tell({"failed": str(getattr(error, "sqlstate", None) or "")})
            raise

    return stopped
