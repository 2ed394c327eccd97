"""``default=CurrentProjectDefault()``: a class of the project's that computes a default, asked with the field.

``Field.get_default`` of DRF calls an object with the field where its class says ``requires_context``, without it otherwise,
and only for an update that is not partial. Its errors are those of the field.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from segue.snapshot.model import Function, SerializerField, Value
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    Instance,
    Introspected,
    Kind,
    Object,
    Scalar,
    SerializerContext,
    SerializerSelf,
    User,
)
from segue.translate.rules.registry import framework
from segue.translate.rules.request_attributes import Missing
from segue.translate.serializers.by_view import view_key
from segue.translate.serializers.facts import const, field_refusal
from segue.translate.serializers.facts import framework as of_framework
from segue.translate.serializers.own_field import parameters_of
from segue.translate.serializers.use import Use

CURRENT_USER = "rest_framework.fields.CurrentUserDefault"


@dataclass(frozen=True, slots=True)
class Asked:
    """``lines`` come before ``text``, the value; without a value they end in a ``raise``. ``fails``: its errors may be the field's."""

    lines: Sequence[str]
    text: str
    fails: bool


def is_own(ctx: Context, value: Value) -> bool:
    """Whether ``value`` is an object of a class that is not the frameworks', and can be called."""
    known = ctx.snapshot.classes.get(value.name) if value.kind == "call" else None
    return known is not None and "__call__" in known.methods and not of_framework(value.name)


def asked(frame: Frame, serializer: str, item: SerializerField, value: Value, use: Use) -> Asked:
    """What ``get_default`` computes with ``value`` for ``item``. Raises ``Refused``."""
    function = _function(frame.ctx, item, value)
    known = frame.ctx.snapshot.classes[value.name]
    requires = known.attributes.get("requires_context")
    flag = const(requires.value, ...) if requires is not None else False
    names = parameters_of(function)
    if flag not in (True, False) or len(names) != (2 if flag else 1):
        raise field_refusal(item, "default", f"Segue does not see how {value.name} is called.")
    context = SerializerContext(SerializerSelf(serializer, use))
    field = Introspected("serializer_field", (("context", Val(context)),))
    arguments = {names[1]: Val(field)} if flag else {}
    with frame.capture() as captured:
        try:
            found = inline_call(frame, function, arguments, Val(Object(value.name)), ast.Pass(lineno=1))
        except Missing as missing:
            if not _plain(function):
                raise
            text = repr(f"'Request' object has no attribute '{missing.attr}'")
            frame.emit("# As in Django: nothing has put it on the request.")
            frame.emit(f"raise AttributeError({text})")
            return Asked(list(captured), "", False)
        lines = list(captured)
    kind = widen(found.kind)
    if found.node is None or not isinstance(kind, Const | Scalar | Instance | User):
        raise field_refusal(item, "default", f"Segue does not see what {value.name} gives.")
    if isinstance(kind, Instance):
        kind.site.written = True  # it may become what a relation of the saved object leads to
    _kinds(frame.ctx)[id(item), view_key(frame.ctx, serializer)] = kind
    return Asked(lines, found.text, not _plain(function))


def kind_of(ctx: Context, item: SerializerField) -> Kind | None:
    """What the default of a hidden field is, after :func:`asked`; None where it was not, or is different things."""
    found = [kind for (known, _), kind in _kinds(ctx).items() if known == id(item)]
    if not found:
        return None
    first = found[0]
    if isinstance(first, Instance):
        from segue.translate.needs import Needs

        same = all(isinstance(k, Instance) and k.model == first.model for k in found)
        nullable = any(isinstance(k, Instance) and k.nullable for k in found)
        return Instance(first.model, Needs(first.model, written=True), "entity", nullable) if same else None
    return first if all(kind == first for kind in found) else None


def _kinds(ctx: Context) -> dict[tuple[int, object], Kind]:
    table = ctx.memo.setdefault(("serializers", "own defaults"), {})
    assert isinstance(table, dict)
    return table


def _function(ctx: Context, item: SerializerField, value: Value) -> Function:
    """``__call__`` of an object without a state of its own."""
    known = ctx.snapshot.classes[value.name]
    function = ctx.snapshot.functions.get(known.methods["__call__"])
    changed = {"__init__", "__new__", "__getattr__", "__getattribute__", "__setattr__", "__deepcopy__"}
    own = [m for m in changed if m in known.methods and not of_framework(known.methods[m])]
    if function is None or own or value.items or value.pairs or function.wrapped_by:
        raise field_refusal(item, "default", f"Segue cannot follow what {value.name} keeps and computes.")
    return function


def _plain(function: Function) -> bool:
    """``return serializer_field.context["request"].user``: names and attributes only, nothing is caught or decided."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        return False
    allowed = (ast.Attribute, ast.Subscript, ast.Name, ast.Constant, ast.expr_context)
    return all(isinstance(n, allowed) for n in ast.walk(body[0].value))


@framework(f"{CURRENT_USER}.__call__")
def current_user(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().__call__(serializer_field)``: ``request.user``."""
    call.only("serializer_field", at_most=1)
    return Val(User(frame.ctx.snapshot.settings.user_model), frame.state("user"))


__all__ = ["Asked", "asked", "is_own", "kind_of"]
