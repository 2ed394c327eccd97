"""Serializers that look at the view which made them: ``self.context["view"].kwargs``, ``request.parser_context["kwargs"]``.

What they come out as depends on the view, so each operation gets its own (equal ones are one function in the end). The same
holds for a context of its own that a serializer is given (``XSerializer(x, context={"project": project})``).
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from segue.snapshot.model import Value
from segue.translate.context import Context
from segue.translate.functions.shape import shape_of
from segue.translate.interp import carried
from segue.translate.kinds import Kind
from segue.translate.serializers.made import CHANGING, PLAIN, made_how
from segue.translate.specialise.endpoint import Endpoint

_LOOKS = re.compile(r"""\bparser_context\b|\bcontext(\[|\.get\()["']view["']""")
_METHOD = re.compile(r"\.method\b")
_LOOKS_IN = re.compile(r"\b(parser_)?context\b")
_CURRENT = ("kernel", "endpoint")
_OWN = ("kernel", "a serializer's own context")


@dataclass(frozen=True, slots=True, eq=False)
class OwnContext:
    """What a serializer was given by ``context=``, by key; nothing at all without it. ``beneath``: DRF's context of the view, or
    what the view makes of it, lies beneath, as :class:`~segue.translate.kinds.ContextDict` says (``{**self.get_serializer_context(), "project": project}``)."""

    entries: tuple[tuple[str, Kind], ...] = ()
    beneath: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing can be found in it."""
        return not self.entries and not self.beneath

    @property
    def has_request(self) -> bool:
        """Whether the request is in it."""
        return bool(self.beneath) or any(key == "request" for key, _ in self.entries)

    @property
    def key(self) -> Hashable:
        """What translations are to be told apart by."""
        return tuple((key, shape_of(kind)) for key, kind in self.entries), self.beneath


BARE = OwnContext()


def state_of(key: str) -> str:
    """The parameter that holds an entry of a context."""
    return f"context_{key}"


@contextmanager
def translating(endpoint: Endpoint) -> Iterator[None]:
    """What is translated inside belongs to that operation."""
    memo = endpoint.ctx.memo
    before = memo.get(_CURRENT)
    memo[_CURRENT] = endpoint
    try:
        with carried.asked(endpoint), carried.own_request(endpoint.ctx, endpoint.action):
            yield
    finally:
        memo[_CURRENT] = before


def current_view(ctx: Context) -> Endpoint | None:
    """The operation that is being translated."""
    current = ctx.memo.get(_CURRENT)
    return current if isinstance(current, Endpoint) else None


@contextmanager
def in_context(ctx: Context, own: OwnContext | None) -> Iterator[None]:
    """What is translated inside is of a serializer with that context; None is the view's."""
    before = ctx.memo.get(_OWN)
    ctx.memo[_OWN] = own
    try:
        yield
    finally:
        ctx.memo[_OWN] = before


def own_context(ctx: Context) -> OwnContext | None:
    """The context that the serializer in hand was given; None where that is the view's."""
    found = ctx.memo.get(_OWN)
    return found if isinstance(found, OwnContext) else None


def is_bare(ctx: Context) -> bool:
    """Whether the serializer in hand has no context."""
    own = own_context(ctx)
    return own is not None and own.empty


def view_of(ctx: Context, serializer: str) -> Endpoint | None:
    """The operation in hand, where the serializer, or one in it, looks at its view. One without context has none."""
    if is_bare(ctx):
        return None
    current = current_view(ctx)
    if current is None:
        return None
    own = bool(current.overridden("get_serializer_context"))
    return current if _looks(ctx, serializer, (), own) else None


def view_key(ctx: Context, serializer: str) -> Hashable:
    """What translations of the serializer are to be told apart by."""
    if is_bare(ctx):
        return ("without context", carried.shape(ctx), made_how(ctx) if ctx.memo.get(CHANGING) else PLAIN)
    view, own = view_of(ctx, serializer), own_context(ctx)
    how = made_how(ctx)
    seen = (None if view is None else view.key, carried.shape(ctx), None if own is None else own.key)
    # Only what changes its fields, in it or in one of its fields, asks how it was made.
    return seen if how == PLAIN or not ctx.memo.get(CHANGING) else (*seen, how)


def _looks(ctx: Context, name: str, seen: tuple[str, ...], own: bool) -> bool:
    table = ctx.memo.setdefault(("serializers", ("look at views", own)), {})
    assert isinstance(table, dict)
    if name not in table:
        table[name] = name not in seen and _found(ctx, name, (*seen, name), own)
    return bool(table[name])


def _found(ctx: Context, name: str, seen: tuple[str, ...], own: bool) -> bool:
    """``own``: the view's context has more in it than the view, so that any look into it counts."""
    looks = _LOOKS_IN if own else _LOOKS
    serializer = ctx.snapshot.serializers.get(name)
    known = ctx.snapshot.classes.get(name)
    owners = set(known.mro if known is not None else (name,))
    fields = serializer.fields if serializer is not None else ()
    for item in fields:
        field_class = ctx.snapshot.classes.get(item.cls)
        owners.update(field_class.mro if field_class is not None else ())
        owners.update(_classes(ctx, item.default))
    for function in ctx.snapshot.functions.values():
        if function.owner not in owners:
            continue
        makes_fields = function.name.endswith((".__init__", ".get_fields"))
        if looks.search(function.source) or (makes_fields and _METHOD.search(function.source)):
            return True
    inside = [item.serializer for item in fields if item.serializer]
    # rest_polymorphic's serializer has no fields, but others that it chooses from.
    mapping = known.attributes.get("model_serializer_mapping") if known is not None else None
    inside += [value.name for _, value in mapping.value.pairs if value.kind == "ref"] if mapping else []
    return any(_looks(ctx, name, seen, own) for name in inside)


def _classes(ctx: Context, default: Value) -> set[str]:
    """The classes behind a default that is asked with its field (``requires_context``)."""
    found = {name for inner in default.items for name in _classes(ctx, inner)}
    for _, inner in default.pairs:
        found |= _classes(ctx, inner)
    known = ctx.snapshot.classes.get(default.name) if default.kind == "call" else None
    return found | set(known.mro if known is not None else ())


__all__ = [
    "BARE",
    "OwnContext",
    "current_view",
    "in_context",
    "is_bare",
    "own_context",
    "state_of",
    "translating",
    "view_key",
    "view_of",
]
