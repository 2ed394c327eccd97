"""What a run saw, per operation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.verify import kinds


@dataclass(frozen=True, slots=True)
class Difference:
    """One request that the two sides answer differently. ``paths`` are (path, Django's value, FastAPI's), and
    ``path_kinds`` their kinds (:data:`segue.verify.kinds.KINDS`), one each; ``errors`` what either side logged
    (Django's, FastAPI's).

    ``sequence`` are the steps (``persona``, ``method``, ``path``, ``query``, ``headers``, ``body``) where the request
    is the one of several that shows it; ``shrunk`` the requests spent on making it small. ``case`` and ``rows`` are
    what :func:`segue.verify.ask_both` takes; ``file`` the pytest case that was written of them.
    """

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
    path_kinds: tuple[str, ...] = ()
    sequence: tuple[Mapping[str, Any], ...] = ()
    shrunk: int = 0
    case: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def labelled(self) -> tuple[tuple[str, str, Any, Any], ...]:
        """``paths`` with their kind behind the path."""
        names = self.path_kinds or tuple(kinds.of_path(path) for path, _, _ in self.paths)
        return tuple((p, name, a, b) for (p, a, b), name in zip(self.paths, names, strict=True))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Each kind of difference in it once. Where the status differs the rest follows from that."""
        if self.django.get("status") != self.fastapi.get("status"):
            return ("status",)
        return tuple(dict.fromkeys(kind for _, kind, _, _ in self.labelled))


@dataclass(frozen=True, slots=True)
class Violation:
    """An answer of FastAPI that its own OpenAPI schema does not allow: in ``where`` (``status``,
    ``content-type``, ``header Location``, ``body.items[0].id``) it is ``what`` the schema says it cannot be."""

    request: str
    status: int
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Branches of the generated functions behind an operation that a run reached, and lines it never did
    (``app/shop/routes.py:12``). ``entered``: whether the path operation function itself was ever run."""

    reached: int
    total: int
    missed: tuple[str, ...] = ()
    entered: bool = True


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """One test of a suite run: ``verdict`` in a few words (``passed on both``), ``reason`` for what it is. ``bad``
    tests fail the run; not ``compared`` ones say nothing of the generated code."""

    name: str
    verdict: str
    reason: str = ""
    bad: bool = False
    compared: bool = True


@dataclass(frozen=True, slots=True)
class OperationResult:
    """One (method, route): cases compared, how many differed, with examples (one per kind, shrunk).

    ``succeeded`` requests by the operation's own method were answered with 2xx (None where that was not counted);
    ``unserved`` requests were left to Django, ``left`` tells why and how often; ``excess_queries`` counts cases
    for which FastAPI sent more queries than Django, ``worst_queries`` the worst pair, ``queries`` both sums;
    ``reordered`` bodies have their keys in another order; ``steps`` of the cases were steps of sequences.
    ``receivers`` of signals ran that often on Django (``post_save shop.Order → shop.signals.stamp``). ``effects`` are the tables that Django
    wrote to in any of the cases, and ``(mail)``, ``(tasks)``, ``(cache)``, …
    ``coverage`` is None where it was not measured.
    """

    key: str
    cases: int
    different: int
    unserved: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    succeeded: int | None = None
    excess_queries: int = 0
    worst_queries: tuple[int, int] = (0, 0)
    queries: tuple[int, int] = (0, 0)
    reordered: int = 0
    steps: int = 0
    left: Mapping[str, int] = field(default_factory=dict)
    receivers: Mapping[str, int] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    violations: tuple[Violation, ...] = ()
    coverage: Coverage | None = None
    function: str = ""
    place: str = ""

    @property
    def proven(self) -> bool:
        """Whether the cases say anything: none that never ran the operation's function does."""
        return bool(self.cases) and (self.coverage is None or self.coverage.entered)

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
    what was not exercised; ``tests`` the outcome counts of a suite run, ``standing`` how many of its tests
    were answered alike by both sides, and why the others were not; ``results`` its tests one by one.
    ``memory`` has, per process, (cases, seconds, processor seconds, MiB resident) at every 10,000 cases."""

    kind: str
    operations: tuple[OperationResult, ...]
    seconds: float
    noise: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tests: Mapping[str, int] = field(default_factory=dict)
    standing: Mapping[str, int] = field(default_factory=dict)
    output: str = ""
    results: tuple[SuiteTest, ...] = ()
    memory: tuple[tuple[tuple[float, ...], ...], ...] = ()

    @property
    def cases(self) -> int:
        """Cases compared."""
        return sum(o.cases for o in self.operations)

    @property
    def different(self) -> int:
        """Cases that differed."""
        return sum(o.different for o in self.operations)

    @property
    def violations(self) -> int:
        """Kinds of answers that the generated OpenAPI schema does not allow."""
        return sum(len(o.violations) for o in self.operations)


def operation_from_json(key: str, raw: Mapping[str, Any], function: str, place: str) -> OperationResult:
    """From the child's document."""
    return OperationResult(
        key=key,
        cases=int(raw["cases"]),
        different=int(raw["different"]),
        unserved=int(raw.get("unserved", 0)),
        statuses=dict(raw.get("statuses", {})),
        succeeded=raw.get("succeeded"),
        excess_queries=int(raw.get("excess_queries", 0)),
        worst_queries=_two(raw.get("worst_queries", (0, 0))),
        queries=_two(raw.get("queries", (0, 0))),
        reordered=int(raw.get("reordered", 0)),
        steps=int(raw.get("steps", 0)),
        left=dict(raw.get("left", {})),
        receivers=dict(raw.get("receivers", {})),
        effects=tuple(raw.get("effects", ())),
        differences=tuple(_difference(d) for d in raw.get("differences", ())),
        coverage=_coverage(raw.get("coverage")),
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
        paths=tuple((p, a, b) for p, a, b, *_ in raw["differences"]),
        kind=raw.get("kind", ""),
        sequence=tuple(raw.get("sequence", ())),
        shrunk=int(raw.get("shrunk", 0)),
        case=raw.get("case", {}),
        rows=raw.get("rows", {}),
        errors=(django, fastapi),
        path_kinds=tuple(rest[0] if rest else kinds.of_path(p) for p, _, _, *rest in raw["differences"]),
    )


def _coverage(raw: Mapping[str, Any] | None) -> Coverage | None:
    if not raw:
        return None
    return Coverage(
        int(raw["reached"]), int(raw["total"]), tuple(raw.get("missed", ())), bool(raw.get("entered", True))
    )


def _two(pair: Sequence[int]) -> tuple[int, int]:
    return int(pair[0]), int(pair[1])
