"""A hashable picture of a value: equal pictures translate to equal text and touch the same sites."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable

from segue.translate.interp.value import Val
from segue.translate.kinds import Kind
from segue.translate.needs import Needs


def shape_of(value: object) -> Hashable:
    """Picture of a kind, value or plain object; sites count by identity, and by whether their objects may be written by then."""
    if isinstance(value, Val):
        return ("val", shape_of(value.kind), value.text)
    if isinstance(value, Needs):
        return ("site", value.serial, value.written)
    key = getattr(value, "key", None)
    if key is not None and not isinstance(value, Kind):
        return ("keyed", type(value).__name__, key)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(shape_of(getattr(value, f.name)) for f in dataclasses.fields(value)))
    if isinstance(value, dict):
        return ("dict", *((shape_of(k), shape_of(v)) for k, v in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        return (type(value).__name__, *(shape_of(v) for v in value))
    try:
        hash(value)
    except TypeError:
        return ("id", id(value))
    return (type(value).__name__, value)
