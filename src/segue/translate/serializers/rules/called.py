"""Methods of a serializer that its view calls (``serializer.get_user()``), and ``data`` of validated input."""

from __future__ import annotations

import ast
import textwrap

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function
from segue.translate.interp.value import Val, quote
from segue.translate.interp.value import name as named
from segue.translate.kinds import (
    Const,
    Kind,
    Phone,
    Scalar,
    Serializer,
    SerializerSelf,
    ShownValues,
    ValidatedData,
)
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.view_self import definition
from segue.translate.serializers.by_view import view_of
from segue.translate.serializers.facts import base_name, overridden, serializer_of
from segue.translate.serializers.never_saved import shows_its_values
from segue.translate.serializers.popped import popped
from segue.translate.serializers.untouched import fields_vary
from segue.translate.serializers.use import Use
from segue.translate.serializers.values import SCALARS, value_kind
from segue.translate.views.serializer_object import held_of

_TEXTS = frozenset(name for name, kind in SCALARS.items() if kind == "str")


def saves_itself(frame: Frame, owner: Val) -> bool:
    """Whether the class has a ``save(self)`` that does all by itself: nothing of DRF's, which would create or update."""
    held = held_of(frame, owner)
    dotted = definition(frame, held.serializer, "save")
    function = frame.ctx.snapshot.functions.get(dotted) if dotted else None
    if function is None or held.many or held.instance is not None or not held.values or held.errors:
        return False
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    rest = {a.arg for a in (tree.args.vararg, tree.args.kwarg) if a is not None}
    asked = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    if sum(isinstance(n, ast.arg) for n in ast.walk(tree.args)) != 1 + len(rest) or rest & asked:
        return False
    names = {
        n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "self"
    }
    supers = any(isinstance(n, ast.Name) and n.id == "super" for n in ast.walk(tree))
    return not supers and not names & {"instance", "create", "update"}


@method(Serializer, "*")
def own_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method of the project's on a serializer that has validated its input."""
    held = held_of(frame, owner)
    dotted = definition(frame, held.serializer, call.name)
    function = frame.ctx.snapshot.functions.get(dotted) if dotted else None
    if function is None or function.role != "method":
        return None
    if not held.values or held.errors or held.saved is not None or held.instance is not None:
        raise frame.refuse(
            "serializer-method",
            function.name,
            "It is called on a serializer that has more than validated input.",
            call.node,
        )
    use = Use(held.serializer, "called", view=view_of(frame.ctx, held.serializer), own=held.given_context.own)
    before = dict(frame.given)
    frame.given |= held.given_context.passed
    frame.given["values"] = held.values
    if held.kept:
        frame.given["kept"] = held.kept
    try:
        made = invoke_function(frame, function, call, Val(SerializerSelf(held.serializer, use)))
    finally:
        frame.given = before
    if "kept" in frame.state_used:
        raise frame.refuse(
            "serializer-method", function.name, "It looks for what nothing has kept.", call.node
        )
    return made


@attribute(SerializerSelf, "data")
def own_data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.data`` in such a method."""
    assert isinstance(owner.kind, SerializerSelf)
    held = _values(frame, owner, ShownValues(owner.kind.name, "values"))
    if held is None:
        return None
    as_they_are = shows_its_values(frame.ctx, owner.kind.name)
    return Val(ShownValues(owner.kind.name, held.text), held.node if as_they_are else None)


@attribute(SerializerSelf, "validated_data")
def own_values(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.validated_data`` in such a method."""
    assert isinstance(owner.kind, SerializerSelf)
    return _values(frame, owner, ValidatedData(owner.kind.name))


def _values(frame: Frame, owner: Val, kind: Kind) -> Val | None:
    """What was validated, as ``kind``; None where ``self`` is not that of such a method."""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    if not isinstance(use, Use) or use.purpose != "called":
        return None
    if "values" not in frame.state_used:
        frame.use(Import("segue_bridge.schema.form", "Values"))
    return frame.extra_state("values", lambda: "Values", kind)


@method(ShownValues, "__getitem__", "get")
def item(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``serializer.data["new_password"]``: text is shown as it is. Raises ``Refused`` for other fields."""
    assert isinstance(owner.kind, ShownValues)
    serializer = serializer_of(frame.ctx, owner.kind.serializer)
    key = call.argument(0)
    wanted = key.kind.value if key is not None and isinstance(key.kind, Const) else None
    field = next((f for f in serializer.fields if f.name == wanted), None)
    simple = all(
        base_name(f) in SCALARS and "." not in f.source and f.source != "*" for f in serializer.fields
    )
    if (
        field is None
        or not simple
        or fields_vary(frame.ctx, serializer.name)
        or field.write_only
        or field.name in popped(frame.ctx, owner.kind.serializer)
        or field.read_only
        or not field.required
        or field.allow_null
        or base_name(field) not in _TEXTS
        or overridden(frame.ctx, field.cls, "to_representation")
        or overridden(frame.ctx, serializer.name, "to_representation")
    ):
        raise frame.refuse(
            "serializer-data",
            f"data[{wanted!r}]",
            "Only text that must be sent is shown as it came.",
            call.node,
        )
    found = value_kind(frame.ctx, field)
    held = ast.Subscript(named(owner.kind.values), ast.Constant(field.source), ast.Load())
    if isinstance(found, Phone):
        return Val(Scalar("str"), quote("str({0})", held))
    if found != Scalar("str"):  # a to_internal_value of the field's own
        why = "Its value is no text, and DRF shows the text of it."
        raise frame.refuse("serializer-data", f"data[{wanted!r}]", why, call.node)
    return Val(Scalar("str"), held)
