"""Snapshot → bytes; the same snapshot always gives the same bytes."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

from segue.files import write_atomic
from segue.snapshot.load import no_collection
from segue.snapshot.model import Snapshot


def dump(snapshot: Snapshot) -> str:
    """JSON text, keys in the order of the dataclasses, fields at their default left out.

    One line per entry (route, view, class, ...), so that two snapshots can be compared with ``diff``.
    Mappings keep the order of the project (fields, policies, ...); the probe has sorted the
    ones whose order means nothing.
    """
    with no_collection():
        return _document(snapshot)


def _document(snapshot: Snapshot) -> str:
    parts = []
    for key, value in _plain(snapshot).items():
        if isinstance(value, dict) and value:
            entries = ",\n".join(f"  {_text(name)}: {_text(item)}" for name, item in value.items())
            parts.append(f" {_text(key)}: {{\n{entries}\n }}")
        elif isinstance(value, list) and value:
            parts.append(f" {_text(key)}: [\n" + ",\n".join(f"  {_text(item)}" for item in value) + "\n ]")
        else:
            parts.append(f" {_text(key)}: {_text(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def save(snapshot: Snapshot, path: Path) -> None:
    """Write the snapshot to ``path`` atomically, readable by its owner's group as usual files are."""
    write_atomic(path, dump(snapshot))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


_SCALARS = frozenset((str, int, float, bool, type(None)))


@cache
def _fields(cls: Any) -> tuple[tuple[str, Any], ...]:
    result = []
    for field in dataclasses.fields(cls):
        default = field.default
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        result.append((field.name, default))
    return tuple(result)


def _plain(value: Any) -> Any:
    cls: Any = type(value)
    if cls in _SCALARS:
        return value
    if cls is tuple or cls is list:
        return [_plain(item) for item in value]
    if cls is dict:
        return {key: _plain(item) for key, item in value.items()}
    result = {}
    for name, default in _fields(cls):
        item = getattr(value, name)
        # the type as well: False == 0
        if default is dataclasses.MISSING or item != default or type(item) is not type(default):
            result[name] = item if type(item) in _SCALARS else _plain(item)
    return result
