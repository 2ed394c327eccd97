"""Two samples compared: shares exactly, latencies by rank."""

from __future__ import annotations

import math
from collections import Counter

from segue.rollout.figures import BUCKET


def chance_of_as_many(failures: int, requests: int, others: int, other_requests: int) -> float:
    """Chance that a side with ``requests`` has ``failures`` or more of all ``failures + others``, if both sides fail alike.

    Exact: given the total, the failures of one side are hypergeometric, a request of either side being as likely to be one of
    those that fail (Fisher's test, one-sided).
    """
    total = failures + others
    if failures == 0 or requests == 0:
        return 1.0
    all_requests = requests + other_requests
    whole = _choose(all_requests, total)
    terms = [
        _choose(requests, k) + _choose(other_requests, total - k) - whole
        for k in range(failures, min(total, requests) + 1)
        if total - k <= other_requests
    ]
    return min(1.0, math.fsum(math.exp(t) for t in terms))


def chance_of_share(failures: int, requests: int, share: float) -> float:
    """Chance that ``failures`` or more of ``requests`` fail if each does with chance ``share`` (between 0 and 1): binomial, exact."""
    if failures == 0:
        return 1.0
    per, other = math.log(share), math.log1p(-share)
    terms = (_choose(requests, k) + k * per + (requests - k) * other for k in range(failures, requests + 1))
    return min(1.0, math.fsum(math.exp(t) for t in terms))


def chance_of_ranks(slower: Counter[int], other: Counter[int]) -> float:
    """Chance that latencies rank as high above those of ``other`` as ``slower`` does, if both are alike.

    Mann and Whitney's test on histograms, one-sided: normal approximation of U with the correction for ties; for 20 latencies
    and more on each side, else 1.
    """
    n, m = sum(slower.values()), sum(other.values())
    if min(n, m) < 20:
        return 1.0
    below, doubled, ties = 0, 0, 0  # twice U: ties count one half each
    for number in sorted({*slower, *other}):
        mine, theirs = slower[number], other[number]
        doubled += mine * (2 * below + theirs)
        below += theirs
        ties += (mine + theirs) ** 3 - (mine + theirs)
    total = n + m
    variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return math.erfc((doubled - n * m) / 2 / math.sqrt(2 * variance)) / 2


def ratio(slower: Counter[int], other: Counter[int]) -> float:
    """How many times as long ``slower`` takes: the median over all pairs of latencies (Hodges and Lehmann), to within a bucket."""
    pairs: Counter[int] = Counter()
    for mine, count in slower.items():
        for theirs, times in other.items():
            pairs[mine - theirs] += count * times
    half, seen = pairs.total() / 2, 0
    for difference in sorted(pairs):
        seen += pairs[difference]
        if seen >= half:
            return float(BUCKET**difference)
    return 1.0


def _choose(n: int, k: int) -> float:
    """Logarithm of the binomial coefficient."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
