"""One request to FastAPI that Django can still answer: what was read of its body, and what has gone to the client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LONGEST_BODY = 1024 * 1024
"""Bytes of a request's body that are kept for Django, as in the Envoy gateway. Of a longer one nothing is kept."""

LONGEST_ANSWER = 64 * 1024
"""Bytes of body up to which FastAPI's answer is held until it is whole, as in the Envoy gateway."""

UNSERVED = b"x-segue-unserved"


class Body:
    """The request's body, which can be read twice."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []
        self._size = 0
        self.gone = False
        """The client has gone away."""

    @property
    def whole(self) -> bool:
        """Whether Django would still get all of it."""
        return self._size <= LONGEST_BODY

    async def first(self) -> Message:
        """``receive`` of the side that is asked first."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.gone = True
            return message
        self._size += len(message.get("body", b""))
        if self.whole:
            self._kept.append(message)
        else:
            self._kept.clear()
        return message

    async def again(self) -> Message:
        """``receive`` of the side that is asked next: from the beginning."""
        return self._kept.pop(0) if self._kept else await self._receive()


class Answer:
    """What FastAPI answers. It goes to the client when it is certain that Django need not answer in its place."""

    def __init__(self, send: Send, body: Body, *, safe: bool) -> None:
        self._send, self._body, self._safe = send, body, safe
        self._held: list[Message] = []
        self.passed = False
        """Something of it has gone to the client."""
        self.refused = False
        """It is for Django: FastAPI did nothing, or failed at a read."""
        self.left = False
        """FastAPI itself says that it did nothing."""

    async def send(self, message: Message) -> None:
        """FastAPI's ``send``."""
        if self.refused:
            return
        if self.passed:
            await self._send(message)
            return
        if message["type"] == "http.response.start":
            status, names = message["status"], {name.lower() for name, _ in message.get("headers", ())}
            untouched = UNSERVED in names and self._body.whole
            self.left = untouched and status == 501  # with 503 it wanted to and could not: a failure
            self.refused = untouched or (status >= 500 and self._safe and self._body.whole)
            if self.refused:
                return
        self._held.append(message)
        begun = self._held[0]
        if (
            not (message["type"] == "http.response.body" and message.get("more_body")) and len(self._held) > 1
        ) or not _short(begun):
            await self._pass()

    async def _pass(self) -> None:
        self.passed = True
        for message in self._held:
            await self._send(message)
        self._held.clear()


def _short(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start.get("headers", ())}
    length = headers.get(b"content-length", b"")
    return (
        length.isdigit()
        and 0 < int(length) <= LONGEST_ANSWER
        and b"event-stream" not in headers.get(b"content-type", b"")
    )
