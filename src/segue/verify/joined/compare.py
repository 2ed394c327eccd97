"""Two answers and their effects → what differs."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from .hashing import told

# What the server in front writes, or the framing of a body: no part of an answer. Everything else is compared.
_OF_SERVERS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "upgrade"}
)
_COOKIE_VALUE = re.compile(r"^([^=]+)=([^;]*)")
_EXPIRES = re.compile(r"expires=[^;]+", re.IGNORECASE)
ABSENT = "(absent)"


def answer_of(raw: dict[str, Any], effects: dict[str, Any], method: str = "") -> dict[str, Any]:
    """A comparable form: parsed JSON, headers but the server's own, effects. ``raw`` has status, headers (pairs), body."""
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    for name, value in raw["headers"]:
        low = name.lower()
        if low == "set-cookie":
            found = _COOKIE_VALUE.match(value)
            if found:
                rest = _EXPIRES.sub("expires=*", value[found.end() :])
                shown = "" if found[2] in ("", '""') else "*"
                cookies[found[1]] = shown + ";".join(
                    sorted(p.strip().lower() for p in rest.split(";") if p.strip())
                )
        elif low in ("vary", "allow"):
            # Sets: their order is not part of the contract, and that of @api_view's Allow is Python's hash seed's.
            headers[low] = ", ".join(sorted(p.strip().lower() for p in value.split(",") if p.strip()))
        elif low.startswith("content-security-policy"):
            # The order of the directives means nothing, and django-csp's is that of Python's hash seed.
            headers[low] = "; ".join(sorted(p.strip() for p in value.split(";") if p.strip()))
        elif low not in _OF_SERVERS or (low == "content-length" and method == "HEAD"):
            headers[low] = value
    body: Any = raw["body"]
    if headers.get("content-encoding") == "gzip":
        # Django hides the length of what it compresses: no two answers are the same bytes.
        body = gzip.decompress(body) if body else body
        headers.pop("content-length", None)
    kind = headers.get("content-type", "")
    if raw["status"] >= 500 and not kind.startswith("application/json"):
        # The page of an uncaught error is the server's, not the API's.
        body, headers = None, {k: v for k, v in headers.items() if k == "x-segue-unserved"}
    elif kind.startswith("application/json") and body:
        try:
            body = json.loads(body)
        except ValueError:
            body = body.decode("utf-8", "replace")
    else:
        body = body.decode("utf-8", "replace")
    return {
        "status": raw["status"],
        "headers": headers,
        "cookies": cookies,
        "body": body,
        "effects": plain(effects),
    }


def left_to_django(answer: dict[str, Any]) -> bool:
    """Whether FastAPI said that it did nothing and Django should answer, and indeed did nothing."""
    return answer["status"] == 501 and "x-segue-unserved" in answer["headers"] and not answer["effects"]


def disagreements(django: dict[str, Any], fastapi: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """:func:`differences` of two answers.

    Django states the length of a HEAD's body only with ``CommonMiddleware``; where it does not, its server
    decides, and a length that FastAPI states is no difference.
    """
    if "content-length" not in django["headers"] and "content-length" in fastapi["headers"]:
        headers = {k: v for k, v in fastapi["headers"].items() if k != "content-length"}
        fastapi = {**fastapi, "headers": headers}
    return differences(django, fastapi)


def differences(one: Any, other: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Paths where two values differ, with both values; types count (1, 1.0, True and "1" are four things)."""
    if isinstance(one, dict) and isinstance(other, dict):
        out: list[tuple[str, Any, Any]] = []
        for key in [*one, *(k for k in other if k not in one)]:
            place = f"{path}.{key}" if path else str(key)
            if key not in one:
                out.append((place, ABSENT, other[key]))
            elif key not in other:
                out.append((place, one[key], ABSENT))
            else:
                out.extend(differences(one[key], other[key], place))
        return out
    if isinstance(one, list) and isinstance(other, list):
        out = []
        if len(one) != len(other):
            out.append((f"{path}.length", len(one), len(other)))
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            out.extend(differences(left, right, f"{path}[{index}]"))
        return out
    if type(one) is not type(other) or one != other:
        return [(path, one, other)]
    return []


def reordered(one: Any, other: Any) -> bool:
    """Whether equal bodies have their keys in another order."""
    return bool(one == other) and json.dumps(one) != json.dumps(other)


def general(path: str) -> str:
    """A path with its list positions left open: ``body.results[*].created``."""
    return re.sub(r"\[\d+\]", "[*]", path)


_SHAPES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:\.\d+)?"), r"<moment\1>"),
    (re.compile(r"[0-9a-f]{16,}"), "<hex>"),
    (re.compile(r"[A-Za-z0-9_\-]{20,}"), "<token>"),
    (re.compile(r"\d+"), "<n>"),
)


def shape(value: Any) -> Any:
    """What stays the same of a value that is new each time: its type and the form of its text."""
    if isinstance(value, str):
        for pattern, name in _SHAPES:
            value = pattern.sub(name, value)
        return value
    return type(value).__name__


def plain(value: Any) -> Any:
    """As JSON can carry it; types that JSON lacks are named."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, str):
        return told(value)
    if isinstance(value, int | float | bool) or value is None:
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return f"{type(value).__name__}:{value}"
