"""Presenters: row or entity → what the serializer shows."""

from __future__ import annotations

import ast
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from segue.refusal import refuse
from segue.snapshot.model import Serializer, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.interp.annotations import annotation
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.scope import STATE
from segue.translate.interp.value import Val, name
from segue.translate.kinds import DictOf, Instance, Kind, Scalar, SerializerSelf, Shape
from segue.translate.load.models import snake
from segue.translate.serializers.by_view import own_context, view_key, view_of
from segue.translate.serializers.dropping import SHARED, shares
from segue.translate.serializers.facts import (
    app_label,
    check_drivers,
    local_name,
    overridden,
    serializer_of,
    short,
    stem,
)
from segue.translate.serializers.interface import Presenter
from segue.translate.serializers.only_for import only_for
from segue.translate.serializers.own_fields import own_fields, without_gone
from segue.translate.serializers.polymorphic import chooses_by_class, mapped, polymorphic_presenter
from segue.translate.serializers.popped import popped, unvalidated
from segue.translate.serializers.recursion import again, composing
from segue.translate.serializers.shapes import Entry, declare
from segue.translate.serializers.show import Piece, show
from segue.translate.serializers.synthetic import Recipe, compose
from segue.translate.serializers.use import Use

ANY = Import("typing", "Any")


def presenter(ctx: Context, serializer_name: str, instance: Instance, *, partial: bool = False) -> Presenter:
    """Emit the presenter of ``serializer_name`` for ``instance`` and register what it touches.

    ``partial``: the serializer was made with ``partial=True`` (the answer to a PATCH); DRF then
    leaves a key out where it would otherwise show the default of a missing attribute.

    Raises :class:`segue.refusal.Refused`.
    """
    key = (serializer_name, instance.site.serial, instance.mode, partial, view_key(ctx, serializer_name))
    memo = ctx.memo.get(("presenter", key))
    if isinstance(memo, Presenter):
        return memo
    itself = again(ctx, key)
    if itself is not None:
        return itself
    serializer = serializer_of(ctx, serializer_name)
    refused = unvalidated(ctx, serializer_name) if not instance.site.written else None
    if refused is not None:
        raise refused
    if chooses_by_class(ctx, serializer_name):
        made = polymorphic_presenter(
            ctx, serializer, instance, lambda name, one: presenter(ctx, name, one, partial=partial)
        )
        ctx.memo[("presenter", key)] = made
        ctx.memo[("presenter site", key)] = instance.site
        return made
    check_drivers(ctx, serializer)
    override = overridden(ctx, serializer_name, "to_representation")
    fields = own_fields(ctx, serializer, writing=False)
    made = composing(
        ctx,
        serializer_name,
        key,
        instance,
        ctx.import_path(app_label(ctx, serializer), "presenters"),
        lambda: (
            _overridden(ctx, serializer, instance, override)
            if override
            else compose_presenter(
                ctx, serializer, instance, partial=partial, hideable=fields.hideable, handed=True
            )
        ),
    )
    if shares(made) and fields.lifted is not None:
        made = replace(made, fields=fields)
    ctx.memo[("presenter", key)] = made
    # the site must live as long as its id is a key
    ctx.memo[("presenter site", key)] = instance.site
    return made


def read_use(ctx: Context, serializer: Serializer, instance: Instance) -> Use:
    """``self`` of the serializer while it shows ``instance``."""
    view = view_of(ctx, serializer.name)
    hideable = own_fields(ctx, serializer, writing=False).hideable
    return Use(
        serializer.name, "read", instance, instance.site.serial, hideable, view=view, own=own_context(ctx)
    )


def _overridden(ctx: Context, serializer: Serializer, instance: Instance, override: str) -> Presenter:
    """``to_representation`` of the project's: lifted; ``super()`` in it is the plain presenter."""
    function = ctx.snapshot.functions.get(override)
    if function is None:
        raise refuse("no-source", override, "The snapshot has no source for it.", serializer.where)
    spec = ast.parse(_dedent(function.source)).body[0]
    if not isinstance(spec, ast.FunctionDef) or len(spec.args.args) != 2:
        raise refuse("to-representation", override, "It does not take just the instance.", function.where)
    lifted = lift(
        ctx,
        function,
        self_kind=SerializerSelf(serializer.name, read_use(ctx, serializer, instance)),
        arguments={spec.args.args[1].arg: Instance(instance.model, instance.site, instance.mode)},
        module_kind="presenters",
        app=app_label(ctx, serializer),
        name=f"present_{snake(stem(ctx, serializer))}",
    )
    text, imports = annotation(ctx, lifted.returns)
    if not isinstance(lifted.returns, DictOf | Shape):
        raise refuse(
            "to-representation", override, "Segue does not see that it returns a dict.", function.where
        )
    return Presenter(lifted, text, imports)


def _dedent(source: str) -> str:
    import textwrap

    return textwrap.dedent(source)


def compose_presenter(
    ctx: Context,
    serializer: Serializer,
    instance: Instance,
    *,
    loose: bool = False,
    partial: bool = False,
    hideable: tuple[str, ...] = (),
    handed: bool = False,
) -> Presenter:
    """The presenter that DRF's own ``to_representation`` amounts to.

    ``loose``: it returns a plain ``dict`` whose keys the kernel knows, for code that changes it. ``hideable``: fields that
    the caller may leave out, by their names in one more argument; ``handed``: by whoever makes the serializer.
    """
    builder = _Builder(ctx, serializer, instance, loose, partial, frozenset(hideable), handed)
    if not instance.site.hint:  # the rows are named after what shows them first
        instance.site.hint = snake(stem(ctx, serializer))
    name = f"present_{snake(stem(ctx, serializer))}"
    lifted = compose(
        ctx,
        Recipe(
            legacy=serializer.name,
            where=serializer.where,
            app=app_label(ctx, serializer),
            module_kind="presenters",
            name=f"{name}_fields" if loose else name,
            doc=f"What {short(serializer.name)} shows.",
            build=builder.build,
            hint=snake(stem(ctx, serializer)),
        ),
    )
    text, imports = annotation(ctx, lifted.returns)
    return Presenter(lifted, text, imports)


@dataclass(slots=True)
class _Builder:
    ctx: Context
    serializer: Serializer
    instance: Instance
    loose: bool
    partial: bool
    hideable: frozenset[str] = frozenset()
    handed: bool = False
    entries: list[Entry] = field(default_factory=list)

    def build(self, frame: Frame) -> tuple[Kind, list[Parameter]]:
        """Fill the frame with the presenter's body."""
        kind = Instance(self.instance.model, self.instance.site, self.instance.mode)
        local = local_name(self.instance.model, STATE)
        value = Val(kind, name(local))
        frame.locals_seen.add(local)
        frame.env[local] = value
        frame.env["self"] = Val(
            SerializerSelf(self.serializer.name, read_use(self.ctx, self.serializer, self.instance))
        )
        text, imports = annotation(self.ctx, kind)
        frame.use(*imports)
        self.entries = []
        items = fields_shown(self.ctx, self.serializer)
        # Those that are always shown come first: what only the others need may be left unasked.
        order = sorted(items, key=lambda item: self.handed and item.name in self.hideable)
        shown = {item.name: self._piece(frame, item, value) for item in order}
        pieces = [piece for item in items if (piece := shown[item.name]) is not None]
        self._emit(frame, pieces)
        returns = self._returns(frame, pieces)
        parameters = [Parameter(local, lambda: text)]
        if self.hideable and self.handed:
            frame.extra_state(SHARED, lambda: "set[str]", Scalar("set[str]"))
        elif self.hideable:
            frame.use(Import("collections.abc", "Collection"))
            parameters.append(Parameter("hidden", lambda: "Collection[str]"))
        return returns, parameters

    def _piece(self, frame: Frame, item: SerializerField, value: Val) -> Piece | None:
        """The key of ``item``; what is worked out for a field that may be hidden stays with it."""
        if item.name not in self.hideable:
            return show(frame, self.serializer, item, value, self.partial)
        frame.locals_seen.add("hidden")
        saved = frame.snapshot_env()
        with (
            frame.capture() as lines,
            only_for(self.ctx, self.instance.site, item) if self.handed else nullcontext(),
        ):
            piece = show(frame, self.serializer, item, value, self.partial)
        frame.restore_env(saved)
        if piece is None:
            return None
        shown = f"shown[{piece.name!r}] = {piece.text}"
        inner = [f"if {piece.condition}:", f"    {shown}"] if piece.condition else [shown]
        return replace(piece, condition=f"{piece.name!r} not in hidden", block=(*lines, *inner))

    def _emit(self, frame: Frame, pieces: list[Piece]) -> None:
        first = next((i for i, piece in enumerate(pieces) if piece.condition), len(pieces))
        if first == len(pieces):
            frame.emit(f"return {_literal(pieces)}")
            return
        frame.use(ANY)
        frame.emit(f"shown: dict[str, Any] = {_literal(pieces[:first])}")
        for piece in pieces[first:]:
            line = f"shown[{piece.name!r}] = {piece.text}"
            if piece.condition:
                frame.emit_block(f"if {piece.condition}:", list(piece.block) or [line])
            else:
                frame.emit(line)
        if self.loose:
            frame.emit("return shown")

    def _returns(self, frame: Frame, pieces: list[Piece]) -> Kind:
        if self.loose:
            return DictOf(tuple((piece.name, piece.kind) for piece in pieces))
        shape = declare(
            self.ctx,
            self.serializer,
            [Entry(p.name, p.type, p.imports, bool(p.condition)) for p in pieces],
        )
        if any(piece.condition for piece in pieces):
            frame.use(Import("typing", "cast"), Import(shape.module, shape.name))
            frame.emit(f"return cast({shape.name}, shown)")
        return shape


def _literal(pieces: list[Piece]) -> str:
    return "{" + ", ".join(f"{piece.name!r}: {piece.text}" for piece in pieces) + "}"


def fields_shown(ctx: Context, serializer: Serializer) -> list[SerializerField]:
    """Fields that are not write-only, in order, without those that ``validate`` has taken out."""
    gone = popped(ctx, serializer.name) | without_gone(ctx, serializer)
    return [item for item in serializer.fields if not item.write_only and item.name not in gone]


def depends_on_partial(ctx: Context, serializer_name: str, seen: frozenset[str] = frozenset()) -> bool:
    """Does a presenter of this serializer differ for ``partial=True``? (See :func:`presenter`.)"""
    if serializer_name in seen:
        return False
    serializer = serializer_of(ctx, serializer_name)
    if any(depends_on_partial(ctx, name, seen | {serializer_name}) for name in mapped(ctx, serializer_name)):
        return True
    for item in fields_shown(ctx, serializer):
        if "." in item.source and item.default.kind != "empty":
            return True
        if item.serializer and depends_on_partial(ctx, item.serializer, seen | {serializer_name}):
            return True
    return False
