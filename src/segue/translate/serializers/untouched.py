"""Serializers whose ``__init__`` or ``get_fields`` changes their fields by what a request brings.

The fields of a fresh object, which the snapshot has, are those of one case: without a request, say, or without an instance. So such
a class is translated with the fields that DRF alone makes (``Serializer.untouched``), and what the project's code does to them
is code of the service (:mod:`segue.translate.serializers.own_fields`).
"""

from __future__ import annotations

from dataclasses import replace

from segue.snapshot.model import Serializer
from segue.translate.context import Context
from segue.translate.interp.carried import SCOPES
from segue.translate.rules import registry
from segue.translate.rules.scopes import DISABLED
from segue.translate.serializers.made import CHANGING, made_how

HOOKS = ("__init__", "get_fields")


def use_untouched(ctx: Context) -> None:
    """Once for each run, before anything looks at a serializer."""
    found = {
        name: replace(known.untouched or known, name=name, untouched=None, arguments=())
        for name, known in ctx.snapshot.serializers.items()
        if not known.arguments and "#" not in name and _is_decided_by_requests(ctx, known)
    }
    found |= {
        name: replace(found[cls], name=name, where=known.where)
        for name, known in ctx.snapshot.serializers.items()
        if (cls := name.partition("#")[0]) in found
        and cls != name
        and not known.arguments
        and _is_left_alone(ctx, name)
    }
    ctx.memo[CHANGING] = frozenset(found)
    if found:
        ctx.snapshot = replace(ctx.snapshot, serializers={**ctx.snapshot.serializers, **found})


def asks_requests(ctx: Context, serializer: str) -> bool:
    """Whether more than arguments decides about its fields."""
    from segue.translate.serializers.facts import overridden
    from segue.translate.serializers.own_arguments import taken
    from segue.translate.serializers.own_init import inits

    constructors = inits(ctx, serializer)
    by_arguments = (
        constructors and all(map(taken, constructors)) and not overridden(ctx, serializer, "get_fields")
    )
    return changes_fields(ctx, serializer) and not by_arguments


def fields_vary(ctx: Context, serializer: str) -> bool:
    """Whether the fields of the serializer in hand are others than those that its class makes."""
    return asks_requests(ctx, serializer) or (
        bool(made_how(ctx).arguments) and changes_fields(ctx, serializer)
    )


def changes_fields(ctx: Context, serializer: str) -> bool:
    """Whether the fields of ``serializer`` are what its code makes of them for a request."""
    found = ctx.memo.get(CHANGING, frozenset())
    assert isinstance(found, frozenset)
    return serializer in found


def _is_left_alone(ctx: Context, nested: str) -> bool:
    """Whether a nested serializer is only what its class makes it: those that it is a field of do not change it."""
    from segue.translate.serializers.facts import overridden

    owners = [
        s.name for s in ctx.snapshot.serializers.values() if any(f.serializer == nested for f in s.fields)
    ]
    return not any(overridden(ctx, owner, hook) for owner in owners for hook in HOOKS)


def _is_decided_by_requests(ctx: Context, serializer: Serializer) -> bool:
    from segue.translate.serializers.facts import overridden
    from segue.translate.serializers.initial import optional_on_update
    from segue.translate.serializers.own_arguments import taken
    from segue.translate.serializers.own_init import fixed_init, inits

    if overridden(ctx, serializer.name, "get_fields"):
        return True
    if not overridden(ctx, serializer.name, "__init__"):
        return False
    registry.discover()
    constructors = inits(ctx, serializer.name)
    if constructors and all(map(taken, constructors)):
        return True  # by arguments alone, which code of the project may give it
    if not serializer.error and optional_on_update(ctx, serializer) is not None:
        return False
    scopes = ctx.memo.get(SCOPES)
    try:
        for state in (scopes, DISABLED):
            ctx.memo[SCOPES] = state
            if any(fixed_init(ctx, serializer, reading=reading) for reading in (False, True)):
                return False
    finally:
        ctx.memo[SCOPES] = scopes
    return True


__all__ = ["HOOKS", "asks_requests", "changes_fields", "fields_vary", "use_untouched"]
