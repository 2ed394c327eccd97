"""Swagger 2.0 of drf-yasg's form; what it allows is judged by the rules of the Swagger 2.0 specification."""

from __future__ import annotations

from typing import Any

import pytest

from segue.verify.openapi import Document
from segue.verify.openapi.swagger import as_openapi3

RAW: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "API", "version": "v1"},
    "basePath": "/v1",
    "consumes": ["application/json"],
    "produces": ["application/json", "application/xml"],
    "parameters": {"page": {"name": "page", "in": "query", "type": "integer", "minimum": 1}},
    "responses": {"gone": {"description": "Gone", "schema": {"type": "string"}}},
    "definitions": {
        "Book": {
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": {"type": "string"},
                "cover": {"type": "string", "x-nullable": True},
                "next": {"$ref": "#/definitions/Book"},
            },
        }
    },
    "paths": {
        "/books/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "integer"}],
            "get": {
                "parameters": [{"$ref": "#/parameters/page"}],
                "responses": {"200": {"description": "", "schema": {"$ref": "#/definitions/Book"}}, "410": {"$ref": "#/responses/gone"}},
            },
            "put": {
                "parameters": [{"name": "data", "in": "body", "required": True, "schema": {"$ref": "#/definitions/Book"}}],
                "responses": {"204": {"description": ""}},
            },
            "post": {
                "consumes": ["multipart/form-data"],
                "parameters": [
                    {"name": "file", "in": "formData", "required": True, "type": "file"},
                    {"name": "note", "in": "formData", "type": "string"},
                ],
                "responses": {"201": {"description": ""}},
            },
        }
    },
}  # fmt: skip


@pytest.fixture
def document() -> Document:
    return Document(as_openapi3(RAW))


def _operation(document: Document, method: str) -> dict[str, Any]:
    found = document.operation(method, "/v1/books/{pk}")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ({"title": "a"}, True),
        ({"title": "a", "cover": None, "next": {"title": "b"}}, True),
        ({"title": None}, False),
        ({"title": "a", "next": {"cover": "x"}}, False),
        ({}, False),
    ],
)
def test_schemas(document: Document, body: Any, allowed: bool) -> None:
    response = document.response(_operation(document, "GET"), 200)
    assert response is not None
    assert sorted(response["content"]) == ["application/json", "application/xml"]
    schema = response["content"]["application/json"]["schema"]
    assert document.validator(schema).is_valid(body) is allowed


def test_shared_parameters_and_responses(document: Document) -> None:
    operation = _operation(document, "GET")
    found = {(p["in"], p["name"]): (p["required"], p["schema"]) for p in operation["parameters"]}
    assert found == {
        ("path", "id"): (True, {"type": "integer"}),
        ("query", "page"): (False, {"type": "integer", "minimum": 1}),
    }
    gone = document.response(operation, 410)
    assert gone is not None
    assert gone["content"]["application/json"]["schema"] == {"type": "string"}


def test_bodies(document: Document) -> None:
    body = _operation(document, "PUT")["requestBody"]
    assert body["required"]
    assert document.validator(body["content"]["application/json"]["schema"]).is_valid({"title": "a"})
    form = _operation(document, "POST")["requestBody"]
    schema = form["content"]["multipart/form-data"]["schema"]
    assert list(form["content"]) == ["multipart/form-data"]
    assert (form["required"], schema["required"], sorted(schema["properties"])) == (
        True,
        ["file"],
        ["file", "note"],
    )
    assert "requestBody" not in _operation(document, "GET")
