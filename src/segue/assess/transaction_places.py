"""What is found of transactions in source: places, by kind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MOST = 200  # functions that one operation is followed through


@dataclass(frozen=True, slots=True)
class Found:
    """Places of one side, as ``file:line`` (Django) or ``module.function`` (generated), each once.

    ``blocks`` are ``atomic`` blocks, ``alone`` writes that stand in none and are permanent at once, ``locks`` rows that are locked,
    ``hooks`` what is to run after the commit. ``whole``: the request is one transaction.
    """

    whole: bool
    blocks: tuple[str, ...]
    alone: tuple[str, ...]
    locks: tuple[str, ...]
    hooks: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Nothing of transactions in it."""
        return not (self.whole or self.blocks or self.alone or self.locks or self.hooks)


class Places:
    """Collects what a walk finds."""

    def __init__(self) -> None:
        self.blocks: dict[str, None] = {}
        self.alone: dict[str, None] = {}
        self.locks: dict[str, None] = {}
        self.hooks: dict[str, None] = {}

    def found(self, whole: bool) -> Found:
        """All of it, in the order in which it was met."""
        return Found(whole, tuple(self.blocks), tuple(self.alone), tuple(self.locks), tuple(self.hooks))


def calls(tree: ast.AST, opens: Callable[[ast.Call], bool]) -> Iterator[tuple[ast.Call, bool]]:
    """Calls, and whether each stands in a ``with`` block that ``opens`` says yes to."""

    def walk(node: ast.AST, within: bool) -> Iterator[tuple[ast.Call, bool]]:
        if isinstance(node, ast.Call):
            yield node, within
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                yield from walk(item, within)
            begun = any(isinstance(i.context_expr, ast.Call) and opens(i.context_expr) for i in node.items)
            for statement in node.body:
                yield from walk(statement, within or begun)
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child, within)

    return walk(tree, False)


def attribute(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""
