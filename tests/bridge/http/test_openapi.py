"""``/openapi.json`` says what the contract is."""

from __future__ import annotations

import json
from typing import Any

from fastapi.openapi.models import OpenAPI


def document(twin: Any) -> dict[str, Any]:
    answer = twin.modern.ask({"method": "GET", "path": "/openapi.json"})
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    OpenAPI(**found)
    return found


def test_a_body_is_a_write_model_in_every_format_that_is_parsed(twin: Any) -> None:
    found = document(twin)
    body = found["paths"]["/guarded/"]["post"]["requestBody"]
    assert list(body["content"]) == [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]
    schema = body["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/BookWrite"}
    model = found["components"]["schemas"]["BookWrite"]
    assert model["required"] == ["title"]
    assert model["properties"]["title"]["maxLength"] == 100


def test_parameters_of_path_and_pages(twin: Any) -> None:
    paths = document(twin)["paths"]
    (pk,) = paths["/guarded/{pk}/"]["get"]["parameters"]
    assert (pk["name"], pk["in"], pk["schema"]["pattern"]) == ("pk", "path", "^(?:[^/.]+)$")
    assert [p["name"] for p in paths["/sized/"]["get"]["parameters"]] == ["p", "page_size"]


def test_answers_and_errors(twin: Any) -> None:
    found = document(twin)
    create = found["paths"]["/guarded/"]["post"]
    assert sorted(create["responses"]) == ["201", "400", "401", "403", "406", "415", "429"]
    assert create["security"] == [{"header": []}]
    assert "content" not in found["paths"]["/guarded/{pk}/"]["delete"]["responses"]["204"]
    page = found["paths"]["/pages/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(found["components"]["schemas"][page["$ref"].rpartition("/")[2]]["properties"]) == {
        "count", "next", "previous", "results",
    }  # fmt: skip


def test_only_operations_served_here_are_told(twin: Any) -> None:
    paths = document(twin)["paths"]
    assert sorted(paths["/guarded/{pk}/"]) == ["delete", "get", "put"]
    assert "/guarded.json" not in paths


def test_the_page_for_people(twin: Any) -> None:
    answer = twin.modern.ask({"method": "GET", "path": "/docs"})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
