"""What OpenAPI says of the contract: parameters, bodies, security, errors.

FastAPI describes paths and responses (``response_model``); this adds what only the resources know, when
``/openapi.json`` is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import UnionType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter

from segue_bridge.http import media
from segue_bridge.http.negotiation import media_parsed
from segue_bridge.http.resource import Operation, Resource

_REF = "#/components/schemas/{model}"
_NUMBER = "[0-9]+"
_BODILESS = ("204", "205", "304")


def install(app: FastAPI, resources: Any) -> None:
    """Make ``app.openapi()`` tell the contract. ``resources()`` gives those of the application."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                openapi_version=app.openapi_version,
                summary=app.summary,
                description=app.description,
                terms_of_service=app.terms_of_service,
                contact=app.contact,
                license_info=app.license_info,
                routes=app.routes,
                tags=app.openapi_tags,
                servers=app.servers,
            )
            http = getattr(app.state, "http", None)
            own = http is not None and http.error_handler is not None
            app.openapi_schema = complete(schema, resources(), own_errors=own)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def complete(
    schema: dict[str, Any], resources: Iterable[Resource], *, own_errors: bool = False
) -> dict[str, Any]:
    """``schema`` with parameters, bodies, security and errors of every operation.

    ``own_errors``: the project's own exception handler answers errors, with any body and status.
    """
    components = schema.setdefault("components", {})
    models = Models(components.setdefault("schemas", {}))
    schemes: dict[str, Any] = {}
    for resource in dict.fromkeys(resources):
        path = schema.get("paths", {}).get(resource.path)
        for method, operation in resource.operations.items():
            entry = (path or {}).get(method.lower())
            if entry is not None:
                _describe(entry, resource, method, operation, models, schemes)
                _describe_answers(entry, resource, method, operation, own_errors=own_errors)
    if schemes:
        components.setdefault("securitySchemes", {}).update(schemes)
    return schema


class Models:
    """Component schemas by name; two models of one name are told apart by their modules."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self.schemas = schemas
        self._names: dict[tuple[Any, bool], str] = {}
        schemas["Error"] = {
            "title": "Error",
            "type": "object",
            "properties": {"detail": {"type": "string"}},
            "required": ["detail"],
        }
        schemas["Errors"] = {
            "title": "Errors",
            "description": "Texts by field, nested as the input is; a list where nothing is by field.",
            "anyOf": [{"type": "object"}, {"type": "array", "items": {"type": "string"}}],
        }

    def reference(self, model: Any, *, partial: bool) -> dict[str, Any]:
        """The schema of a body: a reference for a model, any of them for a union of models, else its own schema."""
        if isinstance(model, UnionType):
            return {"anyOf": [self.reference(one, partial=partial) for one in model.__args__]}
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return self._own(TypeAdapter(model).json_schema(ref_template=_REF))
        known = self._names.get((model, partial))
        if known is None:
            known = self._names[model, partial] = self._name(model, partial)
            found = self._own(model.model_json_schema(ref_template=_REF, mode="validation"))
            if partial:
                found.pop("required", None)
            self.schemas[known] = found
        return {"$ref": _REF.format(model=known)}

    def _own(self, schema: dict[str, Any]) -> dict[str, Any]:
        for name, definition in schema.pop("$defs", {}).items():
            self.schemas.setdefault(name, definition)
        return schema

    def _name(self, model: type[BaseModel], partial: bool) -> str:
        name = f"{model.__name__}Partial" if partial else model.__name__
        return f"{model.__module__.replace('.', '_')}_{name}" if name in self.schemas else name


def _describe(
    entry: dict[str, Any],
    resource: Resource,
    method: str,
    operation: Operation,
    models: Models,
    schemes: dict[str, Any],
) -> None:
    parameters = [*path_parameters(resource), *operation.parameters]
    if parameters:
        entry["parameters"] = parameters
    if operation.body is not None:
        partial = operation.partial or method == "PATCH"
        schema = models.reference(operation.body, partial=partial)
        if operation.envelope:
            schema = {"type": "object", "properties": {operation.envelope: schema}}
        content = {media_parsed(parser): {"schema": schema} for parser in resource.parsers}
        # No body at all is read as an empty one, which PATCH takes.
        entry["requestBody"] = {"required": not partial, "content": content}
    if resource.authentication is not None and resource.authentication.authenticators:
        security: list[dict[str, list[str]]] = []
        for authenticator in resource.authentication.authenticators:
            name, scheme = _scheme(authenticator, resource)
            schemes[name] = scheme
            security.append({name: []})
        # Without a permission anybody may ask; credentials are looked at all the same.
        entry["security"] = security if resource.guarded else [*security, {}]


def _describe_answers(
    entry: dict[str, Any], resource: Resource, method: str, operation: Operation, *, own_errors: bool
) -> None:
    responses = entry.setdefault("responses", {})
    # FastAPI's own 422 never happens here: bad input is 400 with DRF's body.
    responses.pop("422", None)
    if resource.plain:
        _describe_plain(responses, resource, operation)
        return
    if resource.render is not None:
        # What a renderer of the project makes of the data is known to its code alone.
        for status, response in responses.items():
            if status not in _BODILESS:
                response["content"] = {media.JSON: {}}
    for status in operation.answers:
        text = HTTPStatus(status).phrase
        content: dict[str, Any] = {} if str(status) in _BODILESS else {"content": {media.JSON: {}}}
        responses.setdefault(str(status), {"description": text, **content})
    if own_errors:
        text = "Refused: status and body are what the project's exception handler makes of it."
        responses["4XX"] = {"description": text, "content": {media.JSON: {}}}
        return
    challenged = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    for status, (text, name) in _errors(resource, method, operation).items():
        schema = {} if resource.render is not None else {"schema": {"$ref": _REF.format(model=name)}}
        response = {"description": text, "content": {media.JSON: schema}}
        if status == "401":
            response["headers"] = challenged
        responses.setdefault(status, response)


def _describe_plain(responses: dict[str, Any], resource: Resource, operation: Operation) -> None:
    """Of a plain view of Django's: data or a text by what its code answers, redirects and 405 without a body, pages for all else."""
    either: dict[str, Any] = {media.JSON: {}, media.HTML: {}}
    for known, response in responses.items():
        if known.startswith("3"):
            response.pop("content", None)
    for status in operation.answers:
        bare = 300 <= status < 400 or str(status) in _BODILESS or status == 405
        content: dict[str, Any] = {} if bare else {"content": dict(either)}
        responses.setdefault(str(status), {"description": HTTPStatus(status).phrase, **content})
    if resource.guarded:
        responses.setdefault("302", {"description": "To the log-in page."})
    responses.setdefault("405", {"description": "Method Not Allowed"})
    responses["4XX"] = {"description": "Refused, by the view or with a page.", "content": dict(either)}


def path_parameters(resource: Resource) -> list[dict[str, Any]]:
    """The URL's arguments; numbers where Django's pattern takes nothing else."""
    found = []
    for name in resource.arguments:
        regex = resource.parameters.get(name, "[^/.]+")
        schema: Mapping[str, Any] = {"type": "string", "pattern": f"^(?:{regex})$"}
        if regex == _NUMBER:
            schema = {"type": "integer", "minimum": 0}
        found.append({"name": name, "in": "path", "required": True, "schema": dict(schema)})
    return found


def _errors(resource: Resource, method: str, operation: Operation) -> dict[str, tuple[str, str]]:
    out: dict[str, tuple[str, str]] = {}
    # A write without a body may still be refused by the state of what it changes.
    if operation.body is not None or operation.parameters or method in ("POST", "PUT", "PATCH", "DELETE"):
        out["400"] = ("Invalid input, by field.", "Errors")
    authentication = resource.authentication
    # A view with a challenge of its own gives tokens: it refuses who asks, without any authenticator.
    asks = authentication is not None and bool(authentication.authenticators)
    if resource.challenge is not None or (asks and resource.challenged()):
        out["401"] = ("Not authenticated.", "Error")
    if resource.guarded or asks:
        out["403"] = ("Not permitted.", "Error")
    if resource.arguments or operation.parameters:
        out["404"] = ("Not found.", "Error")
    out["406"] = ("No renderer fits the Accept header.", "Error")
    if operation.body is not None:
        out["415"] = ("The body's media type is not supported.", "Error")
    if resource.throttled:
        out["429"] = ("Too many requests.", "Error")
    return out


def _scheme(authenticator: Any, resource: Resource) -> tuple[str, dict[str, Any]]:
    """The security scheme of an authenticator, told by its challenge; sessions have none."""
    challenge = authenticator.challenge
    kind = (challenge or "").partition(" ")[0]
    if not challenge and resource.authentication is not None and resource.authentication.sessions is not None:
        name = resource.authentication.sessions.settings.cookie_name
        return "session", {"type": "apiKey", "in": "cookie", "name": name}
    if kind in ("Basic", "Bearer"):
        return kind.lower(), {"type": "http", "scheme": kind.lower()}
    label = kind.lower() or type(authenticator).__name__
    text = f"`Authorization: {kind} <key>`" if kind else type(authenticator).__name__
    return label, {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}
