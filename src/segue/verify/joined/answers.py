"""Answers of FastAPI that are kept for a look at the schema: one of each form, not one of each case."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote

MOST = 60  # kept of one operation
_ALIKE = 3  # kept of one form: other values may break an enumeration or a pattern
_LONGEST = 200_000  # characters of a body


class Answers:
    """Those of one operation, by status, content type and form of the body."""

    def __init__(self, operation: dict[str, Any]) -> None:
        self._method = operation["method"]
        self._path = re.compile(operation["regex"])
        self._seen: dict[Any, int] = {}
        self.kept: list[dict[str, Any]] = []

    def note(self, case: dict[str, Any], answer: dict[str, Any], *, equal: bool) -> None:
        """Keep ``answer`` if it has a form that was not seen ``_ALIKE`` times. ``equal``: Django's is the same.

        Requests that are not the operation's (another method, a path that leads elsewhere) have no schema.
        """
        if case["method"] != self._method or not self._path.match(unquote(case["path"])):
            return
        status = answer["status"]
        given = _given(case) if 200 <= status < 300 else None
        keys = tuple(sorted(given["body"])) if given and isinstance(given["body"], dict) else None
        names = tuple(given["query"]) if given else ()
        form = (status, answer["headers"].get("content-type", ""), shape(answer["body"]), keys, names)
        number = self._seen.get(form, 0)
        if number >= _ALIKE or len(self.kept) >= MOST:
            return
        if number and len(json.dumps(answer["body"], default=str)) > _LONGEST:
            return
        self._seen[form] = number + 1
        query = f"?{case['query']}" if case["query"] else ""
        self.kept.append(
            {
                "request": f"{case['method']} {case['path']}{query}", "persona": case["persona"], "status": status,
                "headers": answer["headers"], "body": answer["body"], "equal": equal, "given": given,
            }
        )  # fmt: skip


def shape(value: Any) -> Any:
    """The form of a JSON value: types by name, the forms that a list holds once each."""
    if isinstance(value, dict):
        return tuple((key, shape(item)) for key, item in sorted(value.items()))
    if isinstance(value, list):
        return ("list", frozenset(shape(item) for item in value))
    return type(value).__name__ if not isinstance(value, str) else "text" if value else "empty"


def _given(case: dict[str, Any]) -> dict[str, Any]:
    """What a request brought: names of query parameters, and its body if that is JSON (else None)."""
    kind = next((v for k, v in case["headers"] if k.lower() == "content-type"), "")
    body: Any = None
    if case["body"] and kind.startswith("application/json"):
        try:
            body = json.loads(case["body"])
        except ValueError:
            body = None
    return {
        "query": sorted({k for k, _ in parse_qsl(case["query"], keep_blank_values=True)}),
        "empty": not case["body"],
        "body": body,
    }
