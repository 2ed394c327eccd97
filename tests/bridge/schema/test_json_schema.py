"""The JSON schema of write models: what OpenAPI says is what is accepted."""

from __future__ import annotations

import warnings
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import Field

from segue_bridge.schema import fields as f
from segue_bridge.schema.model import WriteModel
from segue_bridge.schema.unset import UNSET


class TagWrite(WriteModel):
    """A tag."""

    label: Annotated[str, f.Slug(max_length=9)]


class ThingWrite(WriteModel):
    """Input of ThingSerializer."""

    title: Annotated[str, f.Char(max_length=5, help="Short.")]
    note: Annotated[str, f.Char(blank=True)] = UNSET
    count: Annotated[int | None, f.Integer(min_value=1, max_value=9, null=True)] = 3
    state: Annotated[Any, f.Choice([("a", "A"), ("b", "B")])] = "a"
    when: Annotated[datetime, f.DateTime()] = Field(default_factory=datetime.now)
    author: Annotated[int, f.Pk()]
    tags: Annotated[Any, f.NestedList(TagWrite, empty=False)]
    first: Annotated[Any, f.Nested(TagWrite, null=True)] = UNSET
    json_: Annotated[Any, f.Json(name="json")] = UNSET


def test_model_schema() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = ThingWrite.model_json_schema()
    properties = schema["properties"]
    assert schema["required"] == ["title", "author", "tags"]
    assert properties["title"] == {"type": "string", "maxLength": 5, "minLength": 1, "description": "Short."}
    assert properties["note"] == {"type": "string"}
    assert properties["count"] == {
        "anyOf": [{"type": "integer", "maximum": 9, "minimum": 1}, {"type": "null"}],
        "default": 3,
    }
    assert properties["state"] == {"enum": ["a", "b"], "default": "a"}
    assert properties["when"] == {"type": "string", "format": "date-time"}
    tag = TagWrite.model_json_schema()
    assert properties["tags"] == {"type": "array", "items": tag, "minItems": 1}
    assert properties["first"] == {"anyOf": [tag, {"type": "null"}]}
    assert "json" in properties
    assert tag["required"] == ["label"]


def test_openapi_of_a_route() -> None:
    app = FastAPI()

    @app.post("/things/")
    def create(body: ThingWrite) -> None:
        """Never called: only the description matters."""

    assert app.openapi()["components"]["schemas"]["ThingWrite"] == ThingWrite.model_json_schema()


def test_names_that_python_or_pydantic_keep_for_themselves() -> None:
    form = ThingWrite.collect({"title": "x", "author": 1, "tags": [1], "json": {"a": 1}})
    assert form["json"] == {"a": 1}
    assert "json_" not in form
