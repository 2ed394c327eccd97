"""Validators that are objects of the project's own classes (``NameValidator()``): their ``__call__``, lifted with what they hold."""

from __future__ import annotations

from segue.snapshot.model import SerializerField, Value
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind
from segue.translate.rules.plain_objects import is_plain, made
from segue.translate.rules.receivers import parameters_of
from segue.translate.serializers.facts import field_refusal
from segue.translate.serializers.held_object import held_kind
from segue.translate.serializers.synthetic import in_validation


def is_own_validator(ctx: Context, value: Value) -> bool:
    """Whether ``value`` is an object of a class of the project's with a ``__call__`` of its own."""
    known = ctx.snapshot.classes.get(value.name) if value.kind == "call" else None
    return known is not None and known.methods.get("__call__", "") in ctx.snapshot.functions


def own_validator(ctx: Context, item: SerializerField, value: Value, kind: Kind) -> Lifted:
    """``LetterCase(upper=True)`` of the project's: its ``__call__``, lifted with what the object holds."""
    known = ctx.snapshot.classes[value.name]
    function = ctx.snapshot.functions[known.methods["__call__"]]
    refused = field_refusal(item, "validator", f"Segue has no rule for {value.name}.")
    names = parameters_of(function)
    if "requires_context" in known.attributes or len(names) != 2:
        raise refused  # DRF calls it with the field
    frame = Frame(ctx, function, "")
    receiver: Val | None
    if "deconstruct" in known.methods:  # the snapshot has the arguments
        args = [value_of(frame, v) for v in value.items]
        kwargs = {str(k.data): value_of(frame, v) for k, v in value.pairs}
        given = [v for v in args if v is not None]
        named = {k: v for k, v in kwargs.items() if v is not None}
        whole = len(given) == len(args) and len(named) == len(kwargs)
        receiver = made(ctx, value.name, given, named) if whole else None
    else:  # the snapshot has its state, but for private names
        held = held_kind(frame, value) if is_plain(ctx, value.name) else None
        receiver = Val(held) if held is not None else None
    if receiver is None:
        raise refused
    with in_validation(ctx):
        return lift(
            ctx,
            function,
            self_kind=receiver.kind,
            arguments={names[1]: kind},
            module_kind="validators",
            app=app_of(ctx, function),
        )


__all__ = ["is_own_validator", "own_validator"]
