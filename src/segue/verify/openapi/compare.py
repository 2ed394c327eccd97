"""Two documents of one API: where do they say different things, and which one do the answers bear out?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from segue.verify.openapi.document import Document, media_of


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """``generated`` and ``legacy`` say different things at ``where`` of an operation. ``right`` is which of them the
    answers bear out: ``generated``, ``legacy``, ``both``, or '' where no answer tells."""

    operation: str
    where: str
    generated: str
    legacy: str
    right: str = ""


def compare(
    generated: Document, legacy: Document, operations: Mapping[str, tuple[str, str, str]],
    answers: Mapping[str, list[Mapping[str, Any]]],
) -> list[SchemaDifference]:  # fmt: skip
    """``operations``: method, path in ``generated`` and URL of the legacy project, by key."""
    out: list[SchemaDifference] = []
    for key, (method, path, url) in operations.items():
        one, other = generated.operation(method, path), legacy.operation(method, url)
        if one is None or other is None:
            if one is not other:
                out.append(
                    SchemaDifference(key, "operation", _there(one), _there(other), "generated" if one else "")
                )
            continue
        seen = answers.get(key, [])
        out += [
            SchemaDifference(key, *item)
            for item in (
                *_statuses(one, other, seen),
                *_parameters(one, other),
                *_request_bodies(generated, legacy, one, other),
                *_responses(generated, legacy, one, other, seen),
            )
        ]
    return out


Found = Iterator[tuple[str, str, str, str]]


def _there(value: Any) -> str:
    return "documented" if value is not None else "not documented"


def _statuses(one: Mapping[str, Any], other: Mapping[str, Any], seen: Iterable[Mapping[str, Any]]) -> Found:
    met = {str(a["status"]) for a in seen}
    left, right = set(one.get("responses", {})), set(other.get("responses", {}))
    for status in sorted(left - right):
        yield f"status {status}", "documented", "not documented", "generated" if status in met else ""
    for status in sorted(right - left):
        yield f"status {status}", "not documented", "documented", "legacy" if status in met else ""


def _parameters(one: Mapping[str, Any], other: Mapping[str, Any]) -> Found:
    left = {(p["in"], p["name"]): p for p in one["parameters"] if p.get("in") != "path"}
    right = {(p["in"], p["name"]): p for p in other["parameters"] if p.get("in") != "path"}
    for place, name in sorted({*left, *right}):
        a, b = left.get((place, name)), right.get((place, name))
        if a is None or b is None:
            yield f"{place} {name}", _there(a), _there(b), ""
        elif bool(a.get("required")) != bool(b.get("required")):
            yield f"{place} {name}", _needed(a), _needed(b), ""


def _needed(parameter: Mapping[str, Any]) -> str:
    return "required" if parameter.get("required") else "optional"


def _request_bodies(gen: Document, leg: Document, one: Mapping[str, Any], other: Mapping[str, Any]) -> Found:
    left, right = (_json(d.resolved(o.get("requestBody", {}))) for d, o in ((gen, one), (leg, other)))
    if left is None or right is None:
        if left is not right:
            yield "request body", _there(left), _there(right), ""
        return
    yield from _properties(gen, leg, left, right, "request body", None)


def _responses(
    gen: Document,
    leg: Document,
    one: Mapping[str, Any],
    other: Mapping[str, Any],
    seen: list[Mapping[str, Any]],
) -> Found:
    for status in sorted(set(one.get("responses", {})) & set(other.get("responses", {}))):
        left, right = (_json(d.resolved(o["responses"][status])) for d, o in ((gen, one), (leg, other)))
        bodies = [a["body"] for a in seen if str(a["status"]) == status]
        if left is not None and right is not None:
            yield from _properties(gen, leg, left, right, f"{status} body", bodies)
        elif left is not right:
            some = any(b not in (None, "") for b in bodies)
            told = ("generated" if some == (left is not None) else "legacy") if bodies else ""
            yield f"{status} body", _there(left), _there(right), told


def _json(value: Mapping[str, Any]) -> Any:
    found = media_of(value.get("content", {}), "application/json")
    return found.get("schema") if isinstance(found, Mapping) else None


def _properties(
    gen: Document, leg: Document, left: Any, right: Any, where: str, bodies: list[Any] | None, depth: int = 4
) -> Found:
    """Names, types and nullability. ``bodies`` are the values that were seen there; None for requests."""
    one, other = _flat(gen, left), _flat(leg, right)
    if one["types"] != other["types"] and one["types"] and other["types"]:
        yield (
            where,
            " or ".join(sorted(one["types"])),
            " or ".join(sorted(other["types"])),
            _by_type(one, other, bodies),
        )
    if not depth:
        return
    if one["items"] is not None and other["items"] is not None:
        inner = None if bodies is None else [v for b in bodies if isinstance(b, list) for v in b]
        yield from _properties(gen, leg, one["items"], other["items"], f"{where}[]", inner, depth - 1)
    objects = None if bodies is None else [b for b in bodies if isinstance(b, Mapping)]
    for name in sorted({*one["properties"], *other["properties"]}):
        a, b = one["properties"].get(name), other["properties"].get(name)
        if a is None or b is None:
            right_one = ""
            if objects:
                some = any(name in o for o in objects)
                right_one = "generated" if some == (a is not None) else "legacy"
            if one["properties"] and other["properties"]:
                yield f"{where}.{name}", _there(a), _there(b), right_one
            continue
        values = None if objects is None else [o[name] for o in objects if name in o]
        yield from _properties(gen, leg, a, b, f"{where}.{name}", values, depth - 1)


def _flat(document: Document, schema: Any) -> dict[str, Any]:
    """Types, properties and items of a schema, through references and alternatives."""
    out: dict[str, Any] = {"types": set(), "properties": {}, "items": None}
    todo, steps = [schema], 0
    while todo and steps < 40:
        steps += 1
        found = document.resolved(todo.pop())
        for word in ("anyOf", "oneOf", "allOf"):
            todo.extend(found.get(word, ()))
        kinds = found.get("type", ())
        out["types"] |= {kinds} if isinstance(kinds, str) else set(kinds)
        if not kinds and "enum" in found:
            out["types"] |= {_type(v) for v in found["enum"]}
        if "const" in found and not kinds:
            out["types"].add(_type(found["const"]))
        out["properties"].update(found.get("properties", {}))
        out["items"] = found.get("items", out["items"])
    return out


def _by_type(one: Mapping[str, Any], other: Mapping[str, Any], bodies: list[Any] | None) -> str:
    if not bodies:
        return ""
    seen = {_type(v) for v in bodies}
    fits = [all(_allows(side["types"], t) for t in seen) for side in (one, other)]
    return {(True, True): "both", (True, False): "generated", (False, True): "legacy"}.get(
        (fits[0], fits[1]), ""
    )


def _allows(types: set[str], seen: str) -> bool:
    return seen in types or (seen == "integer" and "number" in types)


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "object")
