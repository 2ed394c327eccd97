"""``serializer.is_valid()``, ``.save()``, ``.data``, ``.validated_data``, ``.errors``, ``.instance``."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Scalar, Serializer
from segue.translate.rules.registry import attribute, method
from segue.translate.serializers.rules import called
from segue.translate.views import serializer_object as objects


@method(Serializer, "is_valid")
def is_valid(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Validation happens where it is called; with ``raise_exception=True`` errors leave from here."""
    call.only("raise_exception", at_most=1)
    given = call.argument(0, "raise_exception")
    objects.held_of(frame, owner).unasked = _is_statement(frame, call.node)
    if given is None:
        return objects.is_valid(frame, owner, False, call.node)
    if not isinstance(given.kind, Const):
        raise frame.refuse(
            "is-valid", ast.unparse(call.node), "raise_exception is decided at run time.", call.node
        )
    return objects.is_valid(frame, owner, bool(given.kind.value), call.node)


def _is_statement(frame: Frame, node: ast.Call) -> bool:
    """Whether the call stands alone, so that its answer is thrown away."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    text = ast.unparse(node)
    return any(isinstance(n, ast.Expr) and ast.unparse(n.value) == text for n in ast.walk(tree))


def _is_shown(frame: Frame, node: ast.Call) -> bool:
    """Whether the code uses the serializer for more than calls of ``is_valid()`` and ``save()``; yes unless it has a name."""
    made = node.func.value if isinstance(node.func, ast.Attribute) else None
    if not isinstance(made, ast.Name):
        return True
    tree = ast.parse(textwrap.dedent(frame.function.source))
    called = {
        id(n.func.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in ("is_valid", "save")
    }
    return any(
        isinstance(n, ast.Name) and n.id == made.id and isinstance(n.ctx, ast.Load) and id(n) not in called
        for n in ast.walk(tree)
    )


@method(Serializer, "save")
def save(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``serializer.save(owner=…)``."""
    if call.args:
        raise frame.refuse(
            "serializer-save", ast.unparse(call.node), "save() takes keywords only.", call.node
        )
    if not call.kwargs and called.saves_itself(frame, owner):
        made = called.own_method(frame, owner, call)
        assert made is not None
        return made
    objects.held_of(frame, owner).unused = _is_statement(frame, call.node) and not _is_shown(frame, call.node)
    return objects.save(frame, owner, call.kwargs, call.node)


@attribute(Serializer, "data")
def data(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """What the serializer shows."""
    return objects.data(frame, owner, node)


@method(Serializer, "to_representation")
def to_representation(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``XSerializer(context=…).to_representation(obj)``: what it shows of that object."""
    call.only("instance", at_most=1)
    given = call.argument(0, "instance")
    held = objects.held_of(frame, owner)
    if given is None or held.many or held.data is not None:
        raise frame.refuse("to-representation", ast.unparse(call.node), "It shows no one object.", call.node)
    shown = objects.new(frame, held.serializer, instance=given, at=call.node)
    objects.held_of(frame, shown).given_context = held.given_context
    return objects.data(frame, shown, call.node)


@attribute(Serializer, "validated_data")
def validated_data(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """Validated input."""
    return objects.validated_data(frame, owner, node)


@attribute(Serializer, "errors")
def errors(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """Errors of ``is_valid()``."""
    held = objects.held_of(frame, owner)
    if not held.errors:
        raise frame.refuse("serializer-errors", "errors", "errors are read where none can be.", node)
    return Val(Scalar("Any"), name(held.errors))


@attribute(Serializer, "instance")
def instance(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """What it shows, updates or has saved."""
    held = objects.held_of(frame, owner)
    return held.instance if held.instance is not None else const(None)
