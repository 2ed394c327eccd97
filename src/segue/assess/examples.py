"""Recorded answers of Django in a brief: a few requests with what came back, one of each status and form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 8
_EACH = 2  # of one status
_LONGEST = 60  # lines of a body


def chosen(answers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """At most ``_MOST`` of the ``answers`` that :func:`segue.verify.explore.explored` keeps: successes first, then by
    status; equal bodies of one status once."""
    found: list[Mapping[str, Any]] = []
    count: Counter[int] = Counter()
    seen = set()
    for answer in sorted(answers, key=lambda a: (a["status"] // 100 != 2, a["status"])):
        mark = (answer["status"], json.dumps(answer["body"], sort_keys=True, default=str))
        if mark in seen or count[answer["status"]] >= _EACH:
            continue
        seen.add(mark)
        count[answer["status"]] += 1
        found.append(answer)
    return found[:_MOST]


def render(answers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Markdown lines, without a heading."""
    out: list[str] = []
    for answer in chosen(answers):
        out += [f"`{answer['request']}` as {answer['persona']}: **{answer['status']}**", ""]
        given = (answer.get("given") or {}).get("body")
        if given is not None:
            out += ["Sent:", "", *_block(given)]
        if answer["body"] not in (None, ""):
            out += [*(("Answered:", "") if given is not None else ()), *_block(answer["body"])]
    return out


def _block(body: Any) -> list[str]:
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False, default=str)
    lines = text.splitlines()
    if len(lines) > _LONGEST:
        lines = [*lines[:_LONGEST], f"… {len(lines) - _LONGEST} more lines"]
    return ["```json", *lines, "```", ""]
