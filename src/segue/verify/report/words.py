"""Short texts that several reports show."""

from __future__ import annotations

import json
from typing import Any

from segue.verify.evidence import Difference


def request_line(difference: Difference) -> str:
    """``POST /api/x/?a=1``."""
    return f"{difference.method} {difference.path}{'?' + difference.query if difference.query else ''}"


def telling(difference: Difference) -> list[tuple[str, Any, Any]]:
    """The paths that say something: where the status differs, the headers that come with it do not."""
    if difference.django.get("status") == difference.fastapi.get("status"):
        return list(difference.paths)
    return [p for p in difference.paths if not p[0].startswith("headers.")]


def short(value: Any, most: int = 70) -> str:
    """``value`` on one line: texts as they are, the rest as JSON."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else f"{text[: most - 3]}…"


def summary(difference: Difference) -> str:
    """Where the two sides differ first, in one line."""
    one, other = difference.django.get("status"), difference.fastapi.get("status")
    if one != other:
        return f"Django answered {one}, FastAPI {other}"
    paths = telling(difference)
    if not paths:
        return difference.kind
    path, left, right = paths[0]
    more = f" (and {len(paths) - 1} more)" if len(paths) > 1 else ""
    return f"{path}: Django {short(left)}, FastAPI {short(right)}{more}"


def in_full(difference: Difference) -> str:
    """One difference as plain text: request, both answers, what differs, effects."""
    lines = [request_line(difference), f"{difference.what}, as {difference.persona}"]
    lines += [f"{name}: {value}" for name, value in difference.headers]
    for number, step in enumerate(difference.sequence, 1):
        query = f"?{step['query']}" if step.get("query") else ""
        lines.append(
            f"{number}. {step['method']} {step['path']}{query} as {step['persona']} {step.get('body') or ''}".rstrip()
        )
    if difference.body and not difference.sequence:
        lines += ["", difference.body]
    if difference.file:
        lines += ["", f"again: segue verify case {difference.file}"]
    lines.append("")
    lines += [f"{path}: Django {short(a, 300)}, FastAPI {short(b, 300)}" for path, a, b in difference.paths]
    for side, answer, error in (
        ("Django", difference.django, difference.errors[0]),
        ("FastAPI", difference.fastapi, difference.errors[1]),
    ):
        lines += ["", f"{side}: {answer.get('status')}", _pretty(answer.get("body"))]
        if answer.get("effects"):
            lines.append(f"effects: {_pretty(answer['effects'])}")
        if error:
            lines.append(f"logged: {error}")
    return "\n".join(lines)


def _pretty(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False, default=str)
