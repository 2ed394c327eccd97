"""Fields with a ``to_representation`` (or ``get_url``) of the project's own: lifted, with the field as ``self``.

``Serializer.to_representation`` of DRF asks a field for its attribute, shows None as None, and calls
``field.to_representation(value)`` for all else. The field's attributes are those that the probe saw on the object, which
its own ``__init__`` may have set.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Hashable
from dataclasses import dataclass

from segue.refusal import refuse
from segue.snapshot.model import Function, SerializerField
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, Object, Request, Unknown
from segue.translate.load.models import snake
from segue.translate.serializers.by_view import OwnContext, current_view, own_context
from segue.translate.serializers.facts import (
    FIELD_OUTPUT,
    check_field,
    class_of,
    field_refusal,
    overridden,
    short,
)
from segue.translate.serializers.held_object import assigned, constant, held_kind
from segue.translate.serializers.synthetic import call_lifted
from segue.translate.specialise.endpoint import Endpoint

# What the snapshot tells of a field elsewhere than in its ``kwargs``.
_ELSEWHERE = frozenset(
    {
        "read_only", "write_only", "required", "default", "source", "initial", "label", "help_text", "allow_null",
        "error_messages", "field_name", "parent", "validators", "source_attrs", "default_empty_html",
    }
)  # fmt: skip
RELATED = "rest_framework.relations.RelatedField"


@dataclass(frozen=True, slots=True, eq=False)
class FieldUse:
    """``self`` of a field that shows: the field as the probe saw it."""

    item: SerializerField
    assigned: frozenset[str] = frozenset()
    view: Endpoint | None = None
    own: OwnContext | None = None

    @property
    def bare(self) -> bool:
        """Whether its serializer was made without ``context=``."""
        return self.own is not None and self.own.empty

    @property
    def key(self) -> Hashable:
        """Fields of one class with equal arguments translate equally."""
        seen = None if self.view is None else self.view.key
        own = None if self.own is None else self.own.key
        arguments = repr(sorted(self.item.kwargs.items(), key=lambda i: i[0]))
        return (self.item.cls, self.item.source, arguments, seen, own)

    def may_hide(self, name: str) -> bool:
        """Whether the instance may have an attribute of that name that the snapshot does not tell here."""
        if name in self.item.kwargs:
            return False
        return name in _ELSEWHERE or (name.startswith("_") and name in self.assigned)


def shows_itself(frame: Frame, item: SerializerField) -> bool:
    """Whether the field's class says itself how it is shown. Refuses what else it changes about that."""
    if not overridden(frame.ctx, item.cls, "to_representation"):
        return False
    check_field(
        frame.ctx,
        item,
        FIELD_OUTPUT - {"to_representation", "use_pk_only_optimization", "get_url"},
        "field-output",
    )
    return True


def whole_object(frame: Frame, item: SerializerField) -> bool:
    """``RelatedField.use_pk_only_optimization``: whether the field is given the object and not its key alone."""
    known = class_of(frame.ctx, item.cls)
    dotted = known.methods.get("use_pk_only_optimization", "") if known is not None else ""
    if dotted == f"{RELATED}.use_pk_only_optimization" or not dotted:
        return True
    function = frame.ctx.snapshot.functions.get(dotted)
    return function is not None and _returns_false(function)


def _returns_false(function: Function) -> bool:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and isinstance(body[0].value, ast.Constant)
        and body[0].value.value is False
    )


def shown_by_itself(frame: Frame, item: SerializerField, val: Val) -> Val:
    """``field.to_representation(value)``: the call, and what it gives. Raises ``Refused``."""
    name = overridden(frame.ctx, item.cls, "to_representation")
    function = _source(frame, item, name)
    parameters = parameters_of(function)
    if len(parameters) != 2:
        raise field_refusal(item, "field-output", "Its to_representation does not take just the value.")
    return _call(frame, item, function, {parameters[1]: val}, f"show_{stem_of(item)}")


def own_url(frame: Frame, item: SerializerField, val: Val) -> Val | None:
    """``get_url(obj, view_name, request, format)`` of a hyperlinked field; None where DRF's own is meant."""
    name = overridden(frame.ctx, item.cls, "get_url")
    if not name:
        return None
    function = _source(frame, item, name)
    parameters = parameters_of(function)
    if len(parameters) != 5:
        raise field_refusal(item, "hyperlink", "Its get_url does not take what DRF gives it.")
    view_name = value_of(frame, item.kwargs["view_name"]) if "view_name" in item.kwargs else None
    if view_name is None:
        raise field_refusal(item, "hyperlink", "Segue does not see the name of its URL.")
    given = dict(
        zip(
            parameters[1:],
            (val, view_name, Val(Request()), Val(Const(None), ast.Constant(None))),
            strict=True,
        )
    )
    return _call(frame, item, function, given, f"link_{stem_of(item)}")


def self_of(frame: Frame, item: SerializerField) -> Object:
    """The field as ``self``."""
    fields: list[tuple[str, Kind]] = []
    for name, value in item.kwargs.items():
        found = value_of(frame, value)
        kind = held_kind(frame, value) if found is None else constant(found)
        fields.append((name, kind or Unknown(f"Segue cannot write down {short(item.cls)}.{name}.")))
    view = current_view(frame.ctx)
    if view is not None and not (
        view.overridden("get_serializer_context") and looks_at_context(frame.ctx, item.cls)
    ):
        view = None  # it has no entries of its own there
    use = FieldUse(item, assigned(frame.ctx, item.cls), view, own_context(frame.ctx))
    return Object(item.cls, use, tuple(fields))


def looks_at_context(ctx: Context, cls: str) -> bool:
    """Whether methods of the field's class look into the context of its serializer."""
    known = ctx.snapshot.classes.get(cls)
    return known is not None and any(
        f.owner in known.mro and "context" in f.source and not f.owner.startswith("rest_framework.")
        for f in ctx.snapshot.functions.values()
    )


def _call(frame: Frame, item: SerializerField, function: Function, given: dict[str, Val], name: str) -> Val:
    kinds: dict[str, Kind | Val] = {}
    explicit: list[str] = []
    for key, value in given.items():
        if isinstance(value.kind, Const | Request):
            kinds[key] = value
        elif value.node is None or isinstance(value.kind, Unknown):
            raise field_refusal(item, "field-value", "Segue does not know what the field is given.")
        else:
            kinds[key] = widen(value.kind)
            explicit.append(value.text)
    lifted = lift(
        frame.ctx, function, self_kind=self_of(frame, item), arguments=kinds, module_kind="presenters", app=frame.app, name=name
    )  # fmt: skip
    return Val(lifted.returns, ast.parse(call_lifted(frame, lifted, *explicit), mode="eval").body)


def _source(frame: Frame, item: SerializerField, name: str) -> Function:
    function = frame.ctx.snapshot.functions.get(name)
    if function is None:
        raise refuse("no-source", name, "The snapshot has no source for it.", item.where)
    return function


def parameters_of(function: Function) -> list[str]:
    """Names of the parameters, the first one too; none where it takes ``*args`` or ``**kwargs``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwarg:
        return []
    return [a.arg for a in [*tree.args.posonlyargs, *tree.args.args]]


def stem_of(item: SerializerField) -> str:
    """``compressed_object`` for a ``CompressedObjectField``."""
    base = short(item.cls).removesuffix("Field").removesuffix("Serializer")
    return snake(base or short(item.cls))


__all__ = [
    "FieldUse",
    "own_url",
    "parameters_of",
    "self_of",
    "shown_by_itself",
    "shows_itself",
    "stem_of",
    "whole_object",
]
