"""What an object keeps of a ``cached_property``: Django shows after a write what was read before it, generated code asks again.

``functools.cached_property`` and ``django.utils.functional.cached_property`` put the value into the object's ``__dict__``; neither ``save()``
nor another write takes it out again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from segue.refusal import Refusal, refuse
from segue.snapshot.model import Operation
from segue.translate.context import Context
from segue.translate.functions.once import one_value
from segue.translate.functions.record import FunctionRecord, reached
from segue.translate.functions.writing import writes
from segue.translate.interp.same_set import holds_sets
from segue.translate.views.operation import PathOperation
from segue.translate.views.untouched_chains import Code, same_behind

# Rows of many-to-many relations and tags; attributes of objects, which the property may have computed its value of.
_MORE_WRITES = re.compile(r"\brelations\.(?!related\b)\w+\(|_TAGGING\.\w+\(|\bsetattr\(|\bassign\(")
_SET = re.compile(r"\b\w+\.(\w+) (?:[-+*/|&^%]|//|\*\*|<<|>>)?= ")


def read_around_write(
    ctx: Context, before: Sequence[str], operation: Operation, made: PathOperation
) -> Refusal | None:
    """Why an operation is refused that may read such a property, write, and read it again; ``before``: what runs before the handler.

    Whether it is one object that is asked twice is not looked at. One that only follows foreign keys, none of which is written, is the
    same behind it (:mod:`segue.translate.views.untouched_chains`).
    """
    found = reached(ctx, [*before, *made.lines])
    records = [record for record in found if record is not None]
    whole = [Code("", (), (*before, *made.lines)), *(Code(r.legacy, r.parameters, r.lines) for r in records)]
    single = _single(records)
    columns = {n for m in ctx.snapshot.models.values() for f in m.fields for n in (f.name, f.attname)}
    for lines in (code.lines for code in tuple(whole)):
        read: set[str] = set()
        kept: set[str] = set()
        for line in lines:
            here = _properties(ctx, line, single)
            again = {
                name
                for name in kept & here
                if len(records) < len(found)
                or not same_behind(ctx, [r.lines for r in records if r.legacy == name], whole)
            }
            if again:
                why = "It is read before something may be written and again behind it: Django's object keeps what it was (cached_property)."
                return refuse("read-order", min(again), why, operation.where).refusal
            read |= here
            if read and (
                writes(ctx, [line]) or _MORE_WRITES.search(line) or set(_SET.findall(line)) & columns
            ):
                kept |= read
    return None


def _single(records: Sequence[FunctionRecord]) -> set[str]:
    """The functions that stand there in one form: rows of some columns here and entities there are asked for twice."""
    forms: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for record in records:
        forms.setdefault(record.legacy, set()).add((tuple(record.lines), repr(record.returns)))
    return {legacy for legacy, found in forms.items() if len(found) == 1}


def _properties(ctx: Context, line: str, single: set[str]) -> set[str]:
    """The cached properties that a line of generated code asks for, down to the last function called: those of models, and such of
    views and others that ask the database, or give a queryset, which keeps its rows. What a view computes of the request alone is the same behind a write."""
    functions, models = ctx.snapshot.functions, {m.cls for m in ctx.snapshot.models.values()}
    found = set()
    for record in reached(ctx, [line]):
        function = functions.get(record.legacy) if record is not None else None
        if record is None or function is None or function.role != "cached_property":
            continue
        owner = record.legacy.rpartition(".")[0]
        known = {owner, *(c for c in models if owner in _mro(ctx, c))}
        if not known & models and record.legacy in single and one_value(ctx, record):
            continue  # what it has asked for stays with the request, as with Django's view
        if known & models or _asks(ctx, record.lines) or holds_sets(record.returns):
            found.add(record.legacy)
    return found


def _mro(ctx: Context, cls: str) -> tuple[str, ...]:
    known = ctx.snapshot.classes.get(cls)
    return tuple(known.mro) if known is not None else ()


def _asks(ctx: Context, lines: Sequence[str]) -> bool:
    """Whether something is awaited there, or in what is called; True for what is still being translated."""
    called = reached(ctx, lines)
    return None in called or any(
        "await " in line for one in (lines, *(r.lines for r in called if r)) for line in one
    )


__all__ = ["read_around_write"]
