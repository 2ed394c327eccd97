"""OPTIONS metadata of a serializer (``actions["POST"]``), written down as data."""

from __future__ import annotations

import math
import re
from typing import Any

from segue.refusal import refuse
from segue.snapshot.model import SerializerField, Value
from segue.translate.context import Context
from segue.translate.language import vary
from segue.translate.serializers.facts import base_name, serializer_of
from segue.translate.serializers.show import NESTED
from segue.translate.serializers.untouched import asks_requests


def actions(ctx: Context, serializer_name: str) -> str:
    """The literal dict that ``SimpleMetadata.get_serializer_info`` gives for the serializer."""
    return repr(info(ctx, serializer_name))


def info(ctx: Context, serializer_name: str) -> dict[str, Any]:
    """The same as data. Refuses what is not plain."""
    serializer = serializer_of(ctx, serializer_name)
    if vary(ctx):
        raise refuse(
            "metadata",
            serializer_name,
            "Its labels and help texts are others in other languages.",
            serializer.where,
        )
    if asks_requests(ctx, serializer_name):
        why = "Its own code changes its fields by what the request brings."
        raise refuse("metadata", serializer_name, why, serializer.where)
    return {item.name: _field(ctx, item) for item in serializer.fields if base_name(item) != "HiddenField"}


def _field(ctx: Context, item: SerializerField) -> dict[str, Any]:
    base = base_name(item)
    if base in NESTED:
        return {**_nested(item, "nested object"), "children": info(ctx, item.serializer)}
    if base == "ListSerializer":
        child = {**_bare("nested object", item.child), "children": info(ctx, item.serializer)}
        return {**_nested(item, "field"), "child": child}
    return {key: _plain(value, item) for key, value in item.metadata.items()}


def _nested(item: SerializerField, type_: str) -> dict[str, Any]:
    found = _bare(type_, item)
    for key in ("min_length", "max_length"):
        value = item.kwargs.get(key)
        if value is not None and value.data is not None:
            found[key] = value.data
    return found


def _bare(type_: str, item: SerializerField | None) -> dict[str, Any]:
    if item is None:
        return {"type": type_}
    found: dict[str, Any] = {"type": type_, "required": item.required, "read_only": item.read_only}
    if item.label:
        found["label"] = item.label
    if item.help_text:
        found["help_text"] = item.help_text
    return found


def _plain(value: Value, item: SerializerField) -> Any:
    """``value`` as DRF's encoder writes it: a Decimal is a number there, whatever ``COERCE_DECIMAL_TO_STRING`` says."""
    text = str(value.data)
    if value.kind == "decimal" and math.isfinite(float(text)):
        return float(text)
    if value.kind == "datetime":
        return re.sub(r"\+00:00$", "Z", text)
    if value.kind in ("const", "lazy", "date", "uuid") or (value.kind == "time" and "+" not in text):
        return value.data
    if value.kind in ("list", "tuple", "set"):
        return [_plain(part, item) for part in value.items]
    if value.kind == "dict":
        return {str(_plain(key, item)): _plain(part, item) for key, part in value.pairs}
    raise refuse(
        "metadata", item.name, f"Its OPTIONS metadata holds a {value.name or value.kind}.", item.where
    )
