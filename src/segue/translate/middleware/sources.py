"""Functions of the snapshot as syntax trees, and look-up along the MRO."""

from __future__ import annotations

import ast
import textwrap
from functools import lru_cache

from segue.snapshot.model import Function, Snapshot
from segue.translate.trees import nodes

Def = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=4096)
def _parsed(source: str) -> Def | ast.Lambda | None:
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        return None
    return next((n for n in tree.body if isinstance(n, Def)), None)


def tree_of(function: Function) -> Def | None:
    """The ``def`` of a function; None without source."""
    found = _parsed(function.source)
    return found if isinstance(found, Def) else None


def nodes_of(function: Function) -> list[ast.AST]:
    """All nodes of :func:`tree_of`, not to be changed; empty without source."""
    tree = tree_of(function)
    return nodes(tree) if tree is not None else []


@lru_cache(maxsize=4096)
def yields(tree: Def) -> bool:
    """Whether it is a generator."""
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(tree))


def find(snapshot: Snapshot, cls: str, name: str, after: str = "") -> Function | None:
    """What look-up of method ``name`` on ``cls`` finds (behind the class ``after`` for ``super()``)."""
    known = snapshot.classes.get(cls)
    mro = known.mro if known is not None else (cls,)
    if after:
        mro = mro[mro.index(after) + 1 :] if after in mro else ()
    for base in mro:
        found = snapshot.functions.get(f"{base}.{name}")
        if found is not None:
            return found
    return None


def has(snapshot: Snapshot, cls: str, name: str) -> bool:
    """Whether the class has a method of that name, with source or without."""
    known = snapshot.classes.get(cls)
    return find(snapshot, cls, name) is not None or (known is not None and name in known.methods)
