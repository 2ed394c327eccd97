"""``filter(**owner)`` where ``owner`` is a dict whose keys are known: what a helper gave, ``{"user": request.user}``.

The keys are those of its kind, if nobody adds or takes any: not the function, not what it hands the dict to, nor who handed it in.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import DictOf, Unknown


def entries(frame: Frame, node: ast.expr, value: Val) -> dict[str, Val] | None:
    """The entries of the dict that ``node`` spreads, by key; None where its keys are not sure."""
    kind = value.kind
    if not isinstance(kind, DictOf) or not kind.items or not isinstance(node, ast.Name):
        return None
    if value.node is None or not (kind.value is None or kind.value == Unknown("empty")):
        return None
    if not _steady(frame.ctx, frame.function, node.id, frozenset()):
        return None
    return {key: Val(item, ast.Subscript(value.node, literal(key), ast.Load())) for key, item in kind.items}


def _steady(ctx: Context, function: Function, name: str, seen: frozenset[tuple[str, str]]) -> bool:
    """Whether the dict called ``name`` in ``function`` keeps its keys."""
    if (function.name, name) in seen:
        return True
    seen |= {(function.name, name)}
    tree = _definition(function)
    if tree is None:
        return False
    allowed: set[int] = set()
    for part in ast.walk(tree):
        match part:
            case ast.keyword(None, ast.Name() as used):
                allowed.add(id(used))
            case ast.Dict(keys, values):
                allowed |= {id(v) for k, v in zip(keys, values, strict=True) if k is None}
            case ast.Subscript(ast.Name() as used, _, ast.Load()):
                allowed.add(id(used))
            case ast.Compare(_, [ast.In() | ast.NotIn()], [ast.Name() as used]):
                allowed.add(id(used))
            case ast.Call(ast.Attribute(ast.Name() as used, "get" | "items" | "keys" | "values")):
                allowed.add(id(used))
                allowed |= _handed_on(ctx, function, part, name, seen)
            case ast.Call():
                allowed |= _handed_on(ctx, function, part, name, seen)
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name]
    stored = [n for n in uses if not isinstance(n.ctx, ast.Load)]
    if any(id(n) not in allowed for n in uses if isinstance(n.ctx, ast.Load)):
        return False
    if name in _parameters(tree):
        return not stored and _given_steady(ctx, function, tree, name, seen)
    return len(stored) == 1


def _handed_on(
    ctx: Context, function: Function, call: ast.Call, name: str, seen: frozenset[tuple[str, str]]
) -> set[int]:
    """The arguments of ``call`` that are the dict and stay as they are."""
    given: list[tuple[int | str, ast.expr]] = [
        *enumerate(call.args),
        *((k.arg, k.value) for k in call.keywords if k.arg is not None),
    ]
    mine = [(place, a) for place, a in given if isinstance(a, ast.Name) and a.id == name]
    ref = function.globals.get(ast.unparse(call.func)) if mine else None
    callee = ctx.snapshot.functions.get(ref.name) if ref is not None else None
    tree = _definition(callee) if callee is not None else None
    if callee is None or tree is None:
        return set()
    names = _parameters(tree)
    names = names[1:] if callee.role in ("method", "classmethod") else names
    found: set[int] = set()
    for place, argument in mine:
        parameter = place if isinstance(place, str) else names[place] if place < len(names) else ""
        if parameter in names and _steady(ctx, callee, parameter, seen):
            found.add(id(argument))
    return found


def _given_steady(
    ctx: Context, function: Function, tree: ast.FunctionDef, name: str, seen: frozenset[tuple[str, str]]
) -> bool:
    """Whether whoever calls ``function`` hands in a dict that keeps its keys."""
    short = function.name.rpartition(".")[2]
    names = _parameters(tree)
    names = names[1:] if function.role in ("method", "classmethod") else names
    if name not in names:
        return False
    for other in ctx.snapshot.functions.values():
        if short not in other.source:
            continue
        body = _definition(other)
        for call in ast.walk(body) if body is not None else ():
            if not isinstance(call, ast.Call):
                continue
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if called != short:
                continue
            given = next((k.value for k in call.keywords if k.arg == name), None)
            place = names.index(name)
            given = given or (call.args[place] if place < len(call.args) else None)
            if isinstance(given, ast.Dict):
                continue
            if not isinstance(given, ast.Name) or not _steady(ctx, other, given.id, seen):
                return False
    return True


def _definition(function: Function) -> ast.FunctionDef | None:
    body = ast.parse(textwrap.dedent(function.source)).body
    return body[0] if body and isinstance(body[0], ast.FunctionDef) else None


def _parameters(tree: ast.FunctionDef) -> list[str]:
    return [a.arg for a in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs]]


__all__ = ["entries"]
