"""Renderers that only Django has: it is asked exactly where DRF's negotiation picks one of them."""

from __future__ import annotations

from typing import Any

import pytest

ACCEPT = (
    None, "", "*/*", "application/json", "application/vnd.sheet", "application/*", "text/html", "text/*", "image/png",
    "application/vnd.sheet, application/json", "application/json, application/vnd.sheet", "*/*, application/vnd.sheet",
    "application/json; indent=4", "application/json; q=0.1, application/vnd.sheet", "nonsense",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
)  # fmt: skip
PLACES = (
    ("/", ""), ("/", "format=json"), ("/", "format=sheet"), ("/", "format=api"), ("/", "format=xml"), ("/", "format="),
    (".json", ""), (".sheet", ""), (".xml", ""), (".sheet", "format=json"),
)  # fmt: skip


@pytest.mark.parametrize("accept", ACCEPT)
@pytest.mark.parametrize("url", ["/formats", "/sheets"])
def test_json_is_served_and_the_rest_is_left_to_django(twin: Any, url: str, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    for path, query in PLACES:
        legacy, modern = twin.both("GET", url + path, query, headers=headers)
        if _is_json(legacy):
            assert (modern.status, modern.body) == (legacy.status, legacy.body), (path, query)
            assert modern.headers == legacy.headers
        else:
            assert modern.status == 501, (path, query, legacy.headers)
            assert modern.headers["x-segue-unserved"] in ("renderer", "browsable-api")


def _is_json(answer: Any) -> bool:
    """Whether DRF's ``JSONRenderer`` made it: the others answer with other bytes, and say so."""
    return bool(
        answer.body not in (b"sheet", b"hal") and answer.headers.get("content-type") == "application/json"
    )


def test_both_kinds_of_answer_occur(twin: Any) -> None:
    kinds = {
        _is_json(twin.both("GET", "/formats" + path, query, headers={"Accept": accept or "*/*"})[0])
        for accept in ACCEPT
        for path, query in PLACES
    }
    assert kinds == {True, False}


def test_options_names_all_renderers(twin: Any) -> None:
    answer = twin.same("OPTIONS", "/formats/")
    assert b"application/vnd.sheet" in answer.body
