"""``self.get_object = self.get_instance`` in a view: from there on the object's method is another one."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import BoundMethod, ViewSelf
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.view_self import class_of, definition
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views.rules import view_state


@attribute(ViewSelf, "*")
def bound(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """A method of the view that is not called here."""
    dotted = definition(frame, class_of(owner.kind), name)
    function = frame.ctx.snapshot.functions.get(dotted) if dotted else None
    if function is None or function.role != "method":
        return None
    return Val(BoundMethod(owner.kind, name, function))


@method(ViewSelf, "__setattr__")
def rebind(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method in the place of another, for all that the view's code does afterwards.

    Anything else that is put there is kept for the view's own methods. Raises ``Refused`` inside of a branch or loop.
    """
    assert isinstance(owner.kind, ViewSelf)
    name, value = str(getattr(call.args[0].kind, "value", "")), call.args[1].kind
    endpoint = owner.kind.endpoint
    target = call.node.args[0]
    if not (
        isinstance(value, BoundMethod)
        and isinstance(endpoint, Endpoint)
        and value.function is not None
        and value.owner == owner.kind
        and isinstance(target, ast.Name)
        and frame.env.get(target.id) == owner
        and endpoint.method_of(name)
    ):
        return view_state.put(frame, owner, name, call.args[1], call)
    if not _at_top(frame, call.node):
        raise frame.refuse(
            "assign-attribute", f"self.{name}", "It is replaced in some of the branches only.", call.node
        )
    made = Val(ViewSelf(endpoint.rebind(name, value.function.name)))
    frame.env[target.id] = made
    frame.receiver = made
    return const(None)


def _at_top(frame: Frame, node: ast.AST) -> bool:
    """Whether the statement at ``node`` is one of the function's own body, and runs once."""
    tree = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    line = getattr(node, "lineno", 0)
    return isinstance(tree, ast.FunctionDef) and any(
        isinstance(s, ast.Assign) and s.lineno <= line <= (s.end_lineno or s.lineno) for s in tree.body
    )
