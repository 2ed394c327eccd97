"""The client of a WSGI application, which works in a thread: the request's body as a file, and whether anybody still waits for the answer."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Iterable, Iterator
from typing import Any

from segue_bridge.legacy.in_process.attempt import Message, Receive, Send

_GONE: Message = {"type": "http.disconnect"}


class Client:
    """``receive`` and ``send`` of one request; made on the event loop, and :meth:`body` is read in the application's thread."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._loop = asyncio.get_running_loop()
        self._ahead: asyncio.Queue[Message] = asyncio.Queue(1)
        self._failed: Exception | None = None
        self.gone = False
        """Nobody gets what is sent from now on."""

    async def watch(self) -> None:
        """Read one message ahead: only who asks for the next one is told that the client has gone away."""
        while not self.gone:
            try:
                message = await self._receive()
            except Exception:  # noqa: BLE001  (of the other side's reading; the thread must not wait for ever)
                message = _GONE
            self.gone = self.gone or message["type"] == "http.disconnect"
            await self._ahead.put(message)

    def leave(self) -> None:
        """The request has ended; a thread that still reads is let go. Raises what sending raised."""
        self.gone = True
        with contextlib.suppress(asyncio.QueueFull):
            self._ahead.put_nowait(_GONE)
        if self._failed is not None:
            raise self._failed

    async def send(self, message: Message) -> None:
        """Raises nothing: the adapter would fill its queue and wait for ever for somebody to empty it."""
        if self.gone:
            return
        try:
            await self._send(message)
        except Exception as error:  # noqa: BLE001  (raised by :meth:`leave`)
            self._failed, self.gone = error, True

    def body(self) -> io.BufferedReader:
        """``wsgi.input``; nothing of it is kept. Raises :class:`OSError` where the client goes away before its end, so that half of an
        upload is not taken for all of it. (The adapter's own answers ``readline(size)`` with nothing, which ends Django's loops.)"""
        return io.BufferedReader(_Input(self))

    def next(self) -> Message:
        """The next message, in the application's thread."""
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> Message:
        return _GONE if self.gone and self._ahead.empty() else await self._ahead.get()

    def while_there(self, answer: Iterable[bytes]) -> Iterator[bytes]:
        """``answer`` until the client goes away: an endless one would keep its thread for ever."""
        try:
            for chunk in answer:
                if self.gone:
                    return
                yield chunk
        finally:
            close: Any = getattr(answer, "close", None)
            if close is not None:
                close()


class _Input(io.RawIOBase):
    def __init__(self, client: Client) -> None:
        self._client = client
        self._rest = b""
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._rest and self._more:
            message = self._client.next()
            if message["type"] == "http.disconnect":
                raise OSError("The client went away before the end of its request.")
            self._rest, self._more = message.get("body", b""), message.get("more_body", False)
        taken = self._rest[: len(into)]
        self._rest = self._rest[len(taken) :]
        into[: len(taken)] = taken
        return len(taken)
