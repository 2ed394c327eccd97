"""A ``save`` that adds to ``update_fields``, as Django's documentation shows it: for an object that is saved whole it does nothing.

``if update_fields is not None and "name" in update_fields: update_fields = {"slug"}.union(update_fields)``, or the same of
``kwargs["update_fields"]`` (``TimeStampedModel`` of django-model-utils). A save that is told ``update_fields`` is refused for such models.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.refusal import refuse
from segue.snapshot.model import Function
from segue.translate.context import Context

_NAME = "update_fields"


def saved_whole(ctx: Context, label: str, function: Function) -> Function:
    """``save`` without the statements that act only where ``update_fields`` are given. That of the user model as it is: who logs in
    is saved with ``update_fields``."""
    if label == ctx.snapshot.settings.user_model:
        return function
    source = textwrap.dedent(function.source)
    dead = _dead(source)
    if not dead:
        return function
    lines = source.splitlines()
    for statement in dead:
        for at in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
            lines[at] = ""
    return replace(function, source="\n".join(lines) + "\n")


def check_named(ctx: Context, label: str) -> None:
    """Raise ``Refused`` where a ``save`` of the model adds to the ``update_fields`` that it is told."""
    known = ctx.snapshot.classes.get(ctx.model(label).cls)
    for cls in known.mro if known is not None else ():
        function = ctx.snapshot.functions.get(f"{cls}.save")
        if function is not None and not cls.startswith("django.") and _dead(textwrap.dedent(function.source)):
            why = f"The model's save ({function.where}) adds to update_fields."
            raise refuse("update-fields", function.name, why, function.where)


def _dead(source: str) -> list[ast.stmt]:
    """The statements of ``save`` that do nothing where ``update_fields`` are None or not given."""
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return []
    spread = tree.args.kwarg.arg if tree.args.kwarg else ""
    own = [a.arg for a in (*tree.args.args, *tree.args.kwonlyargs)]
    names = {_NAME} if _NAME in own else set()
    held: dict[str, ast.stmt] = {}
    found: list[ast.stmt] = []
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(local)], value) if _asked(value, spread) and local not in own:
                held[local] = statement
            case ast.If(test, _, []) if _given(test, names | set(held), spread):
                found.append(statement)
    # What the arguments hold may be looked at nowhere else.
    inside = {id(node) for statement in found for node in ast.walk(statement)}
    for local, statement in held.items():
        uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == local]
        if any(id(n) not in inside and isinstance(n.ctx, ast.Load) for n in uses):
            return []
        found.append(statement)
    return found if any(isinstance(s, ast.If) for s in found) else []


def _asked(node: ast.expr, spread: str) -> bool:
    """``kwargs.get("update_fields")``, with None for the default."""
    match node:
        case ast.Call(ast.Attribute(ast.Name(owner), "get"), [ast.Constant("update_fields"), *rest], []):
            return owner == spread and all(ast.unparse(default) == "None" for default in rest)
    return False


def _given(test: ast.expr, names: set[str], spread: str) -> bool:
    """Whether the test holds only where ``update_fields`` are given."""
    match test:
        case ast.BoolOp(ast.And(), [first, *_]):
            return _given(first, names, spread)
        case ast.Name(name):
            return name in names
        case ast.Compare(ast.Name(name), [ast.IsNot()], [ast.Constant(None)]):
            return name in names
        case ast.Compare(ast.Constant("update_fields"), [ast.In()], [ast.Name(name)]):
            return bool(spread) and name == spread
        case ast.Compare(left, [ast.IsNot()], [ast.Constant(None)]):
            return _asked(left, spread)
    return _asked(test, spread)


__all__ = ["check_named", "saved_whole"]
