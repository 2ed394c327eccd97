"""SEMANTICS-DRF §1: bodies as DRF reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BOUNDARY = "multipart/form-data; boundary=XX"


def part(headers: str, body: bytes) -> bytes:
    return b"--XX\r\n" + headers.encode() + b"\r\n\r\n" + body + b"\r\n"


NAMED = 'Content-Disposition: form-data; name="a"'
FILE = 'Content-Disposition: form-data; name="f"; filename="{}"'
CASES: list[tuple[bytes, str | None]] = [
    *((body, JSON) for body in (
        b"", b"{}", b"[]", b"null", b"1", b'"a"', b"{x", b"NaN", b'{"a": Infinity}', b"\xef\xbb\xbf{}", b"\xff", b"\xc3",
        b'"\xc3', b'{"a": 1, "a": 2}', b'{"a": 1.50}', b'{"a": "\\ud800"}', b" ", b"{}x", b"1" * 5000, b"[" * 990, b'{"a":\x00}',
    )),
    *((b"{}", kind) for kind in (
        None, "", "text/plain", "TEXT/PLAIN; charset=x", "text/json", "application/vnd.api+json", "APPLICATION/JSON", "*/*",
        "application/*", "application/json; charset=utf-8", "application/json;charset=nonsense", "application/json; charset=hex",
        "application/json; a=b", "application", "/", "application/json, text/html", "x" * 300, "multipart/form-data",
    )),
    ('{"a": "é"}'.encode("latin-1"), "application/json; charset=latin-1"),
    ('{"a": "é"}'.encode("utf-16"), "application/json; charset=utf-16"),
    (b"", FORM),
    (b"", BOUNDARY),
    (b"", "text/plain"),
    *((body, FORM) for body in (b"a=1&b=2&a=3", b"a", b"a=&b", b"a=%FF", b"a=\xff", b"a=%C3%A9+x", b"&&", b'{"a":1}', b"a=1;b=2", b"a=b=c")),
    (b"a=%E9", "application/x-www-form-urlencoded; charset=latin-1"),
    (b"a=1&" * 1001, FORM),
    (b"x" * 20_001, FORM),
    (b'"' + b"x" * 20_001 + b'"', JSON),
    (part(NAMED, b"1") + part(NAMED, b"2") + b"--XX--\r\n", BOUNDARY),
    (part(NAMED, b"1") + b"--XX", BOUNDARY),
    (part(NAMED, b"1"), BOUNDARY),
    (b"preamble\r\n" + part(NAMED, b"\xff\r\n") + b"--XX--", BOUNDARY),
    (part(NAMED, "é".encode()) + b"--XX--", BOUNDARY),
    (part(FILE.format("x.txt") + "\r\nContent-Type: Text/Plain; charset=x", b"abc") + b"--XX--", BOUNDARY),
    (part(FILE.format(""), b"abc") + b"--XX--", BOUNDARY),
    (part(FILE.format("a/b\\\\c.txt"), b"") + b"--XX--", BOUNDARY),
    (part(FILE.format(".."), b"abc") + b"--XX--", BOUNDARY),
    (part(FILE.format("&amp;.txt"), b"abc") + part(NAMED, b"z") + b"--XX--", BOUNDARY),
    (part(FILE.format("b.txt") + "\r\nContent-Transfer-Encoding: base64", b"YWJj") + b"--XX--", BOUNDARY),
    (part(FILE.format("b.txt") + "\r\nContent-Transfer-Encoding: base64", b"YWJ") + b"--XX--", BOUNDARY),
    (part(NAMED + "\r\nContent-Transfer-Encoding: base64", b"YWJj") + b"--XX--", BOUNDARY),
    (part("Content-Disposition: form-data", b"abc") + b"--XX--", BOUNDARY),
    (part("X-Long: " + "x" * 2000, b"abc") + b"--XX--", BOUNDARY),
    (part(NAMED, b"x" * 20_001) + b"--XX--", BOUNDARY),
    (b"".join(part(FILE.format(f"{n}.txt"), b"a") for n in range(101)) + b"--XX--", BOUNDARY),
    (b"no boundary here", BOUNDARY),
    (b"a", "multipart/form-data; boundary=é"),
    (b"a", "Multipart/form-data; boundary=XX"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "content_type"), CASES)
def test_a_body_is_read_as_by_drf(twin: Any, body: bytes, content_type: str | None) -> None:
    twin.same("POST", "/quiet/", body=body, content_type=content_type)


def test_deep_nesting_is_a_server_error(twin: Any) -> None:
    assert twin.same("POST", "/quiet/", body=b"[" * 3000, content_type=JSON).status == 500


@pytest.mark.parametrize("content_type", [JSON, FORM, "text/plain", None])
def test_a_body_without_length_is_not_read(twin: Any, content_type: str | None) -> None:
    twin.same("POST", "/quiet/", body=b'{"a": 1}', content_type=content_type, length=False)


@given(
    body=st.one_of(
        st.binary(max_size=40),
        st.text(alphabet='{}[]",:0123456789.eE-+ntf \\u"', max_size=25).map(str.encode),
        st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    ),
    content_type=st.sampled_from([JSON, FORM, "application/json; charset=utf-16", BOUNDARY]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_body_is_read_as_by_drf(twin: Any, body: bytes, content_type: str) -> None:
    twin.same("POST", "/quiet/", body=body, content_type=content_type)


TOKENS = ["*/*", "application/json", "application/*", "text/html", "text/*", "*", "", ";", "application/json;q=0",
          "application/json; indent=2", "APPLICATION/JSON", "a/b;c=d", "*/json"]  # fmt: skip


@given(
    accept=st.lists(st.sampled_from(TOKENS), max_size=4).map(",".join),
    path=st.sampled_from(["/guarded/", "/both.json", "/bytes/text/"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_accept_header_is_read_as_by_drf(twin: Any, accept: str, path: str) -> None:
    twin.same("GET", path, headers={"Accept": accept})


@given(
    query=st.text(alphabet="abf=&+%20;é[]C3A9", max_size=20).map(lambda text: text.encode().decode("latin-1"))
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_string_is_read_as_by_django(twin: Any, query: str) -> None:
    twin.same("GET", "/guarded/", query)
