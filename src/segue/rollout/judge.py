"""Whether an operation takes more traffic, waits, or goes back: a function of what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue.rollout.compare import chance_of_as_many, chance_of_ranks, ratio
from segue.rollout.figures import Pair, Side

STEP = 1e-7
"""How unlikely a difference must be, over a step, for two sides that are alike. A step is judged every second, so the chance that
one of some hundred independent looks deceives is about 1 in 100,000."""

RECENT = 1e-9
"""The same for the last seconds alone; a rollout has many thousand of those."""

EXCESS = 0.001
"""Failures are held against FastAPI from one in a thousand more than Django's on."""


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
    """What to do and why, with figures."""

    move: Move
    why: str


def judge(
    policy: Policy, step: Pair, recent: Pair, before: Side, seconds: float, synthetic: Pair | None = None
) -> Verdict:
    """Judge one operation.

    ``step`` is what was seen since it has its weight, for ``seconds``; ``recent`` the end of that, some seconds; ``before`` Django's side of
    the step before, what failures are measured by once Django has nothing. Sides are compared over the same time
    only: load, data and the hour of the day are then the same for both. ``synthetic`` are reads of Segue's own since the step began: they count
    as requests, and are judged by themselves, for they are other reads than users'.
    """
    django = step.django if step.django.requests else before
    bad = _failing(step.fastapi, django, recent) or _abandoned(step) or _slow(policy, step, STEP)
    if not bad:
        bad = _slow(policy, recent, RECENT)
    own = synthetic or Pair()
    if not bad:
        bad = _failing(own.fastapi, own.django, Pair()) or _slow(policy, own, STEP)
        bad = bad and f"synthetic reads: {bad}"
    if bad:
        return Verdict(Move.ROLLBACK, bad)
    have = step.fastapi.requests + own.fastapi.requests
    told = f", {own.fastapi.requests} of them synthetic reads" if own.fastapi.requests else ""
    if have < policy.minimum:
        return Verdict(Move.HOLD, f"{have} of {policy.minimum} requests to FastAPI so far{told}")
    if seconds < policy.interval:
        return Verdict(Move.HOLD, f"{seconds:.0f} of {policy.interval} s so far")
    if own.fastapi.requests:
        users = _summary(step, django) if step.fastapi.requests else "no user"
        return Verdict(Move.ADVANCE, f"{users}; synthetic reads: {_summary(own, own.django)}")
    return Verdict(Move.ADVANCE, _summary(step, django))


def _failing(whole: Side, django: Side, recent: Pair) -> str:
    """Failures over the step, then those of the last seconds: one that has begun to fail is not hidden by what went before."""
    now = recent.fastapi
    for side, limit, when in ((whole, STEP, ""), (now, RECENT, " in the last seconds")):
        if not side.requests or side.failures / side.requests - _share(django) < EXCESS:
            continue
        if side is now and _share(side) < 2 * _share(recent.django):
            continue  # what both share has failed, a database perhaps
        chance = chance_of_as_many(side.failures, side.requests, django.failures, django.requests)
        if chance < limit:
            return (
                f"{side.failures} of {side.requests} requests failed at FastAPI{when} ({side.fallbacks} answered by Django in its "
                f"place), {django.failures} of {django.requests} at Django: by chance once in {1 / max(chance, 1e-99):.0e}"
            )
    return ""


def _abandoned(step: Pair) -> str:
    mine, other = step.fastapi, step.django
    chance = chance_of_as_many(mine.abandoned, mine.requests, other.abandoned, other.requests)
    if chance < STEP and mine.abandoned / mine.requests - other.abandoned / max(other.requests, 1) >= EXCESS:
        return (
            f"clients gave up {mine.abandoned} of {mine.requests} requests to FastAPI, {other.abandoned} of {other.requests} to "
            f"Django: by chance once in {1 / max(chance, 1e-99):.0e}"
        )
    return ""


def _slow(policy: Policy, pair: Pair, limit: float) -> str:
    mine, other = pair.fastapi.latencies, pair.django.latencies
    chance = chance_of_ranks(mine, other)
    if chance >= limit:
        return ""
    times = ratio(mine, other)
    if times < 1 + policy.slower / 100:
        return ""
    return (
        f"FastAPI takes {times:.2f} times as long (median {pair.fastapi.median():.1f} ms, Django's {pair.django.median():.1f} ms, "
        f"{mine.total()} and {other.total()} answers): by chance once in {1 / max(chance, 1e-99):.0e}"
    )


def _share(side: Side) -> float:
    return side.failures / side.requests if side.requests else 0.0


def _summary(step: Pair, django: Side) -> str:
    mine = step.fastapi
    return (
        f"FastAPI: {mine.requests} requests, {mine.failures} failed, median {mine.median():.1f} ms; "
        f"Django: {django.requests}, {django.failures}, {django.median():.1f} ms"
    )
