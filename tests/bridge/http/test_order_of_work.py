"""SEMANTICS-DRF §1 and §2: which step answers first, and with what headers."""

from __future__ import annotations

from typing import Any

import pytest

BAD_JSON = {"body": b"{x", "content_type": "application/json"}
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    # negotiation comes before authentication
    ("GET", "/guarded/", "", {"headers": {"Accept": "text/html"}}),
    ("GET", "/guarded/", "format=xml", {"headers": {"X-User": "bad"}}),
    ("GET", "/guarded/", "format=json", {"headers": {"Accept": "text/html"}}),
    ("GET", "/guarded/", "format=", {}),
    ("GET", "/guarded/", "format=json", {}),
    # authentication before permissions, both before 405 and throttles
    ("GET", "/guarded/", "", {"headers": {"X-User": "bad", "X-Permission": "no"}}),
    ("GET", "/guarded/", "", {"headers": {"X-Permission": "no"}}),
    ("GET", "/guarded/", "", {"headers": {"X-Permission": "no", "X-User": "me"}}),
    ("PATCH", "/guarded/", "", {"headers": {"X-Permission": "no"}}),
    ("PATCH", "/guarded/", "", {"headers": {"X-Throttle": "1"}}),
    ("PATCH", "/guarded/", "", {}),
    ("FOO", "/guarded/", "", {}),
    ("TRACE", "/guarded/", "", {}),
    ("GET", "/guarded/", "", {"headers": {"X-Permission": "404"}}),
    ("GET", "/guarded/", "", {"headers": {"X-Throttle": "1", "X-Permission": "no"}}),
    ("GET", "/guarded/", "", {"headers": {"X-Throttle": "1"}}),
    # the body is read last
    ("POST", "/guarded/", "", {"headers": {"X-Permission": "no"}, **BAD_JSON}),
    ("POST", "/guarded/", "", {"headers": {"X-Throttle": "1"}, **BAD_JSON}),
    ("POST", "/guarded/", "", {**BAD_JSON}),
    ("PUT", "/guarded/99/", "", {**BAD_JSON}),
    ("PUT", "/guarded/1/", "", {"headers": {"X-Object": "no"}, **BAD_JSON}),
    ("PUT", "/guarded/1/", "", {**BAD_JSON}),
    ("PUT", "/guarded/1/", "", {"body": b"x", "content_type": "text/plain"}),
    ("GET", "/guarded/", "", {**BAD_JSON}),
    ("DELETE", "/guarded/1/", "", {**BAD_JSON}),
    # 401 and 403
    ("GET", "/quiet/", "", {}),
    ("GET", "/quiet/", "", {"headers": {"X-User": "bad"}}),
    ("GET", "/quiet/", "", {"headers": {"X-Permission": "no"}}),
    ("POST", "/free/", "", {"headers": {"X-Permission": "no"}}),
    # HEAD and OPTIONS
    ("HEAD", "/guarded/", "", {}),
    ("HEAD", "/guarded/1/", "", {}),
    ("HEAD", "/guarded/99/", "", {}),
    ("HEAD", "/free/", "", {}),
    ("OPTIONS", "/guarded/", "", {}),
    ("OPTIONS", "/guarded/", "", {"headers": {"X-Permission": "get"}}),
    ("OPTIONS", "/guarded/", "", {"headers": {"X-Permission": "no"}}),
    ("OPTIONS", "/guarded/", "", {"headers": {"X-Throttle": "1"}}),
    ("OPTIONS", "/guarded/1/", "", {}),
    ("OPTIONS", "/guarded/1/", "", {"headers": {"X-Object": "no"}}),
    ("OPTIONS", "/guarded/99/", "", {}),
    ("OPTIONS", "/free/", "", {}),
    ("OPTIONS", "/both/", "", {}),
    ("GET", "/nothing/", "", {}),
    ("HEAD", "/nothing/", "", {}),
    ("OPTIONS", "/nothing/", "", {}),
    ("OPTIONS", "/unmeta/", "", {}),
    # answers without a body
    ("PUT", "/free/", "", {}),
    ("DELETE", "/free/", "", {}),
    ("DELETE", "/guarded/1/", "", {}),
]


@pytest.mark.parametrize(("method", "path", "query", "options"), CASES)
def test_the_same_step_answers(
    twin: Any, method: str, path: str, query: str, options: dict[str, Any]
) -> None:
    twin.same(method, path, query, **options)


@pytest.mark.parametrize(
    "path",
    [
        "/guarded", "/guarded/1", "/guarded//", "//guarded/", "/guarded/1/2/", "/none/", "/none", "/",
        "/guarded/a%2Fb/", "/guarded/1.5/", "/guarded/1.json", "/guarded/1.json/", "/guarded.json",
        "/guarded.json/", "/guarded.xml", "/guarded/.json", "/guarded/01/", "/guarded/+1/", "/guarded/%201/",
        "/guarded/%D9%A1/", "/guarded/abc/", "/guarded/99999999999999999999/", "/guarded/-1/", "/both.json", "/both.json/",
        "/both.JSON", "/guarded/%E2%82%AC", "/GUARDED/", "/guarded/1%0A/", "/guarded/a%20b", "/%2Fguarded", "//guarded",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_same_paths_exist(twin: Any, method: str, path: str) -> None:
    twin.same(method, path, "a=1&b=%20é" if path.endswith("d") else "")


@pytest.mark.parametrize("kind", ["text", "decimal", "moments", "others", "nan", "aware-time", "object", "empty-list", "empty-text", "zero", "none", "surrogate", "decimal-nan"])  # fmt: skip
@pytest.mark.parametrize("accept", ["*/*", "application/json; indent=4", "application/json;indent=0", "application/json; indent=99", "application/json; indent=x"])  # fmt: skip
def test_json_bytes(twin: Any, kind: str, accept: str) -> None:
    twin.same("GET", f"/bytes/{kind}/", headers={"Accept": accept})


@pytest.mark.parametrize("kind", ["404", "404-bare", "denied", "validation-text", "validation-list", "validation-tuple", "validation-dict", "validation-bare", "api-dict", "api-bare", "throttled", "throttled-zero", "throttled-none", "throttled-detail", "not-authenticated", "failed", "parse", "not-found", "method", "not-acceptable", "media", "key", "value"])  # fmt: skip
def test_errors(twin: Any, kind: str) -> None:
    twin.same("GET", f"/errors/{kind}/")


@pytest.mark.parametrize(
    ("path", "query", "headers"),
    [
        ("/version/query/", "", {}),
        ("/version/query/", "version=2", {}),
        ("/version/query/", "version=3", {}),
        ("/version/query/", "version=", {}),
        ("/version/accept/", "", {}),
        ("/version/accept/", "", {"Accept": "application/json; version=2"}),
        ("/version/accept/", "", {"Accept": "application/json; version=3"}),
        ("/version/path/2/", "", {}),
        ("/version/path/3/", "", {}),
        ("/version/host/", "", {}),
        ("/version/host/", "", {"Host": "2.example.com"}),
        ("/version/host/", "", {"Host": "3.example.com:80"}),
    ],
)
def test_versions(twin: Any, path: str, query: str, headers: dict[str, str]) -> None:
    twin.same("GET", path, query, headers=headers)


@pytest.mark.parametrize(
    "host",
    [
        "testserver",
        "TESTSERVER:80",
        "example.com",
        "a.example.com",
        "evil.com",
        "a_b",
        "",
        "testserver.",
        "[::1]",
    ],
)
@pytest.mark.parametrize("path", ["/names/", "/none/", "/names"])
def test_hosts(twin: Any, host: str, path: str) -> None:
    twin.same("GET", path, headers={"Host": host})


def test_a_raised_error_rolls_back_and_a_returned_one_commits(twin: Any) -> None:
    seen = []
    for side in (twin.legacy, twin.modern):
        statuses = [
            (answer.status, answer.body)
            for kind in ("ok", "raise", "return", "crash", "nan")
            for answer in [side.ask({"method": "POST", "path": f"/atomic/{kind}/"})]
        ]
        names = side.ask({"method": "GET", "path": "/names/"}).body
        seen.append((statuses, names[names.index(b'"atomic') :]))
        with_sqlite(twin, "DELETE FROM twin_author WHERE name LIKE 'atomic%'")
    assert seen[0] == seen[1]
    assert b"atomic return" in seen[0][1]
    assert b"atomic raise" not in seen[0][1]


def with_sqlite(twin: Any, sql: str) -> None:
    import sqlite3

    connection = sqlite3.connect(twin.modern.database.engine.url.database)
    connection.execute(sql)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "accept", ["text/html", "text/html,*/*;q=0.8", "*/*,text/html", "text/*", "application/json, text/html"]
)
def test_what_django_answers_with_html_is_marked(twin: Any, accept: str) -> None:
    legacy, modern = twin.both("GET", "/both/", headers={"Accept": accept})
    if legacy.headers["content-type"].startswith("text/html"):
        assert modern.status == 501
        assert modern.headers["x-segue-unserved"] == "browsable-api"
    else:
        assert (modern.status, modern.body, modern.headers) == (legacy.status, legacy.body, legacy.headers)
