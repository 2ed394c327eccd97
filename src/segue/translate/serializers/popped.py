"""``self.fields.pop("re_password", None)`` at the top of ``validate``: a field that is asked for and never shown.

It stands for fields that no column has (the password once more), as ``serializer.data`` would look for them on the object.
A serializer that has not validated shows them, so that it is refused where it shows anything without that.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused, refuse
from segue.translate.context import Context


def popped(ctx: Context, serializer: str) -> frozenset[str]:
    """The fields that the class's own ``validate`` takes out each time, before anything could return."""
    key = ("popped in validate", serializer)
    if key not in ctx.memo:
        ctx.memo[key] = _popped(ctx, serializer)
    found = ctx.memo[key]
    assert isinstance(found, frozenset)
    return found


def _popped(ctx: Context, serializer: str) -> frozenset[str]:
    known = ctx.snapshot.classes.get(serializer)
    function = ctx.snapshot.functions.get(known.methods.get("validate", "")) if known is not None else None
    tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
    found: set[str] = set()
    for statement in tree.body if isinstance(tree, ast.FunctionDef) else ():
        if any(isinstance(part, ast.Return) for part in ast.walk(statement)):
            break
        match statement:
            case ast.Expr(ast.Call(ast.Attribute(owner, "pop"), [ast.Constant(str() as name), *_], [])):
                if ast.unparse(owner) == "self.fields":
                    found.add(name)
    return frozenset(found)


def unvalidated(ctx: Context, serializer: str) -> Refused | None:
    """The refusal of showing it without validation; None where nothing is taken out."""
    known = ctx.snapshot.classes.get(serializer)
    if known is None or not popped(ctx, serializer):
        return None
    why = "Its validate() takes fields out, and here it shows something without that."
    return refuse("serializer-fields", serializer, why, known.where)
