"""Names of module constants of one sort, of which an application may need several: ``LEFT_TO_DJANGO``, ``AUTHENTICATION``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from segue.translate.load.models import snake


def distinct(sort: str, words: Sequence[str], taken: Collection[str]) -> str:
    """``sort`` for the first; for others with ``words`` that say what they are of, and a number only where those are taken, too.

    >>> distinct("AUTHENTICATION", ["Session", "Token"], ["AUTHENTICATION"])
    'AUTHENTICATION_SESSION_TOKEN'
    """
    if sort not in taken:
        return sort
    name = "_".join([sort, *(snake(word).upper() for word in words)])
    numbers = range(2, len(taken) + 3)
    return next(n for n in [name, *(f"{name}_{number}" for number in numbers)] if n not in taken)


__all__ = ["distinct"]
