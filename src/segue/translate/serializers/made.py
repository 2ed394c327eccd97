"""How the serializer in hand was made: as a field of another, without an instance, with arguments of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segue.translate.context import Context

CHANGING = ("serializers", "own fields")
"""Memo: the serializers whose fields depend on how they are made."""
_HOW = ("kernel", "how a serializer is made")


@dataclass(frozen=True, slots=True)
class Made:
    """``created``: it had no instance then, and shows what it has saved. ``arguments``: those that are not DRF's, as constants."""

    nested: bool = False
    created: bool = False
    arguments: tuple[tuple[str, object], ...] = ()


PLAIN = Made()
_NESTED = Made(nested=True)


def made_how(ctx: Context) -> Made:
    """Of the serializer that is being translated."""
    found = ctx.memo.get(_HOW)
    return found if isinstance(found, Made) else PLAIN


@contextmanager
def made_as(ctx: Context, how: Made) -> Iterator[None]:
    """What is translated inside is of a serializer that was made so."""
    before = ctx.memo.get(_HOW)
    ctx.memo[_HOW] = how
    try:
        yield
    finally:
        ctx.memo[_HOW] = before


@contextmanager
def as_a_field(ctx: Context) -> Iterator[None]:
    """What is translated inside is of a serializer that is a field of another."""
    with made_as(ctx, _NESTED):
        yield


__all__ = ["CHANGING", "PLAIN", "Made", "as_a_field", "made_as", "made_how"]
