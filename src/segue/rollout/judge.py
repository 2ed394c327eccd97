"""Whether an operation takes more traffic, waits, or goes back: a function of what was seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from segue.rollout.compare import chance_of_as_many, chance_of_ranks, chance_of_share, ratio
from segue.rollout.figures import Pair, Side

STEP = 1e-7
"""How unlikely a difference must be, over a step, for two sides that are alike. A step is judged every second, so the chance that
one of some hundred independent looks deceives is about 1 in 100,000."""

RECENT = 1e-9
"""The same for the last seconds alone; a rollout has many thousand of those."""

EXCESS = 0.001
"""Failures are held against FastAPI from one in a thousand more than Django's on."""

DOUBT = 0.01
"""A step is not passed while FastAPI's figures are as unlikely as this: of few requests all may fail without being as unlikely as :data:`STEP`
(12 of 12, where Django has had 12 and failed none, are chance once in three million). More requests tell."""

LONG, SETTLED = 10, 1e-5
"""At 100 % Django's figures grow no more, so a doubt may never end: after so many times the requests that the step needs, all of them users', one
look decides."""

ALONE, GIVEN_UP_ALONE = 0.01, 0.1
"""What may fail, and what clients may give up, where no request of Django's is known to measure by: a rollout whose first step is 100 %, or a
single client who is at FastAPI."""


class Move(StrEnum):
    """What to do next."""

    HOLD = "hold"
    ADVANCE = "advance"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Policy:
    """``[rollout]`` of segue.toml: ``steps`` in percent, ``interval`` in seconds and ``minimum`` requests to FastAPI that each step needs
    at least, ``slower`` how much longer (percent) FastAPI may take."""

    steps: tuple[int, ...] = (1, 5, 25, 50, 100)
    interval: int = 60
    minimum: int = 1000
    slower: int = 25


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do and why, with figures. ``more``: synthetic reads are in doubt, and more of them tell."""

    move: Move
    why: str
    more: bool = False


def judge(
    policy: Policy, step: Pair, recent: Pair, before: Side, seconds: float, synthetic: Pair | None = None
) -> Verdict:
    """Judge one operation.

    ``step`` is what was seen since it has its weight, for ``seconds``; ``recent`` the end of that, some seconds; ``before`` Django's side of
    the step before, what failures are measured by once Django has nothing, and latencies if it has any. Sides are compared over the same time
    else: load, data and the hour of the day are then the same for both. ``synthetic`` are reads of Segue's own since the step began: they count
    as requests, and are judged by themselves, for they are other reads than users'.
    """
    django = step.django if step.django.requests else before
    own = synthetic or Pair()
    bad = (
        _against(policy, step, django, STEP) or _failing_now(django, recent) or _slow(policy, recent, RECENT)
    )
    if not bad and (bad := _against(policy, own, own.django, STEP)):
        bad = f"synthetic reads: {bad}"
    if bad:
        return Verdict(Move.ROLLBACK, bad)
    have = step.fastapi.requests + own.fastapi.requests
    told = f", {own.fastapi.requests} of them synthetic reads" if own.fastapi.requests else ""
    if have < policy.minimum:
        return Verdict(Move.HOLD, f"{have} of {policy.minimum} requests to FastAPI so far{told}")
    if seconds < policy.interval:
        return Verdict(Move.HOLD, f"{seconds:.0f} of {policy.interval} s so far")
    doubt, unsure = _against(policy, step, django, DOUBT), _against(policy, own, own.django, DOUBT)
    if doubt and (step.django.requests or step.fastapi.requests < LONG * policy.minimum):
        return Verdict(Move.HOLD, f"in doubt: {doubt}", bool(unsure))
    if settled := doubt and _against(policy, step, django, SETTLED):
        return Verdict(Move.ROLLBACK, f"{settled} (after {LONG} times the requests that it needs)")
    if unsure:  # both sides are asked, so this doubt ends at 100 % as well
        return Verdict(Move.HOLD, f"in doubt: synthetic reads: {unsure}", more=True)
    if own.fastapi.requests:
        users = _summary(step, django) if step.fastapi.requests else "no user"
        return Verdict(Move.ADVANCE, f"{users}; synthetic reads: {_summary(own, own.django)}")
    return Verdict(Move.ADVANCE, _summary(step, django))


def _against(policy: Policy, pair: Pair, django: Side, limit: float) -> str:
    """What is less likely than ``limit`` if FastAPI is as good as ``django``, which is not that of ``pair`` where that has no request."""
    if pair.django.requests or not django.latencies:
        slow = _slow(policy, pair, limit)
    else:
        # Another time than FastAPI's: what both sides would have got slower by in the meantime is not FastAPI's, so it may take twice as much.
        slow = _slow(
            replace(policy, slower=2 * policy.slower),
            Pair(django, pair.fastapi),
            limit,
            " in the step before",
        )
    return _failing(pair.fastapi, django, limit) or _abandoned(pair.fastapi, django, limit) or slow


def _failing(side: Side, django: Side, limit: float, when: str = "") -> str:
    mine, other = (side.failures, side.requests), (django.failures, django.requests)
    unlikely = _more(mine, other, ALONE, limit)
    place = f"({side.fallbacks} answered by Django in its place)"
    return unlikely and f"{mine[0]} of {mine[1]} requests failed at FastAPI{when} {place}, {unlikely}"


def _failing_now(django: Side, recent: Pair) -> str:
    """Failures of the last seconds: what has begun to fail is not hidden by what went before. What both sides share has failed as well, a
    database perhaps, where FastAPI fails less than twice as often."""
    if _share(recent.fastapi) < 2 * _share(recent.django):
        return ""
    return _failing(recent.fastapi, django, RECENT, " in the last seconds")


def _abandoned(side: Side, django: Side, limit: float) -> str:
    mine, other = (side.abandoned, side.requests), (django.abandoned, django.requests)
    unlikely = _more(mine, other, GIVEN_UP_ALONE, limit)
    return unlikely and f"clients gave up {mine[0]} of {mine[1]} requests to FastAPI, {unlikely}"


def _more(mine: tuple[int, int], other: tuple[int, int], alone: float, limit: float) -> str:
    """How many of ``other`` requests, Django's, it were, and how unlikely ``mine`` is; '' if it is not less likely than ``limit``."""
    (count, requests), (others, other_requests) = mine, other
    if not requests or count / requests - others / max(other_requests, 1) < EXCESS:
        return ""
    if other_requests:
        chance = chance_of_as_many(count, requests, others, other_requests)
        measure = f"{others} of {other_requests} at Django: by chance"
    else:
        chance = chance_of_share(count, requests, alone)
        measure = f"and Django has had none to measure by: if {alone:.0%} may, by chance"
    return f"{measure} {_once(chance)}" if chance < limit else ""


def _slow(policy: Policy, pair: Pair, limit: float, when: str = "") -> str:
    mine, other = pair.fastapi.latencies, pair.django.latencies
    chance = chance_of_ranks(mine, other)
    if chance >= limit:
        return ""
    times = ratio(mine, other)
    if times < 1 + policy.slower / 100:
        return ""
    return (
        f"FastAPI takes {times:.2f} times as long (median {pair.fastapi.median():.1f} ms, Django's{when} {pair.django.median():.1f} ms, "
        f"{mine.total()} and {other.total()} answers): by chance {_once(chance)}"
    )


def _once(chance: float) -> str:
    return f"once in {1 / max(chance, 1e-99):.0e}"


def _share(side: Side) -> float:
    return side.failures / side.requests if side.requests else 0.0


def _summary(step: Pair, django: Side) -> str:
    mine = step.fastapi
    return (
        f"FastAPI: {mine.requests} requests, {mine.failures} failed, median {mine.median():.1f} ms; "
        f"Django: {django.requests}, {django.failures}, {django.median():.1f} ms"
    )
