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
    ``hooks`` what is to run after the commit, ``marks`` what decides by hand how a transaction ends (``set_rollback``, savepoints,
    ``set_autocommit``). ``whole``: the request is one transaction. Options other than the defaults stand behind the place.
    """

    whole: bool
    blocks: tuple[str, ...]
    alone: tuple[str, ...]
    locks: tuple[str, ...]
    hooks: tuple[str, ...]
    marks: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing of transactions in it."""
        return not (self.whole or self.blocks or self.alone or self.locks or self.hooks or self.marks)


class Places:
    """Collects what a walk finds."""

    def __init__(self) -> None:
        self.blocks: dict[str, None] = {}
        self.alone: dict[str, None] = {}
        self.locks: dict[str, None] = {}
        self.hooks: dict[str, None] = {}
        self.marks: dict[str, None] = {}

    def found(self, whole: bool) -> Found:
        """All of it, in the order in which it was met."""
        return Found(
            whole,
            *(tuple(places) for places in (self.blocks, self.alone, self.locks, self.hooks, self.marks)),
        )


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


def options(node: ast.expr) -> str:
    """`` (durable=True)``: what a call of ``atomic``, ``select_for_update`` or ``on_commit`` is given by name, but for what is
    so anyway."""
    words = (
        {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg} if isinstance(node, ast.Call) else {}
    )
    told = [
        f"{name}={text}"
        for name, text in words.items()
        if text != _DEFAULTS.get(name) and name not in _NO_OPTION
    ]
    return f" ({', '.join(told)})" if told else ""


_DEFAULTS = {"savepoint": "True"} | dict.fromkeys(
    ("durable", "robust", "nowait", "skip_locked", "no_key", "read", "key_share"), "False"
)
_NO_OPTION = ("func",)


def attribute(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""
