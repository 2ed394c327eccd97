"""Reading sizes and offsets from the query as DRF does."""

from __future__ import annotations


def positive_int(text: str, *, strict: bool = False, cutoff: int | None = None) -> int:
    """``rest_framework.pagination._positive_int``. Raises ``ValueError``."""
    number = int(text)
    if number < 0 or (number == 0 and strict):
        raise ValueError(text)
    return min(number, cutoff) if cutoff else number
