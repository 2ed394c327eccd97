"""Answers against a document: what does it not allow that was seen?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from segue.verify.evidence import OperationResult, Violation
from segue.verify.openapi.document import Document, media_of
from segue.verify.report.words import short

MOST = 20  # of one operation
_BODILESS = (204, 205, 304)
Found = tuple[str, str, str]  # where, what, and the rule that is broken: one rule at one place is told once


def checked(
    results: Iterable[OperationResult], openapi: Mapping[str, Any], answers: Mapping[str, Any]
) -> Iterator[OperationResult]:
    """``results`` with what the generated document does not allow of ``answers`` (by operation). ``openapi`` is what
    ``joined/openapi.py`` tells."""
    document, paths = Document(openapi["generated"]), openapi["paths"]
    for result in results:
        method, _, route = result.key.partition(" ")
        found = violations(document, method, paths.get(result.function, route), answers.get(result.key, ()))
        yield replace(result, violations=found)


def violations(
    document: Document, method: str, path: str, answers: Iterable[Mapping[str, Any]]
) -> tuple[Violation, ...]:
    """Each kind once, for the operation ``method`` ``path`` of the document.

    ``answers`` as ``joined/answers.py`` keeps them. Checked: the status is documented, the content type, the body by
    its schema, required headers; and of requests that were answered with 2xx, that they brought what is said to be
    required. Answers of 500 and above are nobody's contract and left out.
    """
    operation = document.operation(method, path)
    if operation is None:
        return (Violation(f"{method} {path}", 0, "path", "is not in the document"),)
    found: dict[tuple[str, str], Violation] = {}
    for answer in answers:
        if answer["status"] >= 500:
            continue
        for where, what, rule in [
            *_answer(document, operation, answer),
            *_request(document, operation, answer),
        ]:
            key = (re.sub(r"\[\d+\]", "[*]", where), rule)
            found.setdefault(key, Violation(answer["request"], answer["status"], where, what))
    return tuple(found.values())[:MOST]


def _answer(document: Document, operation: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Found]:
    response = document.response(operation, answer["status"])
    if response is None:
        yield "status", f"{answer['status']} is not documented", str(answer["status"])
        return
    for name, header in response.get("headers", {}).items():
        header = document.resolved(header)
        value = answer["headers"].get(name.lower())
        if value is None:
            if header.get("required"):
                yield f"header {name}", "is documented as required, and was not sent", "required"
        else:
            yield from _errors(document, header.get("schema", {}), _typed(value, header), f"header {name}")
    body, content = answer["body"], response.get("content", {})
    # Servers cut off what a view gives beside 204; its content type stays.
    empty = body in (None, "") and (
        answer["status"] in _BODILESS
        or not answer["headers"].get("content-type", "").startswith("application/json")
    )
    if not content:
        if not empty:
            yield (
                "body",
                f"none is documented for {answer['status']}, but there was one: {short(body)}",
                "bodiless",
            )
        return
    if empty:
        yield "body", f"one is documented for {answer['status']}, but there was none", "empty"
        return
    kind = answer["headers"].get("content-type", "")
    media = media_of(content, kind)
    if media is None:
        yield "content-type", f"{kind or 'none'} is not documented ({', '.join(content)} is)", kind
    elif "schema" in media and "json" in kind:
        yield from _errors(document, media["schema"], body, "body")


def _request(document: Document, operation: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[Found]:
    """What is said to be required, and was not brought by a request that was served."""
    given = answer.get("given")
    if given is None:
        return
    for parameter in operation["parameters"]:
        if (
            parameter.get("in") == "query"
            and parameter.get("required")
            and parameter["name"] not in given["query"]
        ):
            yield (
                f"query {parameter['name']}",
                "is documented as required, but a request without it was served",
                "required",
            )
    body = document.resolved(operation.get("requestBody", {}))
    if not body:
        return
    if given["empty"] and body.get("required"):
        yield "request body", "is documented as required, but a request without one was served", "required"
    media = media_of(body.get("content", {}), "application/json")
    if isinstance(given["body"], Mapping) and media is not None:
        for name in document.resolved(media.get("schema", {})).get("required", ()):
            if name not in given["body"]:
                yield (
                    f"request body.{name}",
                    "is documented as required, but a request without it was served",
                    "required",
                )


def _errors(document: Document, schema: Any, value: Any, where: str) -> Iterator[Found]:
    for error in document.validator(schema).iter_errors(value):
        yield from _leaves(error, where)


def _leaves(error: Any, where: str) -> Iterator[Found]:
    """The innermost reason; of alternatives, that of the one that fits best."""
    while error.context:
        deepest = max(len(e.absolute_path) for e in error.context)
        error = next(e for e in error.context if len(e.absolute_path) == deepest)
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path)
    yield where + path, short(error.message, 300), str(error.validator)


def _typed(value: str, header: Mapping[str, Any]) -> Any:
    kind = header.get("schema", {}).get("type")
    return int(value) if kind == "integer" and value.isdigit() else value
