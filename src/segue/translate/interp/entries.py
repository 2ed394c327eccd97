"""What is put into a dict that has no code: computed once, and the same wherever it is read."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import Const, QuerySet, Unknown


def in_a_local(frame: Frame, key: str, value: Val, at: ast.AST) -> Val:
    """``value`` as it stands where nothing can change that, or in a local."""
    node = value.node
    if node is None or isinstance(value.kind, Const | QuerySet | Unknown):
        return value
    if isinstance(node, ast.Name) and not _stored_again(frame, node.id):
        return value
    if is_pure(node) and _brought(node):
        return value
    return Val(value.kind, frame.hoist(key if key.isidentifier() else "entry", node, at))


# Of ``call``: what the request brings, and nobody changes. ``user``, ``auth`` and ``state`` are what code has put there.
_BROUGHT = frozenset(
    {"action", "cookies", "headers", "host", "method", "path", "query", "request", "secure", "url_path", "verb", "version"}
)  # fmt: skip


def _brought(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.value.id == "call" and node.attr in _BROUGHT
        node = node.value
    return False


def _stored_again(frame: Frame, local: str) -> bool:
    """Whether the function binds the local more than once; one that it does not bind is the translator's own."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    changed = ast.Store | ast.Del
    return (
        sum(isinstance(n, ast.Name) and n.id == local and isinstance(n.ctx, changed) for n in ast.walk(tree))
        > 1
    )


__all__ = ["in_a_local"]
