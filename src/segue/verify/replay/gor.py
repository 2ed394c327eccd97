"""GoReplay's files (``--output-file``): payloads one after the other, each with a line about it in front.

``1 <id> <time> …`` is a request, ``2 <id> …`` the response to it, ``3`` that of a replay; then the HTTP/1 message as it
was on the wire, and a line of three monkeys. Source: GoReplay's ``pro/protocol`` notes ("Middleware").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import h11

from segue.verify.replay.recorded import Headers, Recorded, split_target

SEPARATOR = "\n🐵🙈🙉\n".encode()
WAITING = 256  # requests that may wait for their response
_CHUNK = 1 << 16


def read(file: Path) -> Iterator[Recorded]:
    """The requests in their order, each with its response where the file has one soon enough.

    Raises ``ValueError`` with the payload's number for one that is no HTTP/1 message.
    """
    waiting: dict[bytes, Recorded] = {}
    with file.open("rb") as stream:
        for number, payload in enumerate(_payloads(stream)):
            head, _, message = payload.partition(b"\n")
            kind, identity = (*head.split(b" "), b"", b"")[:2]
            place = f"{file.name}#{number}"
            if kind == b"1":
                waiting[identity] = _request(message, place)
                if len(waiting) > WAITING:
                    yield waiting.pop(next(iter(waiting)))
            elif kind == b"2" and identity in waiting:
                waiting[identity] = _answered(waiting[identity], message, place)
                # Only in order: a later request may read what an earlier one wrote.
                while waiting and (first := next(iter(waiting.values()))).status is not None:
                    waiting.pop(next(iter(waiting)))
                    yield first
    yield from waiting.values()


def _payloads(stream: BinaryIO) -> Iterator[bytes]:
    kept = b""
    while chunk := stream.read(_CHUNK):
        *whole, kept = (kept + chunk).split(SEPARATOR)
        yield from (p for p in whole if p.strip())
    if kept.strip():
        yield kept


def _request(message: bytes, place: str) -> Recorded:
    connection = h11.Connection(h11.SERVER)
    event, body = _parsed(connection, message, place)
    assert isinstance(event, h11.Request)
    host, path, query = split_target(event.target.decode("latin-1"))
    headers = _headers(event)
    named = {k.lower(): v for k, v in headers}
    return Recorded(
        event.method.decode().upper(), path, query, named.get("host", host), headers, body, place=place
    )


def _answered(request: Recorded, message: bytes, place: str) -> Recorded:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method=request.method, target="/", headers=[("Host", "x")]))
    connection.send(h11.EndOfMessage())
    event, body = _parsed(connection, message, place)
    assert isinstance(event, h11.Response)
    return replace(request, status=event.status_code, answer=body, answer_headers=_headers(event))


def _parsed(
    connection: h11.Connection, message: bytes, place: str
) -> tuple[h11.Request | h11.Response, bytes]:
    start: h11.Request | h11.Response | None = None
    body = b""
    try:
        connection.receive_data(message)
        connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request | h11.Response):
                start = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.InformationalResponse):
                continue
            else:
                break
    except h11.RemoteProtocolError as error:
        if start is None:
            raise ValueError(f"{place} is no HTTP/1 message: {error}") from error
    if start is None:
        raise ValueError(f"{place} is no HTTP/1 message")
    return start, body


def _headers(event: h11.Request | h11.Response) -> Headers:
    return tuple((k.decode("latin-1").title(), v.decode("latin-1")) for k, v in event.headers)
