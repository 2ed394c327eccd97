"""One process: what becomes of a body, an endless answer and the log when the client, or a side, does not do its part."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.wsgi import LimitedStream
from tests.gateway.world import ARTICLE

from segue.gateway import in_process
from segue.gateway.envoy import Edge
from segue.gateway.table import Rule
from segue_bridge.legacy.in_process.front import Front, behind

GONE = {"type": "http.disconnect"}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def ask(
    application: Any, *messages: dict[str, Any], method: str = "POST", length: int = 0, send: Any = None
) -> list[dict[str, Any]]:
    """What ``application`` sends to a client that sends ``messages``, and then waits."""
    sent: list[dict[str, Any]] = []

    async def main() -> None:
        left = list(messages)

        async def receive() -> dict[str, Any]:
            if not left:
                await asyncio.Event().wait()
            return left.pop(0)

        async def kept(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": "/api/articles/1/", "http_version": "1.1", "query_string": b"",
            "headers": [(b"content-length", str(length).encode())], "client": ("127.0.0.1", 1), "scheme": "http",
        }  # fmt: skip
        async with asyncio.timeout(20):
            await application(scope, receive, send or kept)

    asyncio.run(main())
    return sent


def legacy(work: Callable[[LimitedStream], object]) -> Any:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ["CONTENT_LENGTH"])
        body = repr(work(LimitedStream(environ["wsgi.input"], length))).encode()  # as Django reads it
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return behind(application)


@pytest.mark.parametrize(
    "work",
    [
        lambda stream: list(stream),
        lambda stream: stream.readline(3),
        lambda stream: (stream.read(5), stream.readline(), stream.read()),
    ],
)
def test_body_is_read_as_from_a_file(work: Callable[[Any], object]) -> None:
    sent = b"a,1\nb,2\nc,3"
    answer = ask(legacy(work), part(sent[:6]), part(b""), part(sent[6:], more=False), length=len(sent))
    assert answer[1]["body"] == repr(work(io.BytesIO(sent))).encode()


def test_half_of_an_upload_is_not_taken_for_all_of_it() -> None:
    taken: list[bytes] = []
    with pytest.raises(OSError, match="went away before the end"):
        ask(legacy(lambda stream: taken.append(stream.read())), part(b"half"), GONE, length=8)
    assert taken == []


def test_endless_answer_ends_with_its_client() -> None:
    closed = threading.Event()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"event"

        def close(self) -> None:
            closed.set()

    def application(environ: dict[str, Any], start_response: Any) -> Endless:
        start_response("200 OK", [])
        return Endless()

    ask(behind(application), part(b"", more=False), GONE)
    assert closed.is_set()


def test_answer_that_cannot_be_sent_keeps_no_thread() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "1")])
        return [b"longer"] * 50

    async def refused(message: dict[str, Any]) -> None:
        if message.get("body"):
            raise RuntimeError("longer than it says")

    with pytest.raises(RuntimeError, match="longer than it says"):
        ask(behind(application), part(b"", more=False), send=refused)


def logged(tmp_path: Path, fastapi: Any, *messages: dict[str, Any], method: str = "POST") -> list[Any]:
    rule = Rule("* /api/articles/{pk}/", ARTICLE, (), 100, True, False)
    table = tmp_path / "table.json"
    table.write_text(in_process.table([rule], Edge())[1])
    log = tmp_path / "log.jsonl"
    front = Front(fastapi, fastapi, table, log=log)
    try:
        ask(front, *messages, method=method)
    except ValueError as error:
        assert str(error) == "of the application"  # noqa: PT017
    return [json.loads(line) for line in log.read_text().splitlines()]


def side(*messages: dict[str, Any], late: float = 0.0, error: bool = False, reads: int = 1) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(reads):
            await receive()
        for message in messages:
            await send(message)
        await asyncio.sleep(late)
        if error:
            raise ValueError("of the application")

    return application


START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"x"}
WHOLE = part(b"", more=False)


def test_log_says_what_the_client_got(tmp_path: Path) -> None:
    """rollout judges by it: a failure is not a client who went away, and the other way round."""

    def status(fastapi: Any, *messages: dict[str, Any]) -> list[int]:
        (tmp_path / "log.jsonl").unlink(missing_ok=True)
        return [line["status"] for line in logged(tmp_path, fastapi, *messages)]

    assert status(side(START, BODY), WHOLE) == [200]
    assert status(side(error=True), WHOLE) == [500]
    assert status(side(START, {**BODY, "more_body": True}, error=True), WHOLE) == [500]
    announced = {**START, "headers": [(b"content-length", b"1")]}
    assert status(side(announced), WHOLE) == [500]  # held, and never ended
    assert status(side(START, BODY, error=True), WHOLE) == [200]  # its background task
    assert status(side(error=True, reads=2), part(b"half"), GONE) == [0]
    told = [announced, {**BODY, "more_body": True}, {**BODY, "body": b""}]
    assert status(side(*told, late=0.01), WHOLE, GONE) == [200]


def test_line_is_written_with_the_answers_end(tmp_path: Path) -> None:
    """What is done after it (FastAPI's background tasks) is not in its time, and a process killed there has told of the request."""
    lines: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await side(START, BODY)(scope, receive, send)
        lines.extend((tmp_path / "log.jsonl").read_text().splitlines())

    (line,) = logged(tmp_path, application, WHOLE)
    assert [json.loads(text) for text in lines] == [line]


def test_answer_without_a_body_has_none(tmp_path: Path) -> None:
    """REST framework's ``Response({...}, status=204)``: h11 raises at the data."""
    rule = Rule("* /api/articles/{pk}/", ARTICLE, (), 100, True, False)
    (tmp_path / "table.json").write_text(in_process.table([rule], Edge())[1])
    front = Front(side({**START, "status": 204}, BODY), side(), tmp_path / "table.json")
    assert [m.get("body") for m in ask(front, WHOLE)] == [None, b""]


def test_full_disk_breaks_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rule = Rule("* /api/articles/{pk}/", ARTICLE, (), 100, True, False)
    (tmp_path / "table.json").write_text(in_process.table([rule], Edge())[1])
    front = Front(side(START, BODY), side(), tmp_path / "table.json", log=Path("/dev/full"))
    assert [len(ask(front, WHOLE)) for _ in range(2)] == [2, 2]
    assert caplog.text.count("The log of requests cannot be written") == 1
