"""What the legacy project's settings change, with the same settings on both sides."""

from __future__ import annotations

from typing import Any

import pytest

HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.mark.parametrize("kind", ["text", "decimal", "others", "nan", "empty-list", "decimal-nan"])
@pytest.mark.parametrize("accept", ["*/*", "application/json; indent=2"])
def test_json_settings(other_twin: Any, kind: str, accept: str) -> None:
    other_twin.same("GET", f"/bytes/{kind}/", headers={**HTTPS, "Accept": accept})


@pytest.mark.parametrize("body", [b"NaN", b"[Infinity, -Infinity]", b"{x"])
def test_json_input_that_is_not_strict(other_twin: Any, body: bytes) -> None:
    other_twin.same("POST", "/quiet/", headers=HTTPS, body=body, content_type="application/json")


@pytest.mark.parametrize("path", ["/names/", "/names", "/none/", "/guarded/", "/errors/key/"])
@pytest.mark.parametrize("proto", [None, "https", "http", "https, http", "HTTPS"])
def test_secure_transport(other_twin: Any, path: str, proto: str | None) -> None:
    headers = {} if proto is None else {"X-Forwarded-Proto": proto}
    other_twin.same("GET", path, "a=b", headers=headers)


@pytest.mark.parametrize("host", ["a.example.com", "evil.com", "example.com:8443"])
def test_the_forwarded_host_counts(other_twin: Any, host: str) -> None:
    other_twin.same("GET", "/pages/", "page=2", headers={**HTTPS, "X-Forwarded-Host": host})


def test_no_format_parameter(other_twin: Any) -> None:
    other_twin.same("GET", "/guarded/", "format=xml", headers=HTTPS)


@pytest.mark.parametrize(
    ("query", "body"), [("a&b&c", b""), ("a&b&c&d", b""), ("", b"a&b&c"), ("", b"a&b&c&d")]
)
def test_limits_of_fields(other_twin: Any, query: str, body: bytes) -> None:
    content_type = "application/x-www-form-urlencoded" if body else None
    for path in ("/guarded/", "/quiet/"):
        other_twin.same("POST", path, query, headers=HTTPS, body=body, content_type=content_type)
        other_twin.same("GET", path, query, headers=HTTPS)


@pytest.mark.parametrize(("fields", "files"), [(3, 1), (4, 1), (5, 0), (6, 0), (0, 2), (2, 0)])
def test_limits_of_parts(other_twin: Any, fields: int, files: int) -> None:
    part = b'--XX\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\nv\r\n'
    body = b"".join(part % (b"a", b"") for _ in range(fields))
    body += b"".join(part % (b"f", b'; filename="x"') for _ in range(files)) + b"--XX--\r\n"
    other_twin.same(
        "POST", "/quiet/", headers=HTTPS, body=body, content_type="multipart/form-data; boundary=XX"
    )
