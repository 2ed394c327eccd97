"""``for field, value in fields.items()`` of a dict whose keys are known: each value is ``fields["team"]``."""

from __future__ import annotations

import ast
import copy

from segue.translate.interp.frame import Frame
from segue.translate.interp.known_keys import entries
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const

# Each condition in the loop doubles what follows.
_MOST = 3


def known_entries(frame: Frame, node: ast.expr) -> dict[str, Val] | None:
    """The values by their keys; None where ``node`` is no local dict of known keys, or somebody may change it."""
    if not isinstance(node, ast.Name) or node.id not in frame.env:
        return None
    found = entries(frame, node, frame.env[node.id])
    if found is None:
        return None
    return {key: _constant(value) for key, value in found.items()}


def _constant(value: Val) -> Val:
    plain = isinstance(value.kind, Const) and isinstance(value.kind.value, str | int | float | bool | None)
    return const(value.kind.value) if plain and isinstance(value.kind, Const) else value


def entry_by_entry(frame: Frame, body: list[ast.stmt]) -> list[ast.stmt]:
    """``body`` with ``for field, value in fields.items()`` of a parameter written once for each entry, where ``field`` names a keyword.

    So that what a condition in it leaves can be drawn out like that of any other (:mod:`segue.translate.interp.split`).
    """
    out: list[ast.stmt] = []
    for statement in body:
        match statement:
            case ast.For(
                ast.Tuple([ast.Name(key), ast.Name(item)]),
                ast.Call(ast.Attribute(ast.Name() as owner, "items"), [], []),
                inner,
                [],
            ) if _names_keywords(inner, key) and not _leaves(inner, {key, item}):
                found = known_entries(frame, owner)
                if found is not None and len(found) <= _MOST:
                    for name, value in found.items():
                        there: ast.expr = ast.Subscript(
                            ast.Name(owner.id, ast.Load()), ast.Constant(name), ast.Load()
                        )
                        if isinstance(value.node, ast.Constant):
                            there = value.node
                        out += [_Named(key, name, item, there).visit(copy.deepcopy(s)) for s in inner]
                    continue
        out.append(statement)
    return out


class _Named(ast.NodeTransformer):
    """Puts the name and the value of an entry into the body of the loop."""

    def __init__(self, key: str, name: str, item: str, value: ast.expr) -> None:
        self.named = {key: ast.Constant(name), item: value}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.named.get(node.id)
        return node if found is None else ast.copy_location(_placed(found, node), node)


def _placed(value: ast.expr, node: ast.expr) -> ast.expr:
    made = copy.deepcopy(value)
    for part in ast.walk(made):
        if isinstance(part, ast.expr):
            ast.copy_location(part, node)
    return made


def _names_keywords(body: list[ast.stmt], key: str) -> bool:
    """Whether ``{key: …}`` stands in it."""
    return any(
        isinstance(n, ast.Dict) and any(isinstance(k, ast.Name) and k.id == key for k in n.keys)
        for s in body
        for n in ast.walk(s)
    )


def _leaves(body: list[ast.stmt], names: set[str]) -> bool:
    """Whether it goes out of the loop, or puts something else into the loop's variables."""
    return any(
        isinstance(n, ast.Break | ast.Continue | ast.Return)
        or (isinstance(n, ast.Name) and n.id in names and not isinstance(n.ctx, ast.Load))
        for s in body
        for n in ast.walk(s)
    )


__all__ = ["entry_by_entry", "known_entries"]
