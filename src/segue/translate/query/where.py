"""Conditions as a tree, the way Django's ``Q`` builds them, before a model gives them meaning."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.translate.interp.value import Val


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """``path__lookup=value``; ``at`` is the place for refusals."""

    key: str
    value: Val
    at: ast.AST


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """A condition that is SQLAlchemy text already (``Exists(...)``)."""

    node: ast.expr


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """``connector`` over ``children``, ``negated`` or not. No children is true (negated: true too,
    as Django leaves an empty Q out)."""

    connector: str
    children: tuple[Node | Leaf | Raw, ...]
    negated: bool = False


def both(connector: str, a: Node, b: Node) -> Node:
    """``a & b`` / ``a | b``; an empty Q gives the other one."""
    if not a.children:
        return b
    if not b.children:
        return a
    return Node(connector, (a, b))


def negate(a: Node) -> Node:
    """``~a``."""
    return Node("AND", (a,), negated=True)
