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
    if is_pure(node) and ast.unparse(node).startswith("call."):  # what the request brings
        return value
    return Val(value.kind, frame.hoist(key if key.isidentifier() else "entry", node, at))


def _stored_again(frame: Frame, local: str) -> bool:
    """Whether the function binds the local more than once; one that it does not bind is the translator's own."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    changed = ast.Store | ast.Del
    return (
        sum(isinstance(n, ast.Name) and n.id == local and isinstance(n.ctx, changed) for n in ast.walk(tree))
        > 1
    )


__all__ = ["in_a_local"]
