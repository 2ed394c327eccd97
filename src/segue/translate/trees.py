"""Syntax trees, read often: a third of the time of a translation went into ``ast.walk`` and ``ast.parse``."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TypeVar

Node = TypeVar("Node", bound=ast.AST)

# Fields of nodes that hold no node, by what they are called in every class of ``ast``.
_PLAIN = frozenset(
    {
        "ctx",
        "id",
        "attr",
        "type_comment",
        "lineno",
        "level",
        "conversion",
        "simple",
        "is_async",
        "kind",
        "n",
        "s",
    }
)
_children: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Constant: (),
    ast.Attribute: ("value",),
    ast.keyword: ("value",),
}


def walk(tree: ast.AST) -> list[ast.AST]:
    """``tree`` and all nodes below it, in the order of ``ast.walk``; without the ``Load`` and ``Store`` of names, which
    nodes have as ``ctx``. The list is made at once: what is changed while it is gone through changes it no more."""
    found = [tree]
    add, known, node = found.append, _children, ast.AST
    for one in found:
        of = one.__class__
        names = known.get(of)
        if names is None:
            names = known[of] = tuple(name for name in of._fields if name not in _PLAIN)
        for name in names:
            value = getattr(one, name, None)
            if value.__class__ is list:
                found += [item for item in value if isinstance(item, node)]
            elif isinstance(value, node):
                add(value)
    return found


def copied(tree: Node) -> Node:
    """``copy.deepcopy`` of a tree."""
    made = tree.__class__.__new__(tree.__class__)
    made.__dict__.update(tree.__dict__)
    for name in _of(tree.__class__):
        value = getattr(tree, name, None)
        if value.__class__ is list:
            setattr(made, name, [copied(item) if isinstance(item, ast.AST) else item for item in value])
        elif isinstance(value, ast.AST):
            setattr(made, name, copied(value))
    return made


def _of(cls: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a class that can hold nodes."""
    if cls not in _children:
        _children[cls] = tuple(name for name in cls._fields if name not in _PLAIN)
    return _children[cls]


@lru_cache(maxsize=512)
def nodes(tree: ast.AST) -> list[ast.AST]:
    """:func:`walk` of a tree that is never changed, such as one of :func:`parsed`; the list is not to be changed either."""
    return walk(tree)


@lru_cache(maxsize=4096)
def parsed(source: str) -> ast.Module:
    """The tree of ``source``, the same for all who ask: **it is not to be changed**, nor put into another tree.

    Raises ``SyntaxError``.
    """
    return ast.parse(source)
