"""What was seen of one operation: counts, and each kind of difference once, by its smallest request."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .answers import Answers
from .shrinking import kind_of

MOST = 12
_NO_EFFECT = ("(log)", "(logs)", "(sequences)")  # nothing that a read may not do
_SECRET = ("authorization", "cookie", "x-csrftoken")


class Outcome:
    """Figures and differences of one (method, route)."""

    def __init__(self, operation: dict[str, Any]) -> None:
        self.operation = operation
        self.cases = self.unserved = self.excess = self.different = self.reordered = self.steps = 0
        self.statuses: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.found: list[dict[str, Any]] = []
        self.worst = [0, 0]
        self.queries = [0, 0]
        self.receivers: Counter[str] = Counter()
        self.effects: set[str] = set()  # tables that Django wrote to, and "(mail)", "(cache)", …
        self.reached = 0  # branches of the generated code (see Branches.take)
        self._kinds: set[str] = set()
        self.succeeded = 0  # requests by its own method that Django answered with 2xx
        self.answers = Answers(operation)

    def reach(self, branches: int) -> bool:
        """Note the branches that a case reached; whether one of them is new."""
        fresh = bool(branches & ~self.reached)
        self.reached |= branches
        return fresh

    def add(self, case: dict[str, Any], result: dict[str, Any]) -> str:
        """Count one case; the kind of its difference where it is the first of that kind, else ''."""
        if result["unserved"]:
            self.unserved += 1
            self.left[case["method"] if case["method"] != self.operation["method"] else case["what"]] += 1
            return ""
        self.cases += 1
        self.answered(case["method"], result["django"]["status"])
        self.reordered += result["reordered"]
        self.receivers.update(result["receivers"])
        self.effects.update(name for name in result["django"].get("effects", ()) if name not in _NO_EFFECT)
        self.answers.note(case, result["fastapi"], equal=not result["differences"])
        django, fastapi = result["queries"]
        self.queries[0] += django
        self.queries[1] += fastapi
        if fastapi > django:
            self.excess += 1
            if fastapi - django > self.worst[1] - self.worst[0]:
                self.worst = [django, fastapi]
        if not result["differences"]:
            return ""
        self.different += 1
        kind = kind_of(result)
        return kind if self.new(kind) else ""

    def answered(self, method: str, status: int) -> None:
        """Note what Django has answered to a request by ``method``."""
        self.statuses[str(status)] += 1
        self.succeeded += method == self.operation["method"] and 200 <= status < 300

    def new(self, kind: str) -> bool:
        """Whether differences of this kind are still worth keeping."""
        return kind not in self._kinds and len(self.found) < MOST

    def keep(self, kind: str, case: dict[str, Any], result: dict[str, Any], more: dict[str, Any]) -> None:
        """Report a difference of this kind by ``case``, and ``more`` of it."""
        self._kinds.add(kind)
        self.found.append(as_found(case, result, kind) | more)

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cases": self.cases, "different": self.different, "unserved": self.unserved, "statuses": dict(self.statuses), "succeeded": self.succeeded,
            "left": dict(self.left), "excess_queries": self.excess, "worst_queries": self.worst, "queries": self.queries,
            "reordered": self.reordered, "steps": self.steps, "receivers": dict(self.receivers), "effects": sorted(self.effects), "differences": self.found,
        }  # fmt: skip


def as_found(case: dict[str, Any], result: dict[str, Any], kind: str) -> dict[str, Any]:
    """One difference as it is reported; credentials are left out."""
    return asked(case) | {
        "what": case["what"], "kind": kind, "django": result["django"], "fastapi": result["fastapi"],
        "errors": result["errors"], "differences": [_labelled(result, item) for item in result["differences"][:20]],
    }  # fmt: skip


def _labelled(result: dict[str, Any], item: tuple[str, Any, Any]) -> list[Any]:
    """``[path, django, fastapi]``, and the kind ``noise`` behind it where a line in ``segue.toml`` could allow it."""
    return [*item, "noise"] if item[0] in result.get("noisy", ()) else list(item)


def asked(case: dict[str, Any]) -> dict[str, Any]:
    """A request as it is reported: ``persona``, ``method``, ``path``, ``query``, ``headers``, ``body``."""
    return {
        "persona": case["persona"], "method": case["method"], "path": case["path"], "query": case["query"],
        "headers": [
            [k, "…" if at < case.get("own", 0) or k.lower() in _SECRET else v]
            for at, (k, v) in enumerate(case["headers"])
        ],
        "body": case["body"].decode("utf-8", "replace")[:4000],
    }  # fmt: skip
