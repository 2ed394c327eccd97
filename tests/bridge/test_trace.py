"""One request id everywhere: the W3C rules, log lines of one shape, Django's half, Celery's messages."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from segue_bridge.trace.asgi import TraceMiddleware
from segue_bridge.trace.context import Trace, current, outgoing, trace_of, tracing
from segue_bridge.trace.logs import JsonFormatter, StructlogRenderer
from segue_bridge.trace.sql import comment

ID, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{ID}-{PARENT}-01"
HEXED = st.text("0123456789abcdef", min_size=16, max_size=32)
PARENTS = st.one_of(
    st.builds(
        "-".join,
        st.tuples(
            st.sampled_from(["00", "00", "00", "01", "cc", "ff", "0", "0A"]),
            st.sampled_from([ID, ID, ID, "0" * 32, ID.upper(), ID[:-1], ID + "0"]) | HEXED,
            st.sampled_from([PARENT, PARENT, PARENT, "0" * 16, PARENT.upper(), PARENT[1:]]),
            st.sampled_from(["00", "01", "01", "03", "ff", "1", "zz"]),
        ),
    ),
    st.builds(
        str.__add__,
        st.sampled_from([GOOD, f"01-{ID}-{PARENT}-01"]),
        st.sampled_from(["-", "-x", "x", " ", "-00"]),
    ),
    st.text(max_size=60),
)


@pytest.mark.round_trip("traceparent", "generated", "both")
@given(header=PARENTS)
def test_the_header_is_read_as_opentelemetry_reads_it(header: str) -> None:
    context = TraceContextTextMapPropagator().extract({"traceparent": header})
    theirs = get_current_span(context).get_span_context()
    ours = trace_of(None, header, "a=b")
    if theirs.is_valid:
        assert ours.trace_id == f"{theirs.trace_id:032x}"
        assert ours.parent_id == f"{theirs.span_id:016x}"
        assert ours.sampled == theirs.trace_flags.sampled
        assert ours.state == "a=b"
    else:
        assert (ours.parent_id, ours.state) == ("", "")
        assert ours.trace_id not in header


def test_what_goes_out_is_read_by_opentelemetry() -> None:
    with tracing(trace_of("r-1", GOOD, "vendor=1")) as trace:
        headers = outgoing()
    found = get_current_span(TraceContextTextMapPropagator().extract(headers)).get_span_context()
    assert f"{found.trace_id:032x}" == ID
    assert f"{found.span_id:016x}" == trace.span_id != PARENT
    assert found.trace_state.to_header() == "vendor=1"
    assert outgoing() == {}


@pytest.mark.parametrize("text", ["", " ", "a b", "x" * 129, "é", 'a"b', "a\x00", "a'/*"])
def test_ids_that_could_break_a_line_are_dropped(text: str) -> None:
    assert trace_of(text, GOOD).request_id == ID


@given(text=st.text(max_size=140))
def test_an_id_from_outside_breaks_neither_log_lines_nor_comments(text: str) -> None:
    with tracing(trace_of(text, None)):
        added = comment("SELECT 1")
        assert added.count("*/") == 1
        assert added.count("'") == 4
        record = logging.LogRecord("a", 20, "f", 1, "said", None, None)
        assert JsonFormatter().format(record).count("\n") == 0


def test_comments_are_for_sampled_traces_and_plain_statements() -> None:
    assert comment("SELECT 1") == ""
    with tracing(trace_of("r:1", GOOD)) as trace:
        assert comment("SELECT 1") == f" /*request_id='r%3A1',traceparent='{trace.traceparent}'*/"
        assert comment("SELECT '/*'") == comment("SELECT 1 -- x") == ""
    with tracing(trace_of("r1", f"00-{ID}-{PARENT}-00")):
        assert comment("SELECT 1") == ""


def logged(call: Any, handler: logging.Handler) -> dict[str, Any]:
    logger = logging.getLogger("app.orders")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        call(logger)
    finally:
        logger.removeHandler(handler)
    assert isinstance(handler, logging.StreamHandler)
    lines = handler.stream.getvalue().splitlines()
    assert len(lines) == 1
    found: dict[str, Any] = json.loads(lines[0])
    return found


def test_lines_of_logging_and_structlog_have_one_shape() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter("django"))
    out = io.StringIO()
    structlog.configure(
        processors=[StructlogRenderer("fastapi")], logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )  # fmt: skip
    with tracing(Trace("r1", ID, PARENT)):
        try:
            raise ValueError("no\nluck")
        except ValueError:
            one = logged(
                lambda log: log.exception(
                    "failed %s", "here", extra={"order": 7, "message_": "x", "who": object}
                ),
                handler,
            )
            structlog.get_logger(logger_name="app.orders").exception(
                "failed here", order=7, message_="x", who=object
            )
    structlog.reset_defaults()
    (line,) = out.getvalue().splitlines()
    two = json.loads(line)
    assert list(one) == list(two)
    assert (one.pop("side"), two.pop("side")) == ("django", "fastapi")
    for found in (one, two):
        assert found.pop("ts").endswith("Z")
        assert found.pop("exception").endswith("ValueError: no\nluck")
    assert one == two
    assert one["request_id"] == "r1"
    assert one["level"] == "ERROR"


def test_extra_cannot_forge_the_ids() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    with tracing(Trace("r1", ID, PARENT)):
        found = logged(lambda log: log.info("x", extra={"trace_id": "forged", "side": "forged"}), handler)
    assert (found["trace_id"], found["trace_id_"], found["side"]) == (ID, "forged", "fastapi")


@pytest.mark.parametrize("path", ["/", "/threads"])
def test_a_request_runs_inside_of_its_trace(path: str) -> None:
    app = FastAPI()
    app.add_middleware(TraceMiddleware)

    @app.get("/")
    async def seen() -> dict[str, str]:
        return outgoing()

    @app.get("/threads")
    def threads() -> dict[str, str]:
        return outgoing()

    async def ask(*headers: tuple[str, str]) -> Response:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            return await client.get(path, headers=list(headers))

    answer = asyncio.run(ask(("x-request-id", "r-1"), ("traceparent", GOOD), ("tracestate", "a=b")))
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.json()["x-request-id"] == "r-1"
    assert answer.json()["traceparent"].startswith(f"00-{ID}-")
    assert answer.json()["tracestate"] == "a=b"
    other = asyncio.run(ask())
    assert other.headers["x-request-id"] == other.json()["traceparent"].split("-")[1] != ID
    twice = asyncio.run(ask(("traceparent", GOOD), ("traceparent", GOOD)))
    assert ID not in twice.json()["traceparent"]
    assert current() is None


def test_django_and_celery_name_the_same_request(tmp_path: Path) -> None:
    """A Django process: what its views, statements, log lines and an eager worker's tasks name."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("trace_child.py")), GOOD],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sides = json.loads(done.stdout)
    service = sides.pop("fastapi")
    for name, found in sides.items():
        assert found["header"] == found["request_id"] == "r-1", name
        assert found["traceparent"].startswith(f"00-{ID}-"), name
        assert found["traceparent"].split("-")[2] != PARENT, name
        assert found["sql"] == f"SELECT 1 /*request_id='r-1',traceparent='{found['traceparent']}'*/", name
        assert found["percent"].endswith(f"traceparent='{found['traceparent']}'*/"), name
        assert found["rows"] == [["a%b"]], name
        assert found["log"]["request_id"] == "r-1", name
        assert found["log"]["side"] == "django", name
        assert found["task"]["request_id"] == "r-1", name
        assert found["task"]["trace_id"] == ID, name
        assert found["task"]["parent_id"] == found["traceparent"].split("-")[2], name
        assert found["after"] is None, name

    # A request of the service: the task that it sends, its log line, what it asks of Django, and the task that Django sends.
    span = service["traceparent"].split("-")[2]
    assert service["traceparent"].startswith(f"00-{ID}-")
    assert service["task"] == {"request_id": "r-1", "trace_id": ID, "parent_id": span}
    assert (service["log"]["request_id"], service["log"]["side"]) == ("r-1", "fastapi")
    django = service["django"]
    assert service["log"].keys() == django["log"].keys()
    assert (django["request_id"], django["log"]["request_id"]) == ("r-1", "r-1")
    assert django["sql"] == f"SELECT 1 /*request_id='r-1',traceparent='{django['traceparent']}'*/"
    assert django["task"] == {
        "request_id": "r-1",
        "trace_id": ID,
        "parent_id": django["traceparent"].split("-")[2],
    }
    assert len({span, django["traceparent"].split("-")[2], PARENT}) == 3

    # What OpenTelemetry and Sentry got on either side, and in the task.
    for found in (service, django):
        watched = found["watched"]
        assert watched["attributes"] == {"request.id": "r-1"}
        assert (watched["trace_id"], watched["parent"]) == (ID, found["traceparent"].split("-")[2])
        assert watched["tags"] == {"request_id": "r-1", "trace_id": ID}
    assert django["watched_task"]["attributes"] == {"request.id": "r-1"}
    assert django["watched_task"]["tags"] == {"request_id": "r-1", "trace_id": ID}
    assert django["watched_task"]["trace_id"] == ID
