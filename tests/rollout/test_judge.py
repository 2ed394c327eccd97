"""What the decision function does with figures that leave no doubt, and with those that do."""

from __future__ import annotations

from collections import Counter

import pytest

from segue.rollout.figures import Pair, Side, bucket
from segue.rollout.judge import Move, Policy, judge

POLICY = Policy(minimum=500)


def side(requests: int, failures: int = 0, milliseconds: float = 5, abandoned: int = 0) -> Side:
    latencies = Counter({bucket(milliseconds * 1000 * f): requests // 3 for f in (0.8, 1, 1.3)})
    return Side(requests, failures, 0, abandoned, latencies)


def verdict(fastapi: Side, django: Side, recent: Pair | None = None, seconds: float = 600) -> Move:
    return judge(POLICY, Pair(django, fastapi), recent or Pair(), Side(), seconds).move


@pytest.mark.parametrize(
    ("fastapi", "django", "seconds", "move"),
    [
        (side(600), side(5000), 600, Move.ADVANCE),
        (side(600), side(5000), 10, Move.HOLD),
        (side(499), side(50_000), 6000, Move.HOLD),
        (Side(), side(50_000), 60_000, Move.HOLD),
        (Side(), Side(), 60_000, Move.HOLD),
        (side(600, 12), side(5000, 5), 600, Move.ROLLBACK),
        (side(600, 12), side(5000, 100), 600, Move.ADVANCE),  # both fail alike
        (side(600, 3), side(5000, 5), 600, Move.ADVANCE),  # three may be chance
        (side(8, 8), side(700), 3, Move.ROLLBACK),  # long before the minimum
        (side(600, milliseconds=7.5), side(5000), 600, Move.ROLLBACK),
        (side(600, milliseconds=5.5), side(5000), 600, Move.ADVANCE),  # slower by less than 25 %
        (side(600, milliseconds=2), side(5000), 600, Move.ADVANCE),
        (side(600, abandoned=30), side(5000, abandoned=9), 600, Move.ROLLBACK),
        (side(600, abandoned=1), side(5000, abandoned=9), 600, Move.ADVANCE),
    ],
)
def test_a_step(fastapi: Side, django: Side, seconds: float, move: Move) -> None:
    assert verdict(fastapi, django, seconds=seconds) is move


def test_many_small_excesses_are_tolerated() -> None:
    """Beyond chance and yet below one in a thousand."""
    assert verdict(side(1_000_000, 700), side(1_000_000, 300)) is Move.ADVANCE


def test_sudden_failure_is_not_hidden_by_a_good_past() -> None:
    past, django = side(100_000), side(100_000)
    recent = Pair(side(300), side(40, 40))
    past.add(recent.fastapi)
    assert verdict(past, django, recent) is Move.ROLLBACK


def test_what_fails_on_both_sides_at_once_is_not_fastapis() -> None:
    recent = Pair(side(40, 35), side(40, 40))
    assert verdict(side(100_000, 40), side(100_000, 35), recent) is Move.ADVANCE


def test_without_django_failures_are_measured_by_the_step_before() -> None:
    alone = Pair(Side(), side(2000, 30))
    assert judge(POLICY, alone, Pair(), side(5000, 2), 600).move is Move.ROLLBACK
    assert judge(POLICY, alone, Pair(), side(5000, 75), 600).move is Move.ADVANCE


@pytest.mark.parametrize(
    ("fastapi", "before", "move"),
    [
        (side(600, 40), Side(), Move.ROLLBACK),
        (side(600, 15), Side(), Move.HOLD),  # if one in a hundred may fail, by chance once in 700
        (side(600, 8), Side(), Move.ADVANCE),
        (side(600, abandoned=200), Side(), Move.ROLLBACK),
        (side(600, abandoned=60), Side(), Move.ADVANCE),
        (side(600, abandoned=60), side(5000, abandoned=9), Move.ROLLBACK),
        # Of another time, so it may take twice as much longer as beside Django.
        (side(600, milliseconds=9), side(5000), Move.ROLLBACK),
        (side(600, milliseconds=7), side(5000), Move.ADVANCE),
    ],
)
def test_without_django_beside_it(fastapi: Side, before: Side, move: Move) -> None:
    assert judge(POLICY, Pair(Side(), fastapi), Pair(), before, 600).move is move


@pytest.mark.parametrize(
    ("requests", "failures", "move"),
    [(600, 9, Move.HOLD), (4900, 100, Move.HOLD), (5000, 101, Move.ROLLBACK), (5000, 30, Move.ADVANCE)],
)
def test_doubt_at_100_percent_ends(requests: int, failures: int, move: Move) -> None:
    """Django has failed 1 of 1,000 before."""
    alone = Pair(Side(), Side(requests, failures))
    found = judge(POLICY, alone, Pair(), Side(1000, 1), 600)
    assert found.move is move


def test_doubt_among_synthetic_reads_does_not_end_with_users_requests() -> None:
    """Both sides are asked, at 100 % as well: more reads tell, however many requests users have sent."""

    def told(own: Pair, users: Side, before: Side) -> tuple[Move, bool]:
        found = judge(POLICY, Pair(Side(), users), Pair(), before, 600, own)
        return found.move, found.more

    doubtful, good = Pair(side(30), side(30, 12)), Pair(side(300), side(300))
    assert told(doubtful, side(10_000), side(5000)) == (Move.HOLD, True)
    assert told(Pair(side(60), side(60, 30)), side(10_000), side(5000)) == (Move.ROLLBACK, False)
    assert told(Pair(side(300), side(300, 2)), side(10_000), side(5000)) == (Move.ADVANCE, False)
    # Users' own doubt is decided all the same, and by as many of their own requests.
    assert told(doubtful, Side(5000, 101), Side(1000, 1)) == (Move.ROLLBACK, False)
    assert told(doubtful, Side(4900, 100), Side(1000, 1)) == (Move.HOLD, True)
    assert told(good, Side(4900, 45), Side(1000, 1)) == (Move.HOLD, False)


def test_few_requests_that_all_fail_pass_no_step() -> None:
    few = Policy(minimum=12)
    for count, move in ((12, Move.HOLD), (14, Move.ROLLBACK)):
        found = judge(few, Pair(Side(count), Side(count, count)), Pair(), Side(), 600)
        assert found.move is move
    held = judge(few, Pair(Side(12), Side(12, 12)), Pair(), Side(), 600)
    assert held.why.startswith("in doubt: 12 of 12 requests failed at FastAPI")
    slow = judge(few, Pair(side(24), side(24, milliseconds=6.5)), Pair(), Side(), 600)
    assert (slow.move, slow.why[:26]) == (Move.HOLD, "in doubt: FastAPI takes 1.")


def test_reasons_have_their_figures() -> None:
    why = judge(POLICY, Pair(side(5000, 5), side(600, 12)), Pair(), Side(), 600).why
    assert "12 of 600 requests failed at FastAPI" in why
    assert "5 of 5000 at Django" in why


def test_synthetic_reads_count_and_are_judged_by_themselves() -> None:
    def moved(synthetic: Pair, users: Pair | None = None) -> Move:
        return judge(POLICY, users or Pair(), Pair(), Side(), 600, synthetic).move

    assert moved(Pair(side(600), side(600))) is Move.ADVANCE
    assert moved(Pair(side(400), side(400))) is Move.HOLD
    assert moved(Pair(side(400), side(400)), Pair(side(9000), side(100))) is Move.ADVANCE
    assert moved(Pair(side(600), side(600, 60))) is Move.ROLLBACK
    assert moved(Pair(side(600), side(600, milliseconds=9))) is Move.ROLLBACK
    # They are reads that take longer than users' do, on both sides: beside users' they say nothing.
    slow = Pair(side(600, milliseconds=50), side(600, milliseconds=50))
    assert moved(slow, Pair(side(9000), side(100))) is Move.ADVANCE
