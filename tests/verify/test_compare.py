"""What counts as a difference."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
from typing import Any

import pytest

from segue.verify.joined import hashing
from segue.verify.joined.compare import (
    ABSENT,
    answer_of,
    differences,
    disagreements,
    left_to_django,
    reordered,
    shape,
)
from segue.verify.joined.shrinking import Shrinker, kind_of


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (1, "1"), (None, ""), ([], {}), (0, False), ("1.50", "1.5"), ({"a": None}, {})],
)
def test_types_and_absence_count(one: Any, other: Any) -> None:
    assert differences({"x": one}, {"x": other})
    assert differences({"x": other}, {"x": one})


def test_equal_values_do_not_differ() -> None:
    value = {"a": [1, 1.5, None, True, {"b": "ä"}]}
    assert differences(value, {"a": [1, 1.5, None, True, {"b": "ä"}]}) == []


def test_paths_lead_to_the_difference() -> None:
    found = differences({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 3, "c": 4}]})
    assert found == [("a[1].b", 2, 3), ("a[1].c", ABSENT, 4)]
    assert ("a.length", 1, 2) in differences({"a": [1]}, {"a": [1, 2]})


def test_order_of_keys_is_only_noted() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert differences(one, other) == []
    assert reordered(one, other)
    assert not reordered(one, dict(one))


def _answer(status: int = 200, headers: Any = (), body: bytes = b"{}", kind: str = "application/json") -> Any:
    return answer_of({"status": status, "headers": [("Content-Type", kind), *headers], "body": body}, {})


def test_sets_in_headers_have_no_order() -> None:
    one = _answer(headers=[("Vary", "Accept, Cookie"), ("Allow", "GET, POST")])
    assert one == _answer(headers=[("Vary", "cookie,accept"), ("Allow", "POST, GET")])
    assert one != _answer(headers=[("Vary", "Accept"), ("Allow", "POST, GET")])


def test_cookies_are_compared_by_name_and_attributes() -> None:
    one = _answer(headers=[("Set-Cookie", "sessionid=abc; Path=/; HttpOnly; expires=Mon, 1 Jan 2024")])
    assert one == _answer(
        headers=[("Set-Cookie", "sessionid=xyz; HttpOnly; Path=/; expires=Tue, 2 Jan 2024")]
    )
    assert one != _answer(headers=[("Set-Cookie", "sessionid=xyz; Path=/; expires=Tue, 2 Jan 2024")])
    assert one != _answer(headers=[("Set-Cookie", 'sessionid=""; HttpOnly; Path=/; expires=Tue, 2 Jan 2024')])


def test_error_pages_of_servers_are_not_compared_but_answers_of_apis_are() -> None:
    assert _answer(500, body=b"<h1>Oh", kind="text/html") == _answer(500, body=b"", kind="text/plain")
    assert _answer(503, body=b'{"a": 1}') != _answer(503, body=b'{"a": 2}')


def test_values_that_are_new_each_time_keep_their_form() -> None:
    assert shape("2024-01-02T03:04:05.678+01:00") == shape("2025-11-12T13:14:15.1+01:00")
    assert shape("2024-01-02T03:04:05+01:00") != shape("2024-01-02T03:04:05Z")
    assert shape("2024-01-02T03:04:05Z") != shape("2024-01-02 03:04:05Z")
    assert shape("6f1f2fd4-5e0e-4c3d-9b1a-0123456789ab") != shape("6f1f2fd45e0e4c3d9b1a0123456789ab")
    assert shape(3) == shape(4) != shape(4.0)


class FakePair:
    """Differs whenever the body has a price."""

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        found = [("body.price", 1, 2)] if b"price" in case["body"] else []
        return {
            "django": {"status": 200},
            "fastapi": {"status": 200},
            "differences": found,
            "unserved": False,
        }


def test_shrinking_keeps_what_is_needed() -> None:
    case = {
        "query": "a=1&b=2",
        "own": 1,
        "persona": "plain",
        "body": b'{"title": "x", "price": 3, "tags": [1]}',
        "headers": [
            ("Authorization", "Token x"),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        ],
    }
    pair = FakePair()
    smaller, result = Shrinker(pair.run, []).shrink(case, pair.run(case))
    assert smaller["body"] == b'{"price": 0}'
    assert smaller["query"] == ""
    assert [name for name, _ in smaller["headers"]] == ["Authorization", "Content-Type"]
    assert kind_of(result) == "body.price"


def test_a_length_that_django_leaves_to_its_server_is_no_difference() -> None:
    def head(*headers: tuple[str, str]) -> Any:
        return answer_of({"status": 200, "headers": headers, "body": b""}, {}, "HEAD")

    assert disagreements(head(), head(("Content-Length", "5"))) == []
    assert disagreements(head(("Content-Length", "5")), head()) != []
    assert disagreements(head(("Content-Length", "5")), head(("Content-Length", "6"))) != []


def test_an_unserved_request_must_say_so_and_leave_no_trace() -> None:
    def answer(status: int, headers: Any, effects: Any) -> Any:
        return answer_of({"status": status, "headers": headers, "body": b"{}"}, effects)

    said = [("x-segue-unserved", "a reason")]
    assert left_to_django(answer(501, said, {}))
    assert not left_to_django(answer(501, [], {}))
    assert not left_to_django(answer(200, said, {}))
    assert not left_to_django(answer(501, said, {"notes": [["insert", {"id": 1}]]}))


def test_a_stored_password_is_told_by_what_was_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pbkdf2_hmac", "scrypt"):
        monkeypatch.setattr(hashlib, name, getattr(hashlib, name))
    hashing.remember_hashes()

    def stored(password: bytes, salt: str) -> str:
        digest = hashlib.pbkdf2_hmac("sha256", password, salt.encode(), 10)
        return f"pbkdf2_sha256$10${salt}${base64.b64encode(digest).decode()}"

    assert hashing.told(stored(b"secret", "aaaa")) == hashing.told(stored(b"secret", "bbbb"))
    assert hashing.told(stored(b"secret", "aaaa")) != hashing.told(stored(b"other", "aaaa"))
    assert hashing.told(stored(b"secret", "aaaa")) != hashing.told(stored(b"secret", "aaaaa"))
    assert hashlib.pbkdf2_hmac("sha256", b"secret", b"aaaa", 10) == _of_openssl(b"secret", b"aaaa", 10)
    unknown = "pbkdf2_sha256$10$cccc$" + base64.b64encode(b"x" * 32).decode()
    assert hashing.told(unknown) == unknown
    assert hashing.told("text") == "text"


_of_openssl = functools.partial(hashlib.pbkdf2_hmac, "sha256")


def test_only_salts_that_were_there_before_are_hashed_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pbkdf2_hmac", "scrypt"):
        monkeypatch.setattr(hashlib, name, getattr(hashlib, name))
    hashing.remember_hashes(hashing.salts_of(["pbkdf2_sha256$10$real$xxxx", "!unusable", ""]))
    assert hashlib.pbkdf2_hmac("sha256", b"secret", b"real", 10) == _of_openssl(b"secret", b"real", 10)
    one = hashlib.pbkdf2_hmac("sha256", b"secret", b"new", 1_000_000)
    assert one == hashlib.pbkdf2_hmac("sha256", b"secret", b"new", 1_000_000)
    others = [(b"other", b"new", 1_000_000), (b"secret", b"old", 1_000_000), (b"secret", b"new", 999_999)]
    assert one not in [hashlib.pbkdf2_hmac("sha256", *other) for other in others]
    factors = {"n": 2**14, "r": 8, "p": 1, "dklen": 64}
    assert hashlib.scrypt(b"secret", salt=b"new", **factors) != hashlib.scrypt(
        b"secret", salt=b"new", **{**factors, "p": 2}
    )


def test_compressed_answers_are_compared_by_what_they_hold() -> None:
    def answer(text: bytes, level: int) -> dict[str, Any]:
        body = gzip.compress(text, compresslevel=level)
        headers = [
            ("Content-Encoding", "gzip"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        return answer_of({"status": 200, "headers": headers, "body": body}, {}, "GET")

    assert answer(b'{"a": 1}' + b" " * 300, 1) == answer(b'{"a": 1}', 9)
    assert answer(b'{"a": 1}', 1) != answer(b'{"a": 2}', 1)
