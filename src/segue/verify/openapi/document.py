"""An OpenAPI 3.0 or 3.1 document, read by operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

_NAME = re.compile(r"\{[^}]*\}")


class Document:
    """``raw`` as JSON. Schemas are JSON Schema 2020-12 (OpenAPI 3.1, §4.8.24); those of 3.0 are read as such,
    with ``nullable`` turned into a type."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        old = str(raw.get("openapi", "")).startswith("3.0")
        self.raw: dict[str, Any] = _modern(raw) if old else dict(raw)
        self._by_form = {_form(path): path for path in self.raw.get("paths", {})}
        self._validators: dict[int, tuple[Any, Validator]] = {}

    def find(self, path: str) -> str | None:
        """The document's own path for ``/api/books/{pk}/``: names of parameters do not count."""
        return path if path in self.raw.get("paths", {}) else self._by_form.get(_form(path))

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation object with parameters of its path added; None where there is none."""
        known = self.find(path)
        item = self.raw["paths"][known] if known is not None else {}
        found = item.get(method.lower())
        if found is None:
            return None
        own = [self.resolved(p) for p in found.get("parameters", ())]
        named = {(p.get("in"), p.get("name")) for p in own}
        shared = [self.resolved(p) for p in item.get("parameters", ())]
        return {
            **found,
            "parameters": [*own, *(p for p in shared if (p.get("in"), p.get("name")) not in named)],
        }

    def resolved(self, value: Any) -> dict[str, Any]:
        """``value`` itself, or what its ``$ref`` points at."""
        for _ in range(20):
            reference = value.get("$ref") if isinstance(value, Mapping) else None
            if not isinstance(reference, str):
                break
            value = self.raw
            for part in reference.removeprefix("#/").split("/"):
                value = value.get(part.replace("~1", "/").replace("~0", "~"), {})
        return dict(value) if isinstance(value, Mapping) else {}

    def response(self, operation: Mapping[str, Any], status: int) -> dict[str, Any] | None:
        """The response object for ``status`` (exact, ``2XX``, ``default``), None where it is not documented."""
        responses = operation.get("responses", {})
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                return self.resolved(responses[key])
        return None

    def validator(self, schema: Any) -> Validator:
        """Compiled once for each schema object of the document."""
        known = self._validators.get(id(schema))
        if known is None:
            whole = {"allOf": [schema], "components": self.raw.get("components", {})}
            made = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
            known = self._validators[id(schema)] = (schema, made)
        return known[1]


def media_of(content: Mapping[str, Any], kind: str) -> Any:
    """The media type object for a ``Content-Type``, None where there is none."""
    plain = kind.partition(";")[0].strip().lower()
    for name in (kind, plain, f"{plain.partition('/')[0]}/*", "*/*"):
        for given, value in content.items():
            if given.lower() == name.lower() or given.partition(";")[0].strip().lower() == name.lower():
                return value
    return None


def _form(path: str) -> str:
    return _NAME.sub("{}", path)


def _modern(value: Any) -> Any:
    """OpenAPI 3.0's ``nullable`` as a type of null."""
    if isinstance(value, Mapping):
        out = {k: _modern(v) for k, v in value.items() if k != "nullable"}
        if value.get("nullable") is True:
            if "$ref" in out or "allOf" in out or "type" not in out:
                return {"anyOf": [out, {"type": "null"}]}
            out["type"] = [out["type"], "null"]
            if "enum" in out and None not in out["enum"]:
                out["enum"] = [*out["enum"], None]
        return out
    return [_modern(v) for v in value] if isinstance(value, list) else value
