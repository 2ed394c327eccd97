"""What was seen of one operation: counts, and each kind of difference once, by its smallest request."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .compare import general

MOST = 12
_SECRET = ("authorization", "cookie", "x-csrftoken")


class Outcome:
    """Figures and differences of one (method, route)."""

    def __init__(self, operation: dict[str, Any]) -> None:
        self.operation = operation
        self.cases = self.unserved = self.excess = self.different = self.reordered = 0
        self.statuses: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.found: list[dict[str, Any]] = []
        self.worst = [0, 0]
        self.queries = [0, 0]
        self.reached = 0  # branches of the generated code (see Branches.take)
        self._kinds: set[str] = set()

    def reach(self, branches: int) -> bool:
        """Note the branches that a case reached; whether one of them is new."""
        fresh = bool(branches & ~self.reached)
        self.reached |= branches
        return fresh

    def add(self, case: dict[str, Any], result: dict[str, Any], pair: Any) -> None:
        """Count one case; keep the first differences of each kind, shrunk."""
        if result["unserved"]:
            self.unserved += 1
            self.left[case["method"] if case["method"] != self.operation["method"] else case["what"]] += 1
            return
        self.cases += 1
        self.statuses[str(result["django"]["status"])] += 1
        self.reordered += result["reordered"]
        django, fastapi = result["queries"]
        self.queries[0] += django
        self.queries[1] += fastapi
        if fastapi > django:
            self.excess += 1
            if fastapi - django > self.worst[1] - self.worst[0]:
                self.worst = [django, fastapi]
        if not result["differences"]:
            return
        self.different += 1
        kind = kind_of(result)
        if kind in self._kinds or len(self.found) >= MOST:
            return
        self._kinds.add(kind)
        case, result = shrink(case, result, pair)
        self.found.append(as_found(case, result, kind))

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cases": self.cases, "different": self.different, "unserved": self.unserved, "statuses": dict(self.statuses),
            "left": dict(self.left), "excess_queries": self.excess, "worst_queries": self.worst, "queries": self.queries,
            "reordered": self.reordered, "differences": self.found,
        }  # fmt: skip


def kind_of(result: dict[str, Any]) -> str:
    """What differs, in general: differences of one kind have one cause as a rule."""
    if result["django"]["status"] != result["fastapi"]["status"]:
        return f"status {result['django']['status']} → {result['fastapi']['status']}"
    return "; ".join(sorted({general(p) for p, _, _ in result["differences"]}))[:300]


def as_found(case: dict[str, Any], result: dict[str, Any], kind: str) -> dict[str, Any]:
    """One difference as it is reported; credentials are left out."""
    return {
        "what": case["what"], "persona": case["persona"], "method": case["method"], "path": case["path"],
        "query": case["query"], "kind": kind,
        "headers": [[k, "…" if k.lower() in _SECRET else v] for k, v in case["headers"]],
        "body": case["body"].decode("utf-8", "replace")[:4000],
        "django": result["django"], "fastapi": result["fastapi"], "errors": result["errors"],
        "differences": [[p, a, b] for p, a, b in result["differences"][:20]],
    }  # fmt: skip


def shrink(case: dict[str, Any], result: dict[str, Any], pair: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same difference by a smaller request: keys of the body and query parameters are left out one by one,
    then header by header."""
    wanted = kind_of(result)

    def still(smaller: dict[str, Any]) -> dict[str, Any] | None:
        again: dict[str, Any] = pair.run(smaller)
        return again if again["differences"] and kind_of(again) == wanted else None

    def attempt(smaller: dict[str, Any]) -> bool:
        nonlocal case, result
        again = still(smaller)
        if again is not None:
            case, result = smaller, again
        return again is not None

    for item in parse_qsl(case["query"], keep_blank_values=True):
        fewer = [p for p in parse_qsl(case["query"], keep_blank_values=True) if p != item]
        attempt({**case, "query": urlencode(fewer)})
    try:
        body = json.loads(case["body"]) if case["body"] else None
    except ValueError:
        body = None
    if isinstance(body, dict):
        for key in list(body):
            fewer_keys = {k: v for k, v in body.items() if k != key}
            if attempt({**case, "body": json.dumps(fewer_keys).encode()}):
                body = fewer_keys
    for header in list(case["headers"]):
        if header[0].lower() not in ("content-type", *_SECRET):
            attempt({**case, "headers": [h for h in case["headers"] if h != header]})
    return case, result
