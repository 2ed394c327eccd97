"""A difference as it may be written: no credentials, no bodies, only the places that differ."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segue.shadow.judge import Kind, Verdict
from segue.verify.joined.redact import Redactor
from segue.verify.replay.recorded import Recorded

PLACES = 20
LONGEST = 300  # characters of a text
_TOLD = ("accept", "accept-language", "content-type", "if-none-match", "if-modified-since", "range")
_PUBLIC = (
    *_TOLD, "accept-encoding", "cache-control", "connection", "content-length", "dnt", "host", "origin", "pragma", "priority", "referer", "user-agent",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id",
)  # fmt: skip
_PERSONAL = ("authorization", "cookie", "proxy-authorization")


def redactor(read: Recorded, route: str, answers: Sequence[Any], fields: Sequence[str]) -> Redactor:
    """One who knows what of ``read`` is private: credentials of its headers, parts of its path that ``route`` (``/reset/{token}/``) names so,
    and private values of ``answers`` (bodies), so that they are hidden wherever they stand. ``fields`` are names of ``[verify] redact``.
    """
    by = Redactor(fields)
    for name, value in read.headers:
        low = name.lower()
        if low not in _PUBLIC and not low.startswith("sec-"):
            _learn(by, low, value)
    for name, value in _of_path(route, read.path).items():
        if by.private(name):
            by.secret(value)
    for answer in answers:
        by.learn(answer)
    return by


def example(read: Recorded, verdict: Verdict, by: Redactor) -> dict[str, Any]:
    """The request and the differing places of ``verdict`` as :func:`segue.verify.evidence.operation_from_json` takes them."""
    assert verdict.kind is Kind.DIFFERENT
    known = any(name.lower() in _PERSONAL for name, _ in read.headers)
    django, fastapi = verdict.statuses
    return {
        "what": "a live read",
        "persona": "a user" if known else "somebody who is not logged in",
        "method": read.method,
        "path": by.text(read.path),
        "query": by.query(read.query),
        "headers": [
            [name, by.value(value, name)[:LONGEST]] for name, value in read.headers if name.lower() in _TOLD
        ],
        "body": "",
        "kind": "status" if django != fastapi else "body",
        "django": {"status": django},
        "fastapi": {"status": fastapi},
        "differences": [_place(place, by) for place in verdict.places[:PLACES]],
    }


def hidden(verdict: Verdict, by: Redactor) -> Verdict:
    """The same with paths as they may be written: keys of a body may be anybody's address."""
    return replace(
        verdict, places=tuple((by.text(path), left, right) for path, left, right in verdict.places)
    )


def _of_path(route: str, path: str) -> dict[str, str]:
    pattern = re.sub(r"\\\{(\w+)\\\}", "(?P<\\1>.+)", re.escape(route))
    try:
        found = re.fullmatch(pattern, path)
    except re.error:  # a name twice
        return {}
    return found.groupdict() if found else {}


def _learn(by: Redactor, name: str, value: str) -> None:
    """A header's value, and the words that it is made of: ``Token abc``, ``sessionid=abc; csrftoken=def`` (names of cookies are no secrets)."""
    by.secret(value)
    if name == "cookie":
        value = " ".join(part.partition("=")[2] for part in value.split(";"))
    for word in re.split(r"[\s;,=]+", value):
        by.secret(word.strip('"'))


def _place(place: tuple[str, Any, Any], by: Redactor) -> list[Any]:
    path, left, right = place
    if path == "body" and (isinstance(left, str) != isinstance(right, str)):
        return [
            path,
            *(f"({len(v)} characters)" if isinstance(v, str) else _short(by.value(v)) for v in place[1:]),
        ]
    if path == "body" and isinstance(left, str) and isinstance(right, str):
        # Text without fields: nobody can say what in it is private.
        begin = next(
            (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b),
            min(len(left), len(right)),
        )
        return [path, *(f"({len(text)} characters, others from {begin} on)" for text in (left, right))]
    # A value below a private name is private, too: body.passwords[0].old
    names = re.sub(r"\[\d+\]", "", path).split(".")
    private = next((name for name in names if by.private(name)), "")
    if private:
        return [by.text(path), *(by.value(_whole(value), private) for value in (left, right))]
    return [by.text(path), _short(by.value(left, names[-1])), _short(by.value(right, names[-1]))]


def _whole(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
    if isinstance(value, dict):
        return {k: _short(v) for k, v in list(value.items())[:PLACES]}
    if isinstance(value, list):
        return [_short(v) for v in value[:PLACES]]
    return value
