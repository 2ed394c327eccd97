"""``self.user = …`` and ``self.user`` in a serializer, ``self.initial_data``, and ``serializer.user`` in its view."""

from __future__ import annotations

import ast

from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import KEPT, Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import (
    Const,
    Instance,
    NewPasswordForm,
    Payload,
    Scalar,
    Serializer,
    SerializerContext,
    SerializerSelf,
    User,
)
from segue.translate.rules.registry import attribute, method
from segue.translate.serializers import kept
from segue.translate.serializers.own_init import OF_SERIALIZERS
from segue.translate.serializers.use import Use
from segue.translate.views.serializer_object import held_of

_DRF = ("rest_framework.serializers.Serializer", "rest_framework.fields.Field")


@method(SerializerSelf, "__setattr__")
def put(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Into ``kept``. Raises ``Refused`` for what DRF itself looks at, and where nothing validates."""
    assert isinstance(owner.kind, SerializerSelf)
    use, name, value = owner.kind.use, str(getattr(call.args[0].kind, "value", "")), call.args[1]
    known = frame.ctx.snapshot.classes.get(owner.kind.name)
    if (
        not isinstance(use, Use)
        or use.purpose not in kept.PURPOSES
        or known is None
        or name.startswith("_")
        or name in OF_SERIALIZERS
        or name in known.methods
        or not _is_none(known, name)
        or not isinstance(value.kind, Const | Scalar | Instance | User | NewPasswordForm)
        or value.node is None
    ):
        raise frame.refuse(
            "serializer-state", f"self.{name}", "Segue does not keep this on a serializer.", call.node
        )
    return put_on_self(frame, owner.kind.name, name, value)


def _is_none(known: Class, name: str) -> bool:
    """Whether the class has nothing there, or None until a method puts something."""
    held = known.attributes.get(name)
    return held is None or (held.value.kind == "const" and held.value.data is None)


def put_on_self(frame: Frame, serializer: str, name: str, value: Val) -> Val:
    """``self.<name> = value``."""
    kept.assigned(frame.ctx, serializer).add(name)
    node = kept.item(frame, name)
    if isinstance(value.kind, NewPasswordForm) and value.node is not None:
        local = frame.hoist("form", value.node)
        frame.emit(f"{ast.unparse(node)} = {ast.unparse(local)}")
        frame.env[KEPT + name] = Val(value.kind, local)
        return const(None)
    frame.emit(f"{ast.unparse(node)} = {value.text}")
    frame.facts.pop(ast.unparse(node), None)
    frame.env[KEPT + name] = Val(value.kind, node)
    return const(None)


@method(SerializerContext, "__setitem__")
def put_into_context(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.context["user"] = …`` in ``validate``: the view reads ``serializer.context["user"]``."""
    assert isinstance(owner.kind, SerializerContext)
    of, key, value = owner.kind.owner, getattr(call.args[0].kind, "value", None), call.args[1]
    if (
        not isinstance(of, SerializerSelf)
        or not isinstance(of.use, Use)
        or of.use.purpose not in kept.PURPOSES
        or not isinstance(key, str)
        or key in ("request", "view", "format")
        or not isinstance(value.kind, Const | Scalar | Instance | User)
        or value.node is None
    ):
        return None
    return put_on_self(frame, of.name, kept.of_context(key), value)


@attribute(Serializer, "context")
def context_of(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``serializer.context`` in a view."""
    return Val(SerializerContext(owner.kind))


@attribute(SerializerSelf, "*")
def get(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Out of ``kept``, or what the constructor has put there."""
    assert isinstance(owner.kind, SerializerSelf)
    return kept.value(frame, owner.kind.name, name)


@attribute(SerializerSelf, "initial_data")
def initial_data(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """What the serializer was given: a mapping, as ``validate`` runs after ``to_internal_value`` only."""
    assert isinstance(owner.kind, SerializerSelf)
    use = owner.kind.use
    if not isinstance(use, Use) or use.purpose != "write":
        return None
    if "data" not in frame.state_used:
        frame.use(Import("typing", "Any"))
    return frame.extra_state("data", lambda: "Any", Payload())


@attribute(Serializer, "*")
def of_view(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``serializer.user`` after ``is_valid(raise_exception=True)``."""
    return held_value(frame, owner, name)


def held_value(frame: Frame, owner: Val, name: str) -> Val | None:
    """What ``name`` is after a validation that raised its errors; None where nothing certain was kept."""
    held = held_of(frame, owner)
    found = kept.kinds(frame.ctx, held.serializer).get(name)
    if found is None or not held.kept or held.errors:
        return None
    return Val(found, ast.Subscript(ast.Name(held.kept, ast.Load()), ast.Constant(name), ast.Load()))
