"""Two documents of one API, and the answers as the judge."""

from __future__ import annotations

from typing import Any

from segue.verify.openapi import Document, SchemaDifference, compare


def document(responses: dict[str, Any], **operation: Any) -> Document:
    return Document(
        {"openapi": "3.1.0", "paths": {"/a/{x}/": {"get": {"responses": responses, **operation}}}}
    )


def body(schema: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def text(**properties: Any) -> dict[str, Any]:
    return body({"type": "object", "properties": properties})


KEY = "GET /a/{pk}/"
OPERATIONS = {KEY: ("GET", "/a/{pk}/", "/a/{id}/")}


def told(one: Document, other: Document, *answers: tuple[int, Any]) -> list[tuple[str, str, str, str]]:
    seen = [{"status": status, "body": value} for status, value in answers]
    found = compare(one, other, OPERATIONS, {KEY: seen})
    return [(d.where, d.generated, d.legacy, d.right) for d in found]


def test_statuses_are_judged_by_what_was_answered() -> None:
    one, other = document({"200": {}, "404": {}, "409": {}}), document({"200": {}, "201": {}})
    assert told(one, other, (200, None), (404, {}), (201, {})) == [
        ("status 404", "documented", "not documented", "generated"),
        ("status 409", "documented", "not documented", ""),
        ("status 201", "not documented", "documented", "legacy"),
    ]


def test_properties_types_and_nullability() -> None:
    one = document({"200": text(a={"type": "string"}, b={"type": ["string", "null"]}, c={"type": "integer"})})
    other = document({"200": text(a={"type": "string"}, b={"type": "string"}, d={"type": "integer"})})
    assert told(one, other, (200, {"a": "x", "b": None, "c": 1})) == [
        ("200 body.b", "null or string", "string", "generated"),
        ("200 body.c", "documented", "not documented", "generated"),
        ("200 body.d", "not documented", "documented", "generated"),
    ]
    assert [d[3] for d in told(one, other, (200, {"a": "x", "b": "y", "d": 1}))] == [
        "both",
        "legacy",
        "legacy",
    ]


def test_lists_are_looked_into() -> None:
    one = document(
        {"200": body({"type": "array", "items": {"type": "object", "properties": {"n": {"type": "number"}}}})}
    )
    other = document(
        {"200": body({"type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}}})}
    )
    assert told(one, other, (200, [{"n": "1.50"}])) == [("200 body[].n", "number", "string", "legacy")]


def test_an_operation_that_one_of_them_lacks() -> None:
    one = document({"200": {}})
    assert compare(one, Document({"paths": {}}), OPERATIONS, {}) == [
        SchemaDifference(KEY, "operation", "documented", "not documented", "generated")
    ]


def test_parameters() -> None:
    one = document(
        {}, parameters=[{"in": "query", "name": "q", "required": True}, {"in": "query", "name": "r"}]
    )
    other = document({}, parameters=[{"in": "query", "name": "q"}])
    assert told(one, other) == [
        ("query q", "required", "optional", ""),
        ("query r", "documented", "not documented", ""),
    ]
