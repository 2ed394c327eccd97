"""What a test of a suite run says about the generated code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.verify.evidence import SuiteTest

PASSED = "passed on both"
DIFFERS = "differs"
INTERNALS = "asserts Django internals"
NOT_SERVED = "not served"
ELSEWHERE = "route not native"
NOTHING = "no request"
FAILED = "fails on Django too"
SKIPPED = "skipped"
ORDER = (PASSED, DIFFERS, INTERNALS, NOT_SERVED, ELSEWHERE, NOTHING, FAILED, SKIPPED)

# Reasons that are the test's own doing, not the route's.
_OF_THE_TEST = ("mock.patch", "monkeypatch", "override_settings", "differs under")
# What a mock's own assertions say when they fail (unittest.mock).
_OF_MOCKS = (
    "to be called",
    "to have been called",
    "to have been awaited",
    "expected call not found",
    "Calls not found",
    "not to have been",
)


@dataclass(slots=True)
class Seen:
    """One test in one run, as ``joined/suite/tests.py`` tells it."""

    outcome: str = ""
    message: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    internals: Counter[str] = field(default_factory=Counter)
    made: Counter[str] = field(default_factory=Counter)
    mirrored: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    types: dict[str, Any] = field(default_factory=dict)

    def add(self, raw: Mapping[str, Any]) -> None:
        """The same test in another process (its class-level set-up)."""
        self.outcome = raw["outcome"] or self.outcome
        self.message = raw["message"] or self.message
        for name in ("requests", "left", "internals", "made", "mirrored"):
            getattr(self, name).update(raw[name])
        self.differences += raw["differences"]
        self.types |= raw["types"]


def judge(name: str, both: Seen, fastapi: Seen | None = None) -> SuiteTest:
    """The verdict on one test: ``both`` with Django's answers, ``fastapi`` with FastAPI's, where that was asked for."""
    if both.outcome == "failed":
        return SuiteTest(name, FAILED, both.message, compared=False)
    if both.outcome == "skipped":
        return SuiteTest(name, SKIPPED, compared=False)
    if both.requests["different"]:
        return SuiteTest(name, DIFFERS, both.differences[0] if both.differences else "", bad=True)
    if fastapi is not None and fastapi.outcome == "failed":
        return _failed(name, both, fastapi)
    left = fastapi.left if fastapi is not None else both.left
    answered = both.requests["equal"] if fastapi is None else fastapi.requests["fastapi"]
    internals = both.internals
    if left:
        own = [why for why in left if why.startswith(_OF_THE_TEST)]
        return SuiteTest(
            name, INTERNALS if own else NOT_SERVED, "; ".join(own or left), compared=bool(answered)
        )
    if internals and (answered or not both.requests["elsewhere"]) and fastapi is None:
        return SuiteTest(name, INTERNALS, ", ".join(internals), compared=bool(answered))
    if answered:
        return SuiteTest(name, PASSED)
    if both.requests["elsewhere"]:
        return SuiteTest(name, ELSEWHERE, compared=False)
    if internals or both.made:
        return SuiteTest(name, INTERNALS, ", ".join(internals | both.made), compared=False)
    return SuiteTest(name, NOTHING, compared=False)


def _failed(name: str, both: Seen, fastapi: Seen) -> SuiteTest:
    """A test that passes on Django's answers and not on FastAPI's, although the answers themselves were equal."""
    which = list(both.internals | fastapi.internals)
    if any(text in fastapi.message for text in _OF_MOCKS):
        which.append("calls of a mock")
    if which:
        return SuiteTest(name, INTERNALS, f"{', '.join(which)}: {fastapi.message}")
    more = f" ({fastapi.differences[0]})" if fastapi.differences else ""
    return SuiteTest(name, DIFFERS, f"fails on FastAPI's answer: {fastapi.message}{more}", bad=True)


def standing(results: Iterable[SuiteTest]) -> dict[str, int]:
    """Tests by verdict, all verdicts named."""
    found = Counter(test.verdict for test in results)
    return {verdict: found[verdict] for verdict in ORDER}
