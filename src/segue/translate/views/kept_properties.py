"""What an object keeps of a ``cached_property``: Django shows after a write what was read before it, generated code asks again.

``functools.cached_property`` and ``django.utils.functional.cached_property`` put the value into the object's ``__dict__``; neither ``save()``
nor another write takes it out again.
"""

from __future__ import annotations

from collections.abc import Sequence

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Operation
from segue.translate.context import Context
from segue.translate.functions.record import reached
from segue.translate.functions.writing import may_write
from segue.translate.views.operation import PathOperation


def read_around_write(
    ctx: Context, before: Sequence[str], operation: Operation, made: PathOperation
) -> Refusal | None:
    """Why an operation is refused that may read such a property, write, and read it again; ``before``: what runs before the handler.

    Whether it is one object that is asked twice is not looked at.
    """
    called = [record.lines for record in reached(ctx, [*before, *made.lines]) if record is not None]
    for lines in ([*before, *made.lines], *called):
        read: set[str] = set()
        kept: set[str] = set()
        for line in lines:
            here = _properties(ctx, line)
            if kept & here:
                why = "It is read before something may be written and again behind it: Django's object keeps what it was (cached_property)."
                return refuse("read-order", min(kept & here), why, operation.where).refusal
            read |= here
            if read and may_write(ctx, [line]):
                kept |= read
    return None


def _properties(ctx: Context, line: str) -> set[str]:
    """The cached properties that a line of generated code asks for, down to the last function called."""
    names = {record.legacy for record in reached(ctx, [line]) if record is not None}
    functions = ctx.snapshot.functions
    return {n for n in names if n in functions and functions[n].role == "cached_property"}


__all__ = ["read_around_write"]
