"""``dir(instance)``: the names that look-up finds on a model's object, asked while translating."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.expressions.comprehensions import PRIVATE
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Introspected
from segue.translate.load.models import concrete
from segue.translate.rules.registry import function


@function("builtins.dir")
def names_of(frame: Frame, call: CallSite) -> Val:
    """Fields, relations, managers, methods and attributes of the class, and what the query computes.

    The snapshot does not list names with an underscore: what loops over the names must pass ``PRIVATE`` over.
    """
    first = call.args[0] if len(call.args) == 1 else None
    known = None
    if first is not None and isinstance(first.kind, Instance) and not first.kind.nullable:
        model = concrete(frame.ctx, first.kind.model)
        known = frame.ctx.snapshot.classes.get(model.cls)
    if first is None or known is None:
        raise frame.refuse("dir", ast.unparse(call.node), "Segue does not know the names of this.", call.node)
    assert isinstance(first.kind, Instance)
    found = {*known.methods, *known.attributes, *model.managers, *first.kind.site.computed, "pk"}
    found |= {n for item in model.fields for n in (item.name, item.attname)}
    found |= {item.accessor for item in model.reverse if item.accessor}
    public = sorted(n for n in found if not n.startswith("_"))
    return Val(Introspected(ast.unparse(call.node), items=(PRIVATE, *public)))
