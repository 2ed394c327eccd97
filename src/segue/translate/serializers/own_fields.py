"""What ``__init__`` and ``get_fields`` of the project make of a serializer's fields, as a function of the service.

DRF makes the fields once for each serializer object (``Serializer.fields``, a ``cached_property``): ``get_fields`` of the class first,
then, each after its parent's, what constructors do to ``self.fields``. Here the function gives a
:class:`segue_bridge.schema.field_set.FieldSet`, which whoever shows or validates asks. Only what a request can tell is
in it: what constants, the operation and the way the serializer is made decide is decided while translating.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from segue.refusal import refuse
from segue.snapshot.model import Serializer, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val, const
from segue.translate.kinds import FieldSet, Kind, Scalar, SerializerSelf, ViewSelf
from segue.translate.load.models import snake
from segue.translate.serializers.by_view import BARE, in_context, own_context, view_of
from segue.translate.serializers.facts import (
    app_label,
    overridden,
    override_place,
    short,
    stem,
)
from segue.translate.serializers.made import Made, made_how
from segue.translate.serializers.own_fields_rewriter import UPDATING
from segue.translate.serializers.own_fields_source import Step, steps
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose
from segue.translate.serializers.untouched import changes_fields
from segue.translate.serializers.use import Use

LOCAL = "own_fields"
_BRIDGE = "segue_bridge.schema.field_set"


@dataclass(slots=True)
class Changing:
    """What the code does to which field. ``gone`` are taken out whatever the request, ``hides`` those that may be out or not shown,
    ``sets`` those of which input may be told something else; ``any`` where a request names them."""

    gone: set[str] = field(default_factory=set)
    hides: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    any: bool = False


@dataclass(frozen=True, slots=True)
class OwnFields:
    """``lifted`` gives the ``FieldSet``; None where nothing is left to a request. ``gone`` are never there, ``hideable`` may be
    hidden, ``touched`` are all about which the code says anything."""

    lifted: Lifted | None
    gone: frozenset[str] = frozenset()
    hideable: tuple[str, ...] = ()
    touched: frozenset[str] = frozenset()


_NOTHING = OwnFields(None)


def own_fields(ctx: Context, serializer: Serializer, *, writing: bool) -> OwnFields:
    """What becomes of the fields of ``serializer`` in the operation in hand. Raises ``Refused``."""
    how = made_how(ctx)
    if not changes_fields(ctx, serializer.name):
        return _NOTHING
    view = view_of(ctx, serializer.name)
    own = own_context(ctx)
    key = (serializer.name, writing, how, view and view.key, own and own.key)
    memo = ctx.memo.get(("own fields", key))
    if isinstance(memo, OwnFields):
        return memo
    made = ctx.memo[("own fields", key)] = _Translation(ctx, serializer, how, writing).run()
    return made


def without_gone(ctx: Context, serializer: Serializer) -> frozenset[str]:
    """The fields that are never there in the operation in hand."""
    return (
        own_fields(ctx, serializer, writing=False).gone
        if changes_fields(ctx, serializer.name)
        else frozenset()
    )


def field_set(frame: Frame, made: OwnFields, updating: str) -> str:
    """Code of the ``FieldSet`` in ``frame``. ``updating``: whether there is an instance."""
    assert made.lifted is not None
    with _given(frame, updating):
        return call_lifted(frame, made.lifted)


@contextmanager
def _given(frame: Frame, updating: str) -> Iterator[None]:
    before = frame.given
    frame.given = {**before, UPDATING: updating}
    try:
        yield
    finally:
        frame.given = before


@dataclass(slots=True)
class _Translation:
    ctx: Context
    serializer: Serializer
    how: Made
    writing: bool
    changes: Changing = field(default_factory=Changing)
    names: tuple[str, ...] = ()
    emitted: bool = False

    def run(self) -> OwnFields:
        self.names = tuple(item.name for item in self.serializer.fields)
        hook, place = self._hook()
        lifted = compose(
            self.ctx,
            Recipe(
                legacy=f"{self.serializer.name}.{hook}",
                where=place,
                app=app_label(self.ctx, self.serializer),
                module_kind="validation",
                name=f"{snake(stem(self.ctx, self.serializer))}_fields",
                doc=f"The fields that {short(self.serializer.name)} has for this request.",
                build=self._build,
            ),
        )
        if lifted.is_async:
            raise self._refused("What decides about its fields asks the database; decide it in the view.")
        found = self.changes
        hides = set(self.names) if found.any else found.hides - found.gone
        touched = frozenset(self.names) if found.any else frozenset(found.hides | found.gone | found.sets)
        hideable = tuple(name for name in self.names if name in hides)
        idle = not hideable and not (self.writing and (found.sets or found.gone))
        return OwnFields(None if idle else lifted, frozenset(found.gone), hideable, touched)

    def _hook(self) -> tuple[str, Where]:
        """What decides about the fields, and its place."""
        found = {h: overridden(self.ctx, self.serializer.name, h) for h in ("get_fields", "__init__")}
        hook = next(h for h, function in found.items() if function)
        return hook, override_place(self.ctx, found[hook], self.serializer.where)

    def _refused(self, why: str) -> Exception:
        hook, place = self._hook()
        code = f"serializer-{hook.strip('_').replace('_', '-')}"
        return refuse(code, f"{short(self.serializer.name)}.{hook}", why, place)

    def _build(self, frame: Frame) -> tuple[Kind, list[Parameter]]:
        self.changes = Changing()
        frame.use(Import(_BRIDGE, "FieldSet"))
        frame.locals_seen.add(LOCAL)
        frame.emit(f"{LOCAL} = FieldSet({', '.join(map(repr, self.names))})")
        view = view_of(self.ctx, self.serializer.name)
        for step in steps(self.ctx, self.serializer, self.how, view.method if view is not None else ""):
            self._step(frame, step)
        if frame.alive:
            frame.emit(f"return {LOCAL}")
        return FieldSet(self.serializer.name, self.changes), []

    def _step(self, frame: Frame, step: Step) -> None:
        bare = step.constructs and self.how.nested
        with in_context(self.ctx, BARE if bare else own_context(self.ctx)):
            view = view_of(self.ctx, self.serializer.name)
            use = Use(
                self.serializer.name, "fields", view=view, own=own_context(self.ctx), changes=self.changes
            )
            env = {
                "self": Val(SerializerSelf(self.serializer.name, use)),
                UPDATING: self._updating(frame, step),
            }
            if view is not None and view.method not in ("", "GET"):
                env["the view"] = Val(ViewSelf(view))  # which the method is known of; GET serves HEAD, too
            was = frame.env, frame.function, frame.facts
            frame.env, frame.function, frame.facts = env, step.function, {}
            try:
                frame.run(step.body)
            finally:
                frame.env, frame.function, frame.facts = was

    def _updating(self, frame: Frame, step: Step) -> Val:
        """Whether ``self.instance`` is there when the code runs."""
        if self.how.nested:
            return const(False)
        if not self.writing:
            return const(not self.how.created)
        if not step.asks_instance:
            return const(None)
        if not self.serializer.model:
            raise self._refused("It looks at self.instance, and has no model.")
        return frame.extra_state(UPDATING, lambda: "bool", Scalar("bool"))


__all__ = ["LOCAL", "Changing", "OwnFields", "field_set", "own_fields", "without_gone"]
