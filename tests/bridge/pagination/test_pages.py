"""SEMANTICS-DRF §5: which page, which links, asked of both sides."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NUMBERS = ["", "0", "-1", "1", "2", "3", "5", "6", "02", "%202", "+2", "%D9%A2", "2.0", "abc", "last", "LAST", "1_0", "99999999999999999999", "1&{name}=2", "%00"]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/pages/", "page"),
        ("/sized/", "p"),
        ("/sized/", "page_size"),
        ("/unsized/", "size"),
        ("/unsized/", "page"),
        ("/limits/", "limit"),
        ("/limits/", "offset"),
        ("/cursors/", "cursor"),
        ("/cursors-id/", "n"),
    ],
)
def test_one_parameter(twin: Any, path: str, name: str, number: str) -> None:
    twin.same("GET", path, f"{name}={number.replace('{name}', name)}")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/pages/", "z=1&page=2&a=%C3%A9&b=&a=2&c=a%20b+c%2B"),
        ("/pages/", "z&page=2&&y=%FF&x=1;2"),
        ("/sized/", "page_size=99&p=2"),
        ("/sized/", "page_size=+3&p=last"),
        ("/sized/", "page_size=3&p=2&page_size=4"),
        ("/unsized/", "size=20&page=2"),
        ("/limits/", "limit=99&offset=3"),
        ("/limits/", "limit=3&offset=2"),
        ("/limits/", "limit=3&offset=3"),
        ("/limits/", "limit=3&offset=23"),
        ("/limits/", "limit=3&offset=24"),
        ("/limits/", "limit=3&offset=20&q=1"),
        ("/limits/", "limit=0&offset=-3"),
    ],
)
def test_links(twin: Any, path: str, query: str) -> None:
    twin.same("GET", path, query)


def test_links_name_the_host_and_no_forwarded_one(twin: Any) -> None:
    headers = {"Host": "a.example.com:8000", "X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https"}
    assert b"http://a.example.com:8000/pages/?page=2" in twin.same("GET", "/pages/", headers=headers).body


@pytest.mark.parametrize("cursor", ["", "!!!", "abc", "bz0y", "bz0xJnA9MA%3D%3D", "cj14", "bz0tMQ%3D%3D", "bz1h", "cD0%3D", "cD1hYmM%3D", "%C3%A9", "bz05OTk5OQ%3D%3D", "cj0xJnA9MjAyNC0wMS0wMiswMCUzQTAwJTNBMDAlMkIwMCUzQTAw", "/w%3D%3D", "bz0x%0A"])  # fmt: skip
@pytest.mark.parametrize("path", ["/cursors/", "/cursors-id/"])
def test_cursors_by_hand(twin: Any, path: str, cursor: str) -> None:
    twin.same("GET", path, f"cursor={cursor}")


@pytest.mark.parametrize(
    "query", ["", "ordering=created", "ordering=-created,pages", "ordering=pages", "ordering=nothing"]
)
@pytest.mark.parametrize("path", ["/cursors/", "/cursors-id/"])
def test_a_walk_there_and_back(twin: Any, path: str, query: str) -> None:
    """Follow every next link to the end and every previous link back, and turn round on the way."""
    seen = 0
    for direction in ("next", "previous"):
        while True:
            body = json.loads(twin.same("GET", path, query).body)
            for link in (body["next"], body["previous"]):
                if link is not None:
                    twin.same("GET", path, urlsplit(link).query)
            seen += 1
            assert seen < 60
            if body[direction] is None:
                break
            query = urlsplit(body[direction]).query
    assert seen > 6


@given(
    steps=st.lists(st.sampled_from(["next", "previous"]), max_size=8),
    size=st.integers(1, 9),
    order=st.sampled_from(["", "created", "-created", "pages", "created,-pages"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_walk(twin: Any, steps: list[str], size: int, order: str) -> None:
    query = f"n={size}&ordering={order}"
    for step in steps:
        link = json.loads(twin.same("GET", "/cursors-id/", query).body)[step]
        if link is None:
            break
        query = urlsplit(link).query


@given(
    path=st.sampled_from(["/pages/", "/sized/", "/limits/"]),
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["page", "p", "page_size", "limit", "offset", "z", "é", "a b", ""]),
            st.sampled_from(["", "1", "2", "4", "x", "é", "a b&c=d", "last", "+", "%", "~"]),
        ),
        max_size=5,
    ),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query(twin: Any, path: str, pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import urlencode

    twin.same("GET", path, urlencode(pairs))
