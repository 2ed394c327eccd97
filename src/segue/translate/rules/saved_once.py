"""``if not token.version: token.version = v; token.save()``: a write that a request, done again from its start, finds done.

What a request has written keeps it from being left to Django. Not so this: whoever does the request again loads the object with the
column that the condition asks for, or, where it was set to nothing, writes the same once more.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of


def is_saved_once(frame: Frame, kind: Instance, call: CallSite) -> bool:
    """Whether ``call`` is the ``obj.save()`` at the end of such a branch. Its columns are set there, and nothing else is done."""
    func = call.node.func
    if not isinstance(func, ast.Attribute) or call.node.args or call.node.keywords or frame.loops:
        return False
    tree = ast.parse(textwrap.dedent(frame.function.source))
    text = ast.unparse(call.node)
    branches = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.If) and isinstance(n.body[-1], ast.Expr) and ast.unparse(n.body[-1]) == text
    ]
    # No other call of the function's that reads the same.
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n) == text]
    return len(branches) == len(calls) == 1 and _settles(frame, kind, branches[0], ast.unparse(func.value))


def _settles(frame: Frame, kind: Instance, branch: ast.If, owner: str) -> bool:
    """Whether the branch sets columns of ``owner`` that its condition wants to be empty, to what no column decides."""
    model = concrete(frame.ctx, kind.model)
    wanted = (
        branch.test.values
        if isinstance(branch.test, ast.BoolOp) and isinstance(branch.test.op, ast.And)
        else [branch.test]
    )
    empty = {
        ast.unparse(t.operand) for t in wanted if isinstance(t, ast.UnaryOp) and isinstance(t.op, ast.Not)
    }
    for statement in branch.body[:-1]:
        match statement:
            case ast.Assign([ast.Attribute(inner, column) as target], ast.Name() | ast.Constant()):
                item = field_of(model, column)
                plain = (
                    item is not None and bool(item.column) and item.relation is None and not item.primary_key
                )
                if ast.unparse(inner) != owner or ast.unparse(target) not in empty or not plain:
                    return False
            case _:
                return False
    return len(branch.body) > 1


__all__ = ["is_saved_once"]
