"""``rest_flex_fields.FlexFieldsSerializerMixin``: a serializer whose fields a query parameter can choose.

Without its parameters (``expand``, ``fields``, ``omit`` and the same with ``[]``) the mixin changes nothing: requests that carry one are left to
Django, for every view, as the mixin reads the parameters wherever a serializer gets the request's context. A field made with arguments
(``X(many=True, fields=("id",))``) is described with the fields that it has.
"""

from __future__ import annotations

from segue.refusal import Refusal
from segue.translate.context import Context

MIXIN = "rest_flex_fields.serializers.FlexFieldsSerializerMixin"
_NAMES = ("EXPAND_PARAM", "FIELDS_PARAM", "OMIT_PARAM")
_MEMO = ("serializers", "flex-fields")


def of_mixin(function: str) -> bool:
    """Whether the dotted function is the mixin's own."""
    return function.startswith(f"{MIXIN}.")


def left_to_django(ctx: Context) -> dict[str, Refusal]:
    """The query parameters, where any serializer of the project has the mixin; empty otherwise."""
    known = ctx.memo.get(_MEMO)
    if isinstance(known, dict):
        return known
    found: dict[str, Refusal] = {}
    init = ctx.snapshot.functions.get(f"{MIXIN}.__init__")
    users = [s for s in ctx.snapshot.serializers if MIXIN in _mro(ctx, s)]
    if users and init is not None:
        why = "rest_flex_fields chooses the fields of a serializer by it."
        for constant in _NAMES:
            ref = init.globals.get(constant)
            name = str(ref.value.data) if ref is not None and ref.value is not None else ""
            if name:
                reason = Refusal("flex-fields", f"?{name}=", why, init.where.file, init.where.line)
                found[name] = found[f"{name}[]"] = reason
    ctx.memo[_MEMO] = found
    return found


def understood(ctx: Context) -> bool:
    """Whether the names of all its parameters are known."""
    return len(left_to_django(ctx)) == 2 * len(_NAMES)


def arguments(ctx: Context, serializer: str) -> frozenset[str]:
    """What the mixin's constructor takes where ``serializer`` has it: the probe sees the fields that come of it."""
    if MIXIN not in _mro(ctx, serializer) or not understood(ctx):
        return frozenset()
    return frozenset(name for name in left_to_django(ctx) if not name.endswith("[]")) | {"parent"}


def _mro(ctx: Context, name: str) -> tuple[str, ...]:
    known = ctx.snapshot.classes.get(name)
    return tuple(known.mro) if known is not None else ()
