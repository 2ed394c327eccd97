"""Effects of a request as lines that people read: rows old → new, mails, tasks, files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def lines(effects: Mapping[str, Any]) -> list[str]:
    """``shop_order 3: status "draft" → "sent"``; one line per row or effect, in a stable order."""
    out: list[str] = []
    for name, value in effects.items():
        if isinstance(value, Mapping) and set(value) <= {"inserted", "deleted", "updated"}:
            out += _rows(name, value)
        elif isinstance(value, list):
            out += [f"{name} {_text(item)}" for item in value]
        elif isinstance(value, Mapping):
            out += [f"{name} {key}: {_text(item)}" for key, item in value.items()]
        else:
            out.append(f"{name} {_text(value)}")
    return out


def _rows(table: str, changes: Mapping[str, Any]) -> Iterator[str]:
    for row in changes.get("inserted", ()):
        shown = (
            ", ".join(f"{k}={_text(v)}" for k, v in row.items()) if isinstance(row, Mapping) else _text(row)
        )
        yield f"{table} + {shown}"
    for key, columns in changes.get("updated", ()):
        shown = ", ".join(f"{name} {_text(old)} → {_text(new)}" for name, (old, new) in columns.items())
        yield f"{table} {_text(key)}: {shown}"
    for key in changes.get("deleted", ()):
        yield f"{table} − {_text(key)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
