"""``verify http``: two base URLs that somebody runs himself. Nothing is written there: reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from segue.errors import EnvironmentProblem
from segue.verify.evidence import Report
from segue.verify.http.explore import NotSent, Run, sendable
from segue.verify.http.laboratory import PREPARING, start_dealer
from segue.verify.http.pair import HttpPair
from segue.verify.http.sides import Side
from segue.verify.operations import native_operations
from segue.verify.project import ProjectRef

_READS = ("GET", "HEAD", "OPTIONS")


def compare_urls(
    project: ProjectRef,
    django: str,
    fastapi: str,
    *,
    credentials: Sequence[tuple[str, str]] = (),
    only: Collection[str] = (),
    cases: int = 2000,
    seconds: float = 300.0,
    seed: int = 1,
) -> Report:
    """Send derived GET, HEAD and OPTIONS requests to the base URLs ``django`` and ``fastapi``.

    ``credentials`` are headers (name, value), one for each person who asks besides the anonymous; they are never
    reported. Raises :class:`EnvironmentProblem` when a service does not answer.
    """
    known = native_operations(project)
    operations = [o for o in known if not only or o["key"] in only]
    people = _People(credentials)
    pair = HttpPair(Side(None, django, None, None), Side(None, fastapi, None, None))
    with start_dealer(project, known, [o["key"] for o in operations], seed=seed) as dealer:
        told = dealer.read(PREPARING)
        told["personas"] = ["anonymous", *people.names]
        try:
            return Run(dealer, pair, operations, cases, seconds, people.prepared).report(told)
        except OSError as error:
            raise EnvironmentProblem(
                f"One of the services does not answer: {error}.", hint=f"Check {django} and {fastapi}."
            ) from error
        finally:
            pair.close()


class _People:
    """The first personas that have credentials ask with the given ones; the others are unknown to the services."""

    def __init__(self, credentials: Sequence[tuple[str, str]]) -> None:
        self._credentials = credentials
        self.names = [f"credential {number}" for number in range(1, len(credentials) + 1)]
        self._of: dict[str, int] = {}

    def prepared(self, case: dict[str, Any]) -> dict[str, Any]:
        case = sendable(case)
        if case["method"] not in _READS:
            raise NotSent("methods that write")
        if not case["own"]:
            return case
        number = self._of.setdefault(case["persona"], len(self._of))
        if number >= len(self._credentials):
            raise NotSent("people without a credential here")
        headers = [self._credentials[number], *case["headers"][case["own"] :]]
        return {**case, "persona": self.names[number], "headers": headers, "own": 1}
