"""The two comparisons against their definitions, by counting every case."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import comb

import pytest

from segue.rollout.compare import chance_of_as_many, chance_of_ranks, chance_of_share, ratio
from segue.rollout.figures import bucket


@pytest.mark.parametrize(
    ("failures", "requests", "others", "other_requests"),
    [(3, 10, 1, 30), (0, 5, 2, 5), (5, 5, 0, 40), (1, 200, 0, 19_800), (20, 1000, 30, 900)],
)
def test_chance_of_failures_is_the_share_of_all_ways_to_draw_them(
    failures: int, requests: int, others: int, other_requests: int
) -> None:
    total = failures + others
    ways = [comb(requests, k) * comb(other_requests, total - k) for k in range(total + 1)]
    expected = float(Fraction(sum(ways[failures:]), sum(ways)))
    assert chance_of_as_many(failures, requests, others, other_requests) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("failures", "requests"), [(0, 5), (1, 5), (5, 5), (12, 300)])
def test_chance_of_a_share_is_the_sum_of_all_ways(failures: int, requests: int) -> None:
    share = Fraction(1, 100)
    ways = [comb(requests, k) * share**k * (1 - share) ** (requests - k) for k in range(requests + 1)]
    assert chance_of_share(failures, requests, 0.01) == pytest.approx(float(sum(ways[failures:])), rel=1e-6)


def test_chance_of_ranks_is_near_that_of_all_relabellings() -> None:
    """20 and 20 latencies have too many relabellings to count: 40,000 are drawn with a fixed seed."""
    dice = random.Random(3)
    mine = [dice.randrange(4, 12) for _ in range(20)]
    other = [dice.randrange(3, 11) for _ in range(20)]

    def won(left: list[int], right: list[int]) -> float:
        return sum((a > b) + (a == b) / 2 for a in left for b in right)

    seen, both, as_high = won(mine, other), mine + other, 0
    for _ in range(4_000):
        dice.shuffle(both)
        as_high += won(both[:20], both[20:]) >= seen
    assert chance_of_ranks(Counter(mine), Counter(other)) == pytest.approx(as_high / 4_000, abs=0.02)


def test_few_or_equal_latencies_say_nothing() -> None:
    assert chance_of_ranks(Counter({5: 19}), Counter({1: 500})) == 1.0
    assert chance_of_ranks(Counter({5: 50}), Counter({5: 50})) == 1.0


def test_ratio_is_the_median_over_all_pairs() -> None:
    dice = random.Random(5)
    other = [dice.lognormvariate(8, 0.7) for _ in range(60)]
    mine = [t * 1.5 for t in other]
    exact = sorted(a / b for a in mine for b in other)[len(mine) * len(other) // 2]
    found = ratio(Counter(map(bucket, mine)), Counter(map(bucket, other)))
    assert found == pytest.approx(exact, rel=0.06)


def test_ties_lower_the_spread() -> None:
    """With two values only, the exact chance of the ranks is that of the counts (Fisher's)."""
    n = 40
    mine, other = Counter({1: 10, 2: 30}), Counter({1: 25, 2: 15})
    exact = sum(comb(n, k) * comb(n, 45 - k) for k in range(30, 41)) / comb(2 * n, 45)
    assert chance_of_ranks(mine, other) == pytest.approx(exact, rel=0.8)
