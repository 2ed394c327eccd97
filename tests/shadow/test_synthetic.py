"""Reads that Segue sends itself, asked of two servers of the test's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from segue.commands.synthetic import Sending
from segue.gateway.table import Rule
from segue.shadow.judge import Answer, SideName, readable
from segue.shadow.synthetic import Asked, Synthetic
from segue.shadow.worker import Limits
from segue.verify.replay.recorded import Recorded

LIST, ONE, PARTS = "GET /api/books/", "GET /api/books/{pk}/", "GET /api/books/{book_pk}/parts/{name}/"
ROUTES = {key: key.removeprefix("GET ") for key in (LIST, ONE, PARTS)}
RULES = [
    Rule(LIST, "/api/books/", ("GET", "HEAD"), 5, True, False),
    Rule("GET /api/books/new/", "/api/books/new/", ("GET", "HEAD"), 0, False, False),
    Rule(ONE, r"/api/books/(?P<pk>[^/.]+)/", ("GET", "HEAD"), 5, True, False),
]
BOOKS = {"results": [{"id": 7}, {"id": 8}, {"id": "new"}]}
Answers = Mapping[str, tuple[int, object]]


class Side:
    """Answers ``answers`` by path, and keeps what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.asked: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(handler) -> None:
                mark = f"{handler.headers['x-segue-synthetic']} {handler.headers['authorization']}"
                self.asked.append((handler.path, mark))
                status, content = answers.get(handler.path, (404, {}))
                if content is BOOKS:
                    content = {**BOOKS, "next": f"http://{handler.headers['host']}/api/books/?page=2"}
                body = json.dumps(content).encode()
                handler.send_response(status)
                if status == 501:
                    handler.send_header("x-segue-unserved", "filter")
                handler.send_header("Content-Type", "application/json")
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def both(django: Answers, fastapi: Answers) -> Iterator[dict[SideName, Side]]:
    sides: dict[SideName, Side] = {"django": Side(django), "fastapi": Side(fastapi)}
    try:
        yield sides
    finally:
        for side in sides.values():
            side.server.shutdown()
            side.server.server_close()


def sent(
    sides: dict[SideName, Side], enough: int, *wanted: str, recorded: tuple[Recorded, ...] = ()
) -> list[Asked]:
    """What came of at least ``enough`` questions to both sides together."""
    urls: dict[SideName, str] = {name: side.url for name, side in sides.items()}
    worker = Synthetic(
        RULES,
        {**ROUTES, **{key: key.removeprefix("GET ") for key in wanted}},
        urls,
        Limits(500, 30),
        {"Authorization": "Token t"},
        recorded,
        wanted=dict.fromkeys(wanted, 5),
    )
    thread = threading.Thread(target=worker.run)
    thread.start()
    until = time.monotonic() + 30
    while sum(len(side.asked) for side in sides.values()) < enough and time.monotonic() < until:
        time.sleep(0.005)
    worker.stop()
    thread.join()
    assert worker.failed is None
    return worker.results()


GOOD: Answers = {
    "/api/books/": (200, BOOKS),
    "/api/books/7/": (200, {"id": 7}),
    "/api/books/8/": (200, {"id": 8}),
    "/api/books/new/": (200, {"id": "new"}),
}


def test_what_a_list_shows_is_asked_of_both_sides() -> None:
    with both(GOOD, GOOD) as sides:
        seen = sent(sides, 30, LIST, ONE, PARTS)
        asked = [{path for path, _ in side.asked} for side in sides.values()]
        marks = {mark for side in sides.values() for _, mark in side.asked}
    assert {(a.key, a.weight, a.status, a.different) for a in seen} == {(LIST, 5, 200, ""), (ONE, 5, 200, "")}
    assert all(a.django > 0 and a.fastapi > 0 for a in seen)
    # "new" is another route for the gateway; nothing lists parts.
    assert asked == [{"/api/books/", "/api/books/7/", "/api/books/8/"}] * 2
    assert marks == {"1 Token t"}


def test_what_fastapi_answers_otherwise_fails_or_leaves_is_told_apart() -> None:
    wrong = {**GOOD, "/api/books/7/": (200, {"id": 9}), "/api/books/8/": (500, {}), "/api/books/": (501, {})}
    with both(GOOD, wrong) as sides:
        seen = sent(sides, 60, LIST, ONE)
    # What it leaves to Django says nothing of it.
    assert {(a.key, a.status, a.different) for a in seen} == {(ONE, 200, "body.id"), (ONE, 500, "")}


def test_what_django_refuses_proves_nothing_and_recorded_paths_are_asked() -> None:
    refusing: Answers = {"/api/books/7/?lang=de": (403, {}), "/api/books/8/?lang=de": (200, {"id": 8})}
    with both(refusing, refusing) as sides:
        recorded = tuple(
            Recorded(method, f"/api/books/{n}/", "lang=de")
            for method in ("GET", "DELETE")
            for n in (7, 8, "7%2Fclose")  # the sides would take the last one for /api/books/7/close/
        )
        seen = sent(sides, 40, ONE, recorded=recorded)
    assert {(a.status, a.different) for a in seen} == {(200, "")}
    assert not [path for path, _ in sides["django"].asked if "close" in path]
    assert len(seen) < len(sides["django"].asked)


@pytest.mark.parametrize("denied", [401, 403])
def test_what_django_shows_nobody_fastapi_must_not_show(denied: int) -> None:
    """Nothing else of such an answer proves anything, but who is let in by one side alone is a lost check."""
    closed = {**GOOD, "/api/books/": (denied, {"detail": "no"})}
    with both(closed, GOOD) as sides:
        results = sent(sides, 8, LIST)
    assert {(asked.key, bool(asked.different)) for asked in results} == {(LIST, True)}
    with both(closed, closed) as sides:
        assert sent(sides, 2, LIST) == []
    left = {**GOOD, "/api/books/": (501, {})}
    with both(closed, left) as sides:
        assert sent(sides, 2, LIST) == []


def test_operations_of_which_nothing_is_known_do_not_hold_up_the_others() -> None:
    with both(GOOD, GOOD) as sides:
        sent(sides, 12, LIST, *(f"GET /api/{n}/{{pk}}/" for n in range(200)))
        assert sum(len(side.asked) for side in sides.values()) >= 12


class Scripted(Synthetic):
    """Answers what the test says, None for no answer."""

    script: ClassVar[dict[SideName, list[Answer | None]]]

    def _ask(self, side: SideName, path: str, query: str) -> Answer | None:
        return self.script[side].pop(0)


def said(status: int, number: int = 0) -> Answer:
    body = json.dumps({"id": number}).encode()
    return readable(status, [("content-type", "application/json")], body, "GET")


@pytest.mark.parametrize(
    ("django", "fastapi", "statuses"),
    [
        ([said(200), said(200)], [said(200)], [200]),
        ([said(200), said(200)], [said(200, 1), None], [0]),  # asked again, FastAPI does not answer
        ([said(200), None], [said(200, 1)], []),
        ([said(200), said(429)], [said(429)], []),  # now Django says so, too
    ],
)
def test_pair_that_was_not_compared_to_its_end_is_none_that_is_the_same(
    django: list[Answer | None], fastapi: list[Answer | None], statuses: list[int]
) -> None:
    Scripted.script = {"django": django, "fastapi": fastapi}
    recorded = (Recorded("GET", "/api/books/7/"),)
    worker = Scripted(RULES, ROUTES, {}, Limits(1000, 1), recorded=recorded, wanted={ONE: 5})
    worker._one(ONE)
    assert [a.status for a in worker.results()] == statuses


def test_each_side_is_asked_first_at_times_of_every_operation() -> None:
    """Who is asked second finds what the first one has warmed: latencies are compared."""
    asked: list[SideName] = []

    class Noting(Synthetic):
        def _ask(self, side: SideName, path: str, query: str) -> Answer | None:
            asked.append(side)
            return said(200)

    recorded = (Recorded("GET", "/api/books/"), Recorded("GET", "/api/books/7/"))
    worker = Noting(RULES, ROUTES, {}, Limits(1e6, 1), recorded=recorded, wanted={LIST: 5, ONE: 5})
    for _ in range(40):
        worker._one(LIST)
        worker._one(ONE)
    assert len(asked) == 160
    assert set(asked[0::4]) == set(asked[2::4]) == {"django", "fastapi"}


def test_worker_that_ends_is_told_once_and_the_rollout_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    worker = Synthetic(
        [Rule(ONE, "(", ("GET",), 5, True, False)], {ONE: "/"}, {}, Limits(5, 1), wanted={ONE: 5}
    )
    worker.recorded = (Recorded("GET", "/api/books/7/"),)
    worker.run()  # a pattern that cannot be
    sending = Sending(worker)
    assert (sending.lines(), sending.lines()) == ([], [])
    sending.want({ONE: 5})
    assert capsys.readouterr().out.count("No more synthetic reads") == 1
