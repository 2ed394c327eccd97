"""What a run saw, per operation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One request that the two sides answer differently. ``paths`` are (path, Django's value, FastAPI's);
    ``errors`` what either side logged (Django's, FastAPI's)."""

    what: str
    persona: str
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: str
    django: Mapping[str, Any]
    fastapi: Mapping[str, Any]
    paths: tuple[tuple[str, Any, Any], ...]
    kind: str = ""
    errors: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class OperationResult:
    """One (method, route): cases compared, how many differed, with examples (one per kind, shrunk).

    ``unserved`` requests were left to Django, ``left`` tells why and how often; ``excess_queries`` counts cases
    for which FastAPI sent more queries than Django, ``worst_queries`` the worst pair, ``queries`` both sums;
    ``reordered`` bodies have their keys in another order.
    """

    key: str
    cases: int
    different: int
    unserved: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    excess_queries: int = 0
    worst_queries: tuple[int, int] = (0, 0)
    queries: tuple[int, int] = (0, 0)
    reordered: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    function: str = ""
    place: str = ""

    @property
    def digest(self) -> str:
        """Digest of the figures and differences, for the ledger."""
        data = [
            self.key,
            self.cases,
            self.different,
            dict(self.statuses),
            [d.paths for d in self.differences],
        ]
        return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. ``noise`` lists paths that Django itself answers differently each time; ``notes``
    what was not exercised; ``tests`` the outcome counts of a suite run, ``standing``
    how many of its tests were answered alike by both sides, and why the others were not."""

    kind: str
    operations: tuple[OperationResult, ...]
    seconds: float
    noise: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tests: Mapping[str, int] = field(default_factory=dict)
    standing: Mapping[str, int] = field(default_factory=dict)
    output: str = ""

    @property
    def cases(self) -> int:
        """Cases compared."""
        return sum(o.cases for o in self.operations)

    @property
    def different(self) -> int:
        """Cases that differed."""
        return sum(o.different for o in self.operations)


def operation_from_json(key: str, raw: Mapping[str, Any], function: str, place: str) -> OperationResult:
    """From the child's document."""
    return OperationResult(
        key=key,
        cases=int(raw["cases"]),
        different=int(raw["different"]),
        unserved=int(raw.get("unserved", 0)),
        statuses=dict(raw.get("statuses", {})),
        excess_queries=int(raw.get("excess_queries", 0)),
        worst_queries=_two(raw.get("worst_queries", (0, 0))),
        queries=_two(raw.get("queries", (0, 0))),
        reordered=int(raw.get("reordered", 0)),
        left=dict(raw.get("left", {})),
        differences=tuple(_difference(d) for d in raw.get("differences", ())),
        function=function,
        place=place,
    )


def _difference(raw: Mapping[str, Any]) -> Difference:
    django, fastapi = (str(text or "") for text in raw.get("errors", ("", "")))
    return Difference(
        what=raw["what"],
        persona=raw["persona"],
        method=raw["method"],
        path=raw["path"],
        query=raw["query"],
        headers=tuple((k, v) for k, v in raw["headers"]),
        body=raw["body"],
        django=raw["django"],
        fastapi=raw["fastapi"],
        paths=tuple((p, a, b) for p, a, b in raw["differences"]),
        kind=raw.get("kind", ""),
        errors=(django, fastapi),
    )


def _two(pair: Sequence[int]) -> tuple[int, int]:
    return int(pair[0]), int(pair[1])
