"""Attributes that a view's code puts on the request, for what reads them later in the same operation.

DRF's ``Request`` is a plain object: what is put on it stays for the rest of the request. Here it is a local of the path
operation function, and whatever reads it takes it as a parameter. Only code that is translated while the attribute is there
may read it: its translation is kept apart from those of other operations (:func:`shape`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from segue.translate.context import Context
from segue.translate.functions.shape import shape_of
from segue.translate.kinds import Instance, Kind

_MEMO = ("kernel", "put on the request")
_GIVEN = ("middleware", "here")
_LEFT_OUT = ("middleware", "left out here")
_LEAVABLE = ("kernel", "leavable")
SCOPES = ("django-scopes", "active")
REQUEST_AUTH = ("kernel", "request.auth")
"""Memo: what ``request.auth`` is in the route in hand, where that is known."""


@contextmanager
def own_request(ctx: Context) -> Iterator[None]:
    """What is translated inside belongs to one operation: its request has nothing of others."""
    before = ctx.memo.get(_MEMO)
    ctx.memo[_MEMO] = {}
    try:
        yield
    finally:
        ctx.memo[_MEMO] = before


def on_request(ctx: Context) -> dict[str, Kind]:
    """The attributes that the operation in hand has put on its request so far, in any branch."""
    found = ctx.memo.get(_MEMO)
    return found if isinstance(found, dict) else {}


def is_open(ctx: Context) -> bool:
    """Whether an operation's own code is being translated, and not what is asked before it."""
    return isinstance(ctx.memo.get(_MEMO), dict)


def shape(ctx: Context) -> Hashable:
    """What translations are to be told apart by: this, what middleware gives to requests of the route in hand, and who asks."""
    given, auth = (ctx.memo.get(_GIVEN), ctx.memo.get(_LEFT_OUT)), ctx.memo.get(REQUEST_AUTH)
    carried = tuple((name, shape_of(kind)) for name, kind in sorted(on_request(ctx).items()))
    return (
        carried,
        given,
        shape_of(auth) if isinstance(auth, Instance) else None,
        scopes_here(ctx),
        bool(ctx.memo.get(_LEAVABLE)),
    )


def scopes_here(ctx: Context) -> Hashable:
    """The scopes of django-scopes (:mod:`segue.translate.rules.scopes`) that what is translated runs in."""
    found = ctx.memo.get(SCOPES)
    return tuple(sorted(found.items())) if isinstance(found, dict) else str(found)


def parameter(name: str) -> str:
    """What the attribute is called in generated code."""
    return f"request_{name}"


__all__ = ["is_open", "on_request", "own_request", "parameter", "shape"]
