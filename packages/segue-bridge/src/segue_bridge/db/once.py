"""``cached_property``: what an object has computed once stays with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import date, time, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from segue_bridge.db.session import Session

Given = ParamSpec("Given")
Value = TypeVar("Value")

_PLAIN = (str, bytes, int, float, bool, type(None), Decimal, UUID, date, time, timedelta)


def once(
    function: Callable[Concatenate[Session, Given], Awaitable[Value]],
) -> Callable[Concatenate[Session, Given], Awaitable[Value]]:
    """Call ``function`` once in a request for each set of arguments, and give that value again: of ``functools.cached_property`` and
    Django's the function of a view's property, or of an object's, which is its argument.

    Plain values are the same where they are equal, of one type; anything else where it is the same object. An exception is not kept.
    """

    @wraps(function)
    async def kept(db: Session, /, *given: Given.args, **named: Given.kwargs) -> Value:
        key = (function, *map(_key, given), *((name, _key(value)) for name, value in named.items()))
        found: tuple[Value, Any] | None = db.kept_values.get(key)
        if found is None:
            # The arguments are held, or another object might get the place of one in memory.
            found = db.kept_values[key] = (await function(db, *given, **named), (given, named))
        return found[0]

    return kept


def _key(value: object) -> Hashable:
    return (type(value), value) if isinstance(value, _PLAIN) else id(value)


__all__ = ["once"]
