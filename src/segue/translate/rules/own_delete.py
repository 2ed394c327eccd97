"""A model's own ``delete``: a method like any other, whose ``super().delete(...)`` is Django's collector.

Only ``obj.delete()`` runs it; neither a cascade nor ``QuerySet.delete()`` does (``django.db.models.deletion.Collector``).
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Function
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke_function
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, NoArguments, Super, Unknown
from segue.translate.load.models import concrete
from segue.translate.rules.instance import sure
from segue.translate.rules.polymorphic import same_for_children
from segue.translate.rules.registry import method
from segue.translate.rules.view_self import definition

# PolymorphicModel's does more only where it is told to keep the parents.
_DJANGO = ("django.", "polymorphic.models.PolymorphicModel.")
# ``Model.delete(using=None, keep_parents=False)``.
_DEFAULTS = {"using": (None, "default"), "keep_parents": (False,)}


def own_delete(frame: Frame, label: str, at: ast.AST, after: str = "") -> Function | None:
    """The project's ``delete`` of a model (behind ``after`` in its MRO), None where it is Django's. Raises ``Refused``."""
    cls = concrete(frame.ctx, label).cls
    dotted = definition(frame, cls, "delete", after=after)
    if dotted is None or dotted.startswith(_DJANGO):
        return None
    found = frame.ctx.snapshot.functions.get(dotted)
    if found is None:
        raise frame.refuse("overridden-write", dotted, "The snapshot has no source for this delete().", at)
    return found


def call_delete(frame: Frame, owner: Val, function: Function, call: CallSite) -> Val:
    """``obj.delete()`` by ``function``."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    same_for_children(frame, kind, "delete", call.node)
    return invoke_function(frame, function, call, sure(frame, owner, call.node))


@method(Super, "delete")
def super_delete(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().delete(*args, **kwargs)`` in a model: what it was given is nothing, as ``obj.delete()`` gives nothing."""
    kind = owner.kind
    assert isinstance(kind, Super)
    if not isinstance(kind.receiver, Instance):
        return None
    _check_arguments(frame, call.node)
    from segue.translate.rules.writes import collected

    receiver = Val(kind.receiver, owner.node)
    bare = CallSite(frame, ast.copy_location(ast.Call(call.node.func, [], []), call.node), "delete")
    following = own_delete(frame, kind.receiver.model, call.node, after=kind.after)
    if following is not None:
        return call_delete(frame, receiver, following, bare)
    return collected(frame, receiver, bare)


def _check_arguments(frame: Frame, node: ast.Call) -> None:
    names = tuple(_DEFAULTS)
    given = [(names[i] if i < 2 else "", a) for i, a in enumerate(node.args)]
    given += [(k.arg or "**", k.value) for k in node.keywords]
    for key, value in given:
        inner = value.value if isinstance(value, ast.Starred) else value
        found = frame.eval(inner)
        passed_on = isinstance(value, ast.Starred) or key == "**"
        nothing = isinstance(found.kind, NoArguments) or (
            isinstance(found.kind, Unknown) and found.kind.why.startswith("*")
        )
        if passed_on and nothing:
            continue
        if isinstance(found.kind, Const) and found.kind.value in _DEFAULTS.get(key, ()):
            continue
        raise frame.refuse(
            "overridden-write", ast.unparse(node), "It passes something on to Django's delete().", node
        )
