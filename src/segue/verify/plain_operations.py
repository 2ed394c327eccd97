"""What is told of an operation of a plain view beside what every operation has: the names that its code reads, and how it is asked."""

from __future__ import annotations

import re
from typing import Any

from segue.snapshot import plain
from segue.snapshot.model import Operation, Route, Snapshot

_QUERY = re.compile(r"""\.GET(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")
_POSTED = re.compile(r"""\.POST(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")
_FILES = re.compile(r"""\.FILES(?:\.get|\.getlist)?[\(\[]\s*["']([\w.-]+)["']""")
_LOADED = re.compile(r"(\w+)(?:\s*:[^=\n]+)?\s*=\s*json\.loads\(")
_ASKED = re.compile(r"""["']([\w.-]+)["']\s+(?:not\s+)?in\s+(?:\w+\.)*(?:POST|GET)\b""")


def told(snapshot: Snapshot, route: Route, operation: Operation) -> dict[str, Any]:
    """``plain``, ``csrf`` (a token is asked for), ``forms`` (the body is read as a form), ``model`` (of the rows that arguments of the
    URL name, by the code), ``file_keys``, ``query_keys`` and ``data_keys``."""
    view = snapshot.views[route.view]
    last = route.parameters[-1] if route.parameters else None
    by_key = last is not None and (last.converter in ("int", "uuid") or last.name.endswith(("pk", "id")))
    functions = list(plain.reached(snapshot, view, operation))
    own = [f for f in functions if not f.where.file.startswith("/")]
    texts = [f.source for f in own]
    data: set[str] = set()
    for text in texts:
        data.update(_POSTED.findall(text))
        for name in set(_LOADED.findall(text)):
            data.update(re.findall(rf"""\b{name}(?:\.get|\.pop)?[\(\[]\s*["']([\w.-]+)["']""", text))
    asked = {name for text in texts for name in _ASKED.findall(text)}
    return {
        "plain": True,
        "lookup_kwarg": last.name if last is not None else "pk",
        "lookup": last.name if last is not None and not by_key else "pk",
        "csrf": not view.csrf_exempt and operation.method not in ("GET", "HEAD", "OPTIONS"),
        "forms": any(".POST" in text for text in texts) and not any("json.loads(" in text for text in texts),
        "model": _model(snapshot, own[:1]) or _model(snapshot, own),
        "file_keys": sorted({name for text in texts for name in _FILES.findall(text)}),
        "query_keys": sorted({name for text in texts for name in _QUERY.findall(text)} | asked),
        "data_keys": sorted(data | (asked if operation.method == "POST" else set())),
    }


def _model(snapshot: Snapshot, functions: list[Any]) -> str:
    """The model that the code names first."""
    labels = {model.cls: label for label, model in snapshot.models.items() if not model.abstract}
    for function in functions:
        named = [
            (function.source.find(key), ref.name)
            for key, ref in function.globals.items()
            if ref.kind == "model"
        ]
        found = next((labels[name] for _, name in sorted(named) if name in labels), "")
        if found:
            return found
    return ""


__all__ = ["told"]
