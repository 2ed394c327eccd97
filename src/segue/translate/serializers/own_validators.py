"""Validators that are objects of the project's own classes (``NameValidator()``): their ``__call__``, lifted with what they hold."""

from __future__ import annotations

from segue.refusal import Refused
from segue.snapshot.model import SerializerField, Value
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Kind, SerializerSelf
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
    refused = field_refusal(item, "validator", f"Segue has no rule for {value.name}.")
    return lifted_validator(ctx, value, kind, refused)


def lifted_validator(
    ctx: Context, value: Value, kind: Kind, refused: Refused, serializer: SerializerSelf | None = None
) -> Lifted:
    """The same for what is given a ``kind``. ``serializer``: what stands for it where the class says ``requires_context``. Raises
    ``refused``."""
    known = ctx.snapshot.classes[value.name]
    function = ctx.snapshot.functions[known.methods["__call__"]]
    names = parameters_of(function)
    asks = known.attributes.get("requires_context")
    given: dict[str, Kind | Val] = {names[1]: kind} if len(names) > 1 else {}
    if asks is not None and asks.value.kind == "const" and asks.value.data is True and serializer is not None:
        given |= dict.fromkeys(names[2:], serializer)  # DRF calls it with the serializer, too
        wanted = 3
    else:
        wanted = 2
    if len(names) != wanted or (asks is not None and wanted == 2 and bool(asks.value.data)):
        raise refused  # DRF calls it with the field
    frame = Frame(ctx, function, "")
    receiver: Val | None
    if "deconstruct" in known.methods:  # the snapshot has the arguments
        args = [value_of(frame, v) for v in value.items]
        kwargs = {str(k.data): value_of(frame, v) for k, v in value.pairs}
        positions = [v for v in args if v is not None]
        named = {k: v for k, v in kwargs.items() if v is not None}
        whole = len(positions) == len(args) and len(named) == len(kwargs)
        receiver = made(ctx, value.name, positions, named) if whole else None
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
            arguments=given,
            module_kind="validators",
            app=app_of(ctx, function),
        )


__all__ = ["is_own_validator", "lifted_validator", "own_validator"]
