"""Whether a request of the route in hand has an attribute that only middleware gives: ``getattr(request, "event", None)``.

A middleware may give it to the requests of some routes alone. What is translated is kept apart by that
(:func:`segue.translate.interp.carried.shape`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from segue.translate.context import Context
from segue.translate.middleware.sources import tree_of

HERE = ("middleware", "here")
"""Memo: names of the attributes that translated middleware gives to every request of the route in hand."""
_LAYERS = ("middleware", "layers here")
_SETTERS = ("middleware", "setters")


def enter(ctx: Context, names: Iterable[str], layers: Iterable[str]) -> None:
    """From here on the route in hand is one whose requests get ``names``; ``layers`` are the classes or functions of its
    middleware that are translated as code."""
    ctx.memo[HERE] = tuple(sorted(set(names)))
    ctx.memo[_LAYERS] = tuple(sorted(set(layers)))


def gives(ctx: Context, attr: str) -> bool | None:
    """Whether requests have ``attr``; None where Segue cannot tell. Only for names that no framework uses."""
    given = ctx.memo.get(HERE)
    if isinstance(given, tuple) and attr in given:
        return True
    setters = _setters(ctx).get(attr, set())
    layers = ctx.memo.get(_LAYERS)
    known = layers if isinstance(layers, tuple) else ()
    if all(any(s == name or s.startswith(f"{name}.") for name in known) for s in setters):
        return False
    return None


def _setters(ctx: Context) -> dict[str, set[str]]:
    """Attribute → functions of the snapshot that set one of that name on anything but ``self``.

    ``setattr`` with a name that is computed, and ``__dict__``, count for every name (under '').
    """
    known = ctx.memo.get(_SETTERS)
    if isinstance(known, dict):
        return known
    out: dict[str, set[str]] = {}
    for function in ctx.snapshot.functions.values():
        tree = tree_of(function)
        for node in ast.walk(tree) if tree is not None else ():
            for name in _set(node):
                out.setdefault(name, set()).add(function.name)
    ctx.memo[_SETTERS] = out
    return out


def _set(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(value, attr, ast.Store()) if not (
            isinstance(value, ast.Name) and value.id == "self"
        ):
            return [attr]
        case ast.Call(ast.Name("setattr"), [ast.Name(owner), ast.Constant(str() as attr), _]) if (
            owner != "self"
        ):
            return [attr]
        case _:
            return []


__all__ = ["HERE", "enter", "gives"]
