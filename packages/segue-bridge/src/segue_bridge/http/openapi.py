"""What OpenAPI says of the contract: parameters, bodies, security, errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from segue_bridge.http.media import JSON as JSON_TYPE
from segue_bridge.http.resource import Resource

_REF = "#/components/schemas/{model}"
_MEDIA = {"json": JSON_TYPE, "form": "application/x-www-form-urlencoded", "multipart": "multipart/form-data"}
_PENDING: dict[str, dict[str, Any]] = {}


def operation_extra(
    resource: Resource,
    method: str,
    body: type[BaseModel] | None,
    parameters: Sequence[dict[str, Any]],
    *,
    partial: bool = False,
) -> dict[str, Any]:
    """The ``openapi_extra`` of one operation."""
    described = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{regex}$"}}
        for name, regex in ((n, resource.parameters.get(n, "[^/.]+")) for n in _names(resource.path))
    ]
    described.extend(parameters)
    extra: dict[str, Any] = {"responses": _errors(resource, method, bool(described), body is not None)}
    if described:
        extra["parameters"] = described
    if body is not None:
        name = _schema(body, partial=partial or method == "PATCH")
        content = {_MEDIA[p]: {"schema": {"$ref": _REF.format(model=name)}} for p in resource.parsers}
        extra["requestBody"] = {"required": True, "content": content}
    if resource.authentication is not None and resource.authentication.authenticators:
        extra["security"] = [{_scheme(a): []} for a in resource.authentication.authenticators]
    return extra


def install(app: FastAPI) -> None:
    """Make ``app.openapi()`` include the write models and security schemes of its operations."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            components = schema.setdefault("components", {})
            components["schemas"] = {
                **components.get("schemas", {}), **_PENDING, "Error": _ERROR
            }  # fmt: skip
            components["securitySchemes"] = _SECURITY
            for path in schema.get("paths", {}).values():
                for operation in path.values():
                    if isinstance(operation, dict):
                        # FastAPI's 422 never happens here: bad input is 400 with DRF's body.
                        operation.get("responses", {}).pop("422", None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


_ERROR = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "sessionid"},
    "basic": {"type": "http", "scheme": "basic"},
    "token": {"type": "apiKey", "in": "header", "name": "Authorization"},
}


def _scheme(authenticator: object) -> str:
    name = type(authenticator).__name__
    return {"SessionAuthentication": "session", "BasicAuthentication": "basic"}.get(name, "token")


def _errors(resource: Resource, method: str, lookup: bool, body: bool) -> dict[str, Any]:
    reference = {"content": {JSON_TYPE: {"schema": {"$ref": _REF.format(model="Error")}}}}
    out: dict[str, Any] = {}
    if body:
        out["400"] = {
            "description": "Invalid input: errors by field.",
            "content": {JSON_TYPE: {"schema": {"type": "object"}}},
        }
    authentication = resource.authentication
    if authentication is not None and authentication.challenge:
        out["401"] = {"description": "Not authenticated.", **reference}
    out["403"] = {"description": "Not permitted.", **reference}
    if lookup:
        out["404"] = {"description": "Not found.", **reference}
    return out


def _schema(model: type[BaseModel], *, partial: bool) -> str:
    """Keep the model's JSON schema for :func:`install`; returns its name."""
    schema = model.model_json_schema(ref_template=_REF, mode="validation")
    for name, definition in schema.pop("$defs", {}).items():
        _PENDING.setdefault(name, definition)
    name = model.__name__
    if partial:
        name = f"{name}Partial"
        schema.pop("required", None)
    _PENDING[name] = schema
    return name


def _names(path: str) -> list[str]:
    return [part.partition("}")[0] for part in path.split("{")[1:]]
