"""Swagger 2.0 documents, as drf-yasg makes them, as OpenAPI 3.0.

Source: the Swagger 2.0 and OpenAPI 3.0 specifications; ``x-nullable`` is drf-yasg's (``drf_yasg.inspectors``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_NOT_OF_SCHEMAS = ("name", "in", "required", "description", "collectionFormat", "allowEmptyValue")


def as_openapi3(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw``, whose ``swagger`` is ``2.0``, as a document of OpenAPI 3.0: paths, parameters, bodies, answers and schemas.
    What says nothing of requests and answers (security, tags) is left out."""
    base = str(raw.get("basePath", "")).rstrip("/")
    return {
        "openapi": "3.0.3",
        "info": raw.get("info", {}),
        "paths": {f"{base}{path}": _item(item, raw) for path, item in raw.get("paths", {}).items()},
        "components": {
            "schemas": {name: _schema(schema) for name, schema in raw.get("definitions", {}).items()}
        },
    }


def _item(item: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    shared = [_resolved(p, raw) for p in item.get("parameters", ())]
    return {method: _operation(item[method], shared, raw) for method in _METHODS if method in item}


def _operation(
    given: Mapping[str, Any], shared: Sequence[Mapping[str, Any]], raw: Mapping[str, Any]
) -> dict[str, Any]:
    own = [_resolved(p, raw) for p in given.get("parameters", ())]
    named = {(p["in"], p["name"]) for p in own}
    every = [*own, *(p for p in shared if (p["in"], p["name"]) not in named)]
    produced = given.get("produces", raw.get("produces", ["application/json"]))
    out: dict[str, Any] = {
        "parameters": [_parameter(p) for p in every if p["in"] not in ("body", "formData")],
        "responses": {
            str(status): _response(_resolved(response, raw), produced)
            for status, response in given.get("responses", {}).items()
        },
    }
    consumed = given.get("consumes", raw.get("consumes", ["application/json"]))
    body = _body([p for p in every if p["in"] in ("body", "formData")], consumed)
    return {**out, "requestBody": body} if body else out


def _body(given: Sequence[Mapping[str, Any]], consumed: Sequence[str]) -> dict[str, Any]:
    for parameter in given:
        if parameter["in"] == "body":
            schema = _schema(parameter.get("schema", {}))
            return {
                "required": bool(parameter.get("required")),
                "content": {kind: {"schema": schema} for kind in consumed},
            }
    if not given:
        return {}
    required = [p["name"] for p in given if p.get("required")]
    schema = {"type": "object", "properties": {p["name"]: _schema(_bare(p)) for p in given}}
    if required:
        schema["required"] = required
    kinds = [kind for kind in consumed if kind in _FORMS] or [_FORMS[0]]
    return {"required": bool(required), "content": {kind: {"schema": schema} for kind in kinds}}


def _parameter(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"], "in": given["in"], "required": bool(given.get("required")), "schema": _schema(_bare(given)),
    }  # fmt: skip


def _bare(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """The schema that stands in a parameter itself."""
    return {k: v for k, v in parameter.items() if k not in _NOT_OF_SCHEMAS}


def _response(given: Mapping[str, Any], produced: Sequence[str]) -> dict[str, Any]:
    out: dict[str, Any] = {"description": given.get("description", "")}
    if "schema" in given:
        schema = _schema(given["schema"])
        out["content"] = {kind: {"schema": schema} for kind in produced}
    return out


def _schema(value: Any) -> Any:
    if isinstance(value, list):
        return [_schema(v) for v in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("type") == "file":
        return {"type": "string", "format": "binary"}
    out = {k: _schema(v) for k, v in value.items() if k not in ("x-nullable", "discriminator")}
    reference = out.get("$ref")
    if isinstance(reference, str):
        out["$ref"] = reference.replace("#/definitions/", "#/components/schemas/", 1)
    if value.get("x-nullable") is True:
        out["nullable"] = True
    return out


def _resolved(value: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """``value``, or the shared parameter or response that it names."""
    reference = value.get("$ref", "")
    for place in ("parameters", "responses"):
        if reference.startswith(f"#/{place}/"):
            found: Mapping[str, Any] = raw[place][reference.removeprefix(f"#/{place}/")]
            return found
    return value
