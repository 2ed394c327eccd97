"""Which generated functions stand for a ``cached_property`` that asks the database: their value is kept for the request."""

from __future__ import annotations

import ast

from segue.translate.context import Context
from segue.translate.functions.record import FunctionRecord, by_token
from segue.translate.interp.same_set import holds_sets
from segue.translate.interp.value import Val

_PLAIN = frozenset({"int", "str", "bool", "UUID", "None"})


def kept_once(ctx: Context, record: FunctionRecord) -> bool:
    """Whether the function is written with ``@once``. A query set is none of its values: Django's object keeps that, but asks when
    it is gone through."""
    function = ctx.snapshot.functions.get(record.legacy)
    if function is None or function.role != "cached_property" or not record.is_async or record.recursive:
        return False
    first = record.parameters[0] if record.parameters else None
    return first is not None and first.annotation() == "Session" and not holds_sets(record.returns)


def is_kept(ctx: Context, value: Val) -> bool:
    """Whether a value is what such a function gives."""
    match value.node:
        case ast.Await(value=ast.Call(func=ast.Name(id=token))):
            record = by_token(ctx).get(token)
            return record is not None and kept_once(ctx, record)
    return False


def one_value(ctx: Context, record: FunctionRecord) -> bool:
    """Whether it is :func:`kept_once`, and always with the same plain arguments in a request: that of a view."""
    words = {word for p in record.parameters[1:] for word in p.annotation().split(" | ")}
    return kept_once(ctx, record) and words <= _PLAIN


__all__ = ["is_kept", "kept_once", "one_value"]
