"""What an answer invites to ask next: the next page, or the same again if it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

SEEN = 6  # answers of an operation that are followed
# path, persona, query of another page, (label, conditional headers)
Seen = tuple[str, str, str, list[tuple[str, list[tuple[str, str]]]]]


def worth_following(case: dict[str, Any], answer: dict[str, Any]) -> Seen | None:
    """Where ``answer`` leads; None where nowhere."""
    headers, body = answer["headers"], answer["body"]
    validators = []
    if "etag" in headers:
        etag = headers["etag"]
        validators += [
            ("If-None-Match, the present one", [("If-None-Match", etag)]),
            ("If-None-Match, one of two", [("If-None-Match", f'"abc", {etag}')]),
            ("If-Match, the present one", [("If-Match", etag)]),
        ]
    if "last-modified" in headers:
        validators.append(
            ("If-Modified-Since, the present", [("If-Modified-Since", headers["last-modified"])])
        )
    links = [body.get("next"), body.get("previous")] if isinstance(body, dict) else []
    query = next((urlsplit(link).query for link in links if isinstance(link, str) and "?" in link), "")
    if not validators and not query:
        return None
    return case["path"], case["persona"], query, validators


def damaged(query: str) -> Iterator[tuple[str, str]]:
    """(label, query): the query itself, and each of its values shortened, turned round and doubled."""
    if not query:
        return
    yield "another page", query
    pairs = parse_qsl(query, keep_blank_values=True)
    for index, (name, value) in enumerate(pairs):
        for what, changed in (
            ("shortened", value[:-1]), ("turned round", value[::-1]), ("doubled", value * 2), ("with =", f"{value}=="),
        ):  # fmt: skip
            yield (
                f"another page, {name} {what}",
                urlencode([*pairs[:index], (name, changed), *pairs[index + 1 :]]),
            )
