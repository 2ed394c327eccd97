"""What of an answer a document does not allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.verify.openapi import Document, violations

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/books/{pk}/": {
            "parameters": [{"name": "pk", "in": "path", "required": True, "schema": {"type": "string"}}],
            "put": {
                "parameters": [{"name": "dry", "in": "query", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}}},
                "responses": {
                    "200": {
                        "headers": {"Location": {"required": True, "schema": {"type": "string", "pattern": "^/"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
                    },
                    "204": {"description": "nothing"},
                    "4XX": {"content": {"application/json": {}}},
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Book": {
                "type": "object", "required": ["title"],
                "properties": {"title": {"type": "string"}, "pages": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                               "tags": {"type": "array", "items": {"type": "string"}}},
            }
        }
    },
}  # fmt: skip
JSON = {"content-type": "application/json", "location": "/x"}


def answer(status: int = 200, body: Any = None, headers: Any = JSON, **given: Any) -> dict[str, Any]:
    brought = {"query": ["dry"], "empty": False, "body": {"title": "a"}, **given} if status < 300 else None
    return {"request": "PUT /books/1/", "status": status, "headers": headers, "body": body, "given": brought}


@pytest.mark.parametrize(
    ("seen", "where", "what"),
    [
        (answer(body={"title": "a", "pages": None, "tags": []}), "", ""),
        (answer(418, {"any": 1}), "", ""),
        (answer(204, "", {}), "", ""),
        (answer(204, ""), "", ""),  # a view's body beside 204 never leaves the server
        (answer(500, "", {}), "", ""),
        (answer(302, "", {}), "status", "302 is not documented"),
        (answer(204, {"a": 1}), "body", "none is documented"),
        (answer(body="", headers={"location": "/x"}), "body", "there was none"),
        (answer(body={"title": 3}), "body.title", "not of type 'string'"),
        (answer(body={"title": "a", "tags": ["a", 2]}), "body.tags[1]", "not of type 'string'"),
        (answer(body={"title": "a", "pages": "x"}), "body.pages", "is not of type"),
        (answer(body={}), "body", "'title' is a required property"),
        (answer(body={"title": "a"}, headers={**JSON, "content-type": "text/plain"}), "content-type", "text/plain"),
        (answer(body={"title": "a"}, headers={"content-type": "application/json"}), "header Location", "was not sent"),
        (answer(body={"title": "a"}, headers={**JSON, "location": "x"}), "header Location", "does not match"),
        (answer(body={"title": "a"}, query=[]), "query dry", "a request without it was served"),
        (answer(body={"title": "a"}, empty=True), "request body", "without one was served"),
    ],
)  # fmt: skip
def test_answers_against_the_document(seen: dict[str, Any], where: str, what: str) -> None:
    found = violations(Document(DOCUMENT), "PUT", "/books/{id}/", [seen])
    assert [v.where for v in found] == ([where] if where else [])
    assert all(what in v.what for v in found)


def test_a_request_without_what_is_said_to_be_required() -> None:
    seen = answer(body={"title": "a"})
    seen["given"]["body"] = {"pages": 3}
    assert [v.where for v in violations(Document(DOCUMENT), "PUT", "/books/{pk}/", [seen])] == [
        "request body.title"
    ]


def test_one_kind_is_told_once() -> None:
    seen = [answer(body={"title": "a", "tags": ["a", n]}) for n in range(5)]
    assert len(violations(Document(DOCUMENT), "PUT", "/books/{pk}/", seen)) == 1


def test_nullable_of_openapi_3_0_is_a_type() -> None:
    old = {"openapi": "3.0.3", "paths": {"/a/": {"get": {"responses": {"200": {"content": {"application/json": {
        "schema": {"type": "object", "properties": {"b": {"type": "string", "nullable": True}}}}}}}}}}}  # fmt: skip
    body = [answer(body={"b": value}) for value in (None, "x", 1)]
    found = violations(Document(old), "GET", "/a/", body)
    assert [v.where for v in found] == ["body.b"]
    assert found[0].what.startswith("1 is not of type")


def test_a_schema_that_says_what_is_not_answered_is_found(shop: Shop, tmp_path: Path) -> None:
    path, key = "app/catalog/schemas.py", "GET /api/tags/"
    text = (shop.project.output / path).read_text(encoding="utf-8")
    start = text.index("class TagRead(TypedDict)")
    broken = text[:start] + text[start:].replace("name: str", "name: int", 1)
    fault = Fault("wrong schema", path, "TagRead", broken, frozenset({key}))
    project = shop.with_output(fault.seed(shop.project.output, tmp_path / "wrong"))
    report = verify.explore(project, only=[key], cases=40)
    assert report.different == 0, "both sides answer alike"
    assert [v.where for o in report.operations for v in o.violations] == ["body[0].name"]
