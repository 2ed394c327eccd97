"""What the log says of one request: what the client got, and how long it waited for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from segue_bridge.legacy.in_process.attempt import Message, Receive, Send


class Seen:
    """``receive`` and ``send`` of one request with ``method``. Answers get ``x-segue-route: side``, and none of 204 or 304 has a body.

    ``ended`` is called once: with the answer's last byte (what an application does after that nobody waits for), or by :meth:`end`.
    """

    def __init__(
        self, method: str, receive: Receive, send: Send, side: str, ended: Callable[[Seen], None]
    ) -> None:
        self._method, self._receive, self._send, self._side = method, receive, send, side
        self._ended: Callable[[Seen], None] | None = ended
        self.answered = side
        """Who answers: ``fastapi``, ``django``, or ``django (left)`` where FastAPI wanted that."""
        self.at = datetime.now(UTC).isoformat(timespec="milliseconds")  # as in Envoy's log: when it came
        self._begin = time.perf_counter()
        self.seconds = 0.0
        """Until the end of the answer."""
        self._status = 0
        self._left: int | None = None  # bytes that the client still waits for; None: until it is told the end
        self._gone = self._broken = False

    async def receive(self) -> Message:
        """``receive`` of the sides."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._ended is not None:
            self._gone = True
        return message

    async def send(self, message: Message) -> None:
        """``send`` of the sides."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message = {**message, "headers": self._headers(message)}
            self._left = self._length(message)
        else:
            if self._status in (204, 304):
                message = {**message, "body": b""}  # REST framework sends the data that a view gives a 204
            if self._left is not None:
                self._left = max(0, self._left - len(message.get("body", b"")))
        await self._send(message)
        # Who has all that was announced may be gone before the adapter says that it was all.
        if self._left == 0 or (message["type"] == "http.response.body" and not message.get("more_body")):
            self.end()

    def end(self, *, whole: bool = True) -> None:
        """Nothing more will be sent. Not ``whole``: the server answers with 500, or breaks off what has begun."""
        if self._ended is not None:
            ended, self._ended = self._ended, None
            self._broken = not whole
            self.seconds = time.perf_counter() - self._begin
            ended(self)

    @property
    def status(self) -> int:
        """As in Envoy's log: 0 where the client went away before it had its answer. One that broke off counts as 500."""
        if self._gone:
            return 0
        return 500 if self._broken else self._status

    def _headers(self, start: Message) -> list[tuple[bytes, bytes]]:
        # A 204 has no length (RFC 9110, 8.6); Django states one, and Envoy takes it off.
        dropped = (b"x-segue-route", b"content-length") if start["status"] == 204 else (b"x-segue-route",)
        kept = [(name, value) for name, value in start.get("headers", ()) if name.lower() not in dropped]
        return [*kept, (b"x-segue-route", self._side.encode())]

    def _length(self, start: Message) -> int | None:
        if self._method == "HEAD" or start["status"] in (204, 304):
            return 0
        length = next((v for name, v in start["headers"] if name.lower() == b"content-length"), b"")
        return int(length) if length.isdigit() else None
