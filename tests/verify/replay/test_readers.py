"""Recordings as their makers write them; Envoy writes its own here."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.services import free_port

from segue.errors import UsageError
from segue.gateway.control import envoy_binary
from segue.verify.replay.files import requests
from segue.verify.replay.gor import SEPARATOR
from segue.verify.replay.recorded import Recorded


def test_har(tmp_path: Path) -> None:
    posted = {
        "method": "POST", "url": "https://shop.example/api/books/?a=1#top", "bodySize": 9,
        "headers": [{"name": ":method", "value": "POST"}, {"name": "Content-Type", "value": "application/json"}],
        "postData": {"mimeType": "application/json", "text": '{"a": "é"}'},
    }  # fmt: skip
    form = {
        "method": "POST", "url": "http://shop.example/login", "headers": [],
        "postData": {"params": [{"name": "user", "value": "a b"}]},
    }  # fmt: skip
    upload = {
        "method": "POST", "url": "http://shop.example/up", "headers": [],
        "postData": {"params": [{"name": "file", "fileName": "x.png"}]},
    }  # fmt: skip
    answer = {
        "status": 201,
        "headers": [],
        "content": {"text": base64.b64encode(b"\x00{}").decode(), "encoding": "base64"},
    }
    entries: list[dict[str, Any]] = [
        {"request": posted, "response": answer},
        {"request": form},
        {"request": upload},
    ]
    (tmp_path / "a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    first, second, third = requests([tmp_path / "a.har"])
    assert (first.method, first.host, first.path, first.query) == (
        "POST",
        "shop.example",
        "/api/books/",
        "a=1",
    )
    assert first.headers == (("Content-Type", "application/json"),)
    assert (first.body, first.status, first.answer) == ('{"a": "é"}'.encode(), 201, b"\x00{}")
    assert (second.body, second.status) == (b"user=a+b", None)
    assert third.body is None


def test_nginx(tmp_path: Path) -> None:
    lines = [
        {"request": "GET /api/books/?q=%22 HTTP/1.1", "status": "200", "http_authorization": "Token x", "host": "a"},
        {"request_method": "POST", "request_uri": "/api/books/", "request_body": '{"a": 1}', "status": 201,
         "content_type": "application/json"},
        {"request_method": "POST", "request_uri": "/api/books/", "request_body": "-", "status": 201},
    ]  # fmt: skip
    (tmp_path / "access.log").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    first, second, third = requests([tmp_path / "access.log"])
    assert (first.method, first.path, first.query, first.status) == ("GET", "/api/books/", "q=%22", 200)
    assert first.headers == (("Authorization", "Token x"),)
    assert (second.body, second.headers) == (b'{"a": 1}', (("Content-Type", "application/json"),))
    assert third.body is None


def test_goreplay(tmp_path: Path) -> None:
    message = b"POST /api/books/?a=1 HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n"
    late = b"GET /api/tags/ HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\n\r\n{}"
    payloads = [b"1 aa 1 0\n" + message, b"1 bb 2 0\n" + late, b"2 aa 3 0\n" + answer, b"3 aa 4 0\n" + answer]
    (tmp_path / "a.gor").write_bytes(SEPARATOR.join(payloads) + SEPARATOR)
    first, second = requests([tmp_path / "a.gor"])
    assert (first.method, first.host, first.path, first.query, first.body) == (
        "POST", "shop.example", "/api/books/", "a=1", b"{}\n",
    )  # fmt: skip
    assert (first.status, first.answer, first.answer_headers[-1]) == (201, b"{}", ("Set-Cookie", "a=b"))
    assert (second.path, second.status) == ("/api/tags/", None)


@pytest.mark.parametrize(
    "text", ["", "hello", "{}", '{"log": 1', "1 x\nnonsense", '{"method": "GET", "path": "/"}\nx\n']
)
def test_what_is_no_recording_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(UsageError, match="file"):
        list(requests([tmp_path / "file"]))


class Upstream(BaseHTTPRequestHandler):
    """Answers with what it got; ``seen`` is what really came."""

    disable_nagle_algorithm = True  # what is written in pieces would wait 40 ms
    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, bytes]]

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, body))
        told = json.dumps({"got": body.decode()}).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_GET = do_POST = answer

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[tuple[int, list[tuple[str, str, bytes]]]]:
    handler = type("Handler", (Upstream,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], handler.seen
    server.shutdown()
    thread.join()
    server.server_close()


def _configuration(port: int, upstream: int, folder: Path) -> dict[str, Any]:
    """A listener whose traffic is logged as JSON and tapped into files."""
    tap = {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.tap.v3.Tap",
        "common_config": {"static_config": {
            "match": {"any_match": True},
            "output_config": {"sinks": [{
                "format": "JSON_BODY_AS_BYTES", "file_per_tap": {"path_prefix": str(folder / "taps" / "tap")}}]},
        }},
    }  # fmt: skip
    fields = {
        "method": "%REQ(:METHOD)%", "path": "%REQ(:PATH)%", "authority": "%REQ(:AUTHORITY)%",
        "response_code": "%RESPONSE_CODE%", "at": "%START_TIME%",
    }  # fmt: skip
    log = {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": str(folder / "access.log"),
        "log_format": {"json_format": fields},
    }
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x",
        "access_log": [{"name": "envoy.access_loggers.file", "typed_config": log}],
        "http_filters": [
            {"name": "envoy.filters.http.tap", "typed_config": tap},
            {"name": "envoy.filters.http.router", "typed_config": router},
        ],
        "route_config": {"virtual_hosts": [
            {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "one"}}]}
        ]},
    }  # fmt: skip

    def address(number: int) -> dict[str, Any]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    endpoint = {"endpoint": {"address": address(upstream)}}
    return {"static_resources": {
        "listeners": [{"name": "in", "address": address(port), "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
        "clusters": [{"name": "one", "connect_timeout": "1s", "type": "STATIC", "load_assignment": {
            "cluster_name": "one", "endpoints": [{"lb_endpoints": [endpoint]}]}}],
    }}  # fmt: skip


def test_what_envoy_writes(tmp_path: Path, upstream: tuple[int, list[tuple[str, str, bytes]]]) -> None:
    port = free_port()
    (tmp_path / "taps").mkdir()
    (tmp_path / "boot.json").write_text(json.dumps(_configuration(port, upstream[0], tmp_path)))
    command = [envoy_binary(), "-c", str(tmp_path / "boot.json"), "--concurrency", "1", "--disable-hot-restart",
               "--file-flush-interval-msec", "50", "-l", "error"]  # fmt: skip
    with subprocess.Popen(command) as envoy:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=5) as client:
                for _ in range(200):
                    try:
                        client.get("/api/books/?page=2")
                        break
                    except httpx.TransportError:
                        time.sleep(0.05)
                client.post("/api/books/", content='{"title": "Ä"}', headers={"Authorization": "Token x"})
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and (
                len(list((tmp_path / "taps").iterdir())) < 2
                or (tmp_path / "access.log").read_text().count("\n") < 2
            ):
                time.sleep(0.05)
        finally:
            envoy.terminate()
    tapped = {r.method: r for r in requests([tmp_path / "taps"])}
    logged = {r.method: r for r in requests([tmp_path / "access.log"])}
    assert set(tapped) == set(logged) == {"GET", "POST"}
    for method, path, body in upstream[1]:
        found: Recorded = tapped[method]
        assert f"{found.path}?{found.query}".rstrip("?") == path
        assert found.body == body
        assert found.answer is not None
        assert json.loads(found.answer) == {"got": body.decode()}
        assert (logged[method].path, logged[method].query) == (found.path, found.query)
    assert (tapped["POST"].status, logged["POST"].status) == (201, 201)
    assert dict(tapped["POST"].headers)["authorization"] == "Token x"
    assert logged["POST"].body is None, "an access log has no bodies: that must be said"
