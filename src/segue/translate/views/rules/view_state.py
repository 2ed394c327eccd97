"""``self.user = …`` in a view's method, and ``self.user`` in the methods that it calls afterwards.

The object does not exist in the generated code: what is put on it is a local of the path operation, and the methods that look at
it are written into their caller. Code that is translated as a function of its own (a permission, a serializer, ``get_queryset``)
does not see it, and is refused where it asks for such an attribute.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import HELPERS, PUT, Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.invoke import bind_arguments
from segue.translate.interp.same_set import share
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Request, ViewSelf
from segue.translate.rules.view_attributes import OF_DRF
from segue.translate.rules.view_self import class_of

_FRAMEWORKS = ("rest_framework.", "django.")


def put(frame: Frame, owner: Val, attr: str, value: Val, call: CallSite) -> Val:
    """``self.<attr> = value``. Raises ``Refused`` for what DRF looks at itself, and where the flow is not plain."""
    cls, text = class_of(owner.kind), f"self.{attr}"
    if attr == "request" and value.kind == Request():
        return const(None)
    known = frame.ctx.snapshot.classes.get(cls)
    if known is None or attr in OF_DRF or attr in known.methods or not _is_own(frame.ctx, cls, attr):
        why = "Segue has no rule for setting attributes of a view that DRF has, but for a method in the place of another."
        raise frame.refuse("assign-attribute", text, why, call.node)
    if not _in_operation(frame) or frame.captured or frame.loops or frame.no_hoist:
        why = "Segue follows what the view's own methods put there one after another, outside of branches, loops and expressions."
        raise frame.refuse("assign-attribute", text, why, call.node)
    if (cls, attr) in _noted(frame.ctx, "read"):
        why = "A function of its own reads it, and may do so before or after."
        raise frame.refuse("assign-attribute", text, why, call.node)
    _noted(frame.ctx, "put").add((cls, attr))
    frame.on_view.add(attr)
    if value.node is not None and not isinstance(value.node, ast.Constant):
        local = frame.fresh(f"{attr}_" if attr in HELPERS else attr)
        frame.emit(f"{local} = {value.text}")
        frame.forget(local)
        held, value = value, Val(value.kind, name(local))
        frame.env[_key(attr)] = value
        share(frame, [local], held)
        return const(None)
    frame.env[_key(attr)] = value
    return const(None)


def read(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """What was put there; None where nothing was, so that the class decides."""
    if not isinstance(owner.kind, ViewSelf):
        return None
    cls = class_of(owner.kind)
    if _in_operation(frame):
        here = frame.env.get(_key(attr))
        if here is None and attr in frame.on_view:
            why = "It is put there in some of the branches only."
            raise frame.refuse("view-attribute", f"self.{attr}", why, node)
        return here
    if (cls, attr) in _noted(frame.ctx, "put"):
        why = "The view's method puts it there, which this function does not see."
        raise frame.refuse("view-attribute", f"self.{attr}", why, node)
    _noted(frame.ctx, "read").add((cls, attr))
    return None


def written_in(frame: Frame, owner: Val, function: Function, call: CallSite) -> Val | None:
    """The call of a view's method that looks at such attributes, written into its caller; None for any other."""
    if not isinstance(owner.kind, ViewSelf) or not _in_operation(frame) or function.role != "method":
        return None
    sets, gets = touched(frame.ctx, class_of(owner.kind), function, set())
    if not any(_is_own(frame.ctx, class_of(owner.kind), attr) for attr in sets) and not gets & frame.on_view:
        return None
    return inline_call(frame, function, bind_arguments(frame, function, call, True), owner, call.node)


def _key(attr: str) -> str:
    return f"{PUT}self.{attr}"


def _in_operation(frame: Frame) -> bool:
    return frame.scope is not None and frame.hint != "permissions"


def _noted(ctx: Context, what: str) -> set[tuple[str, str]]:
    found = ctx.memo.setdefault(("view-state", what), set())
    assert isinstance(found, set)
    return found


def _is_own(ctx: Context, cls: str, attr: str) -> bool:
    """Whether neither DRF nor Django has an attribute of that name, which they would look at."""
    known = ctx.snapshot.classes.get(cls)
    if known is None or attr in known.methods or attr in OF_DRF:
        return False
    held = known.attributes.get(attr)
    if held is not None and not held.defined_in.startswith(_FRAMEWORKS):
        bases = (ctx.snapshot.classes.get(base) for base in known.mro if base.startswith(_FRAMEWORKS))
        return not any(base is not None and attr in base.attributes for base in bases)
    return held is None


def touched(
    ctx: Context, cls: str, function: Function, seen: set[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The attributes of ``self`` that the method sets and reads, and those that it calls do."""
    if function.name in seen:
        return frozenset(), frozenset()
    seen.add(function.name)
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    known = ctx.snapshot.classes.get(cls)
    if not isinstance(tree, ast.FunctionDef) or not tree.args.args or known is None:
        return frozenset(), frozenset()
    me, sets, gets = tree.args.args[0].arg, set[str](), set[str]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        if isinstance(node.value, ast.Name) and node.value.id == me:
            (gets if isinstance(node.ctx, ast.Load) else sets).add(node.attr)
            called = [known.methods.get(node.attr, "")]
        elif (
            isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == "super"
        ):
            called = [f"{base}.{node.attr}" for base in known.mro]
        else:
            continue
        for dotted in called:
            other = ctx.snapshot.functions.get(dotted)
            if other is not None and other.owner in known.mro:
                more = touched(ctx, cls, other, seen)
                sets |= more[0]
                gets |= more[1]
    return frozenset(sets), frozenset(gets)


__all__ = ["put", "read", "touched", "written_in"]
