"""A translated expression: what it is and the code that computes it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import lru_cache

from segue.translate.kinds import Const, Kind
from segue.translate.trees import copied


@dataclass(frozen=True, slots=True)
class Val:
    """``node`` is the generated expression; ``None`` for things that only exist in the legacy
    code (``self``, the DRF request): they may be looked into, never passed on."""

    kind: Kind
    node: ast.expr | None = None

    @property
    def text(self) -> str:
        """Source text of :attr:`node`."""
        return ast.unparse(self.node) if self.node is not None else ""


def const(value: object) -> Val:
    """A literal."""
    return Val(Const(value), literal(value))


def literal(value: object) -> ast.expr:
    """The expression that writes ``value`` down (str, numbers, None, bool, tuples of them)."""
    return ast.parse(repr(value), mode="eval").body


def name(text: str) -> ast.expr:
    """A name or dotted name as an expression."""
    return copied(_parse(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Fill(ast.NodeTransformer):
    def __init__(self, parts: tuple[ast.expr, ...]) -> None:
        self.parts = parts

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id.startswith("q__") and node.id.endswith("__q"):
            return self.parts[int(node.id[3:-3])]
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return node


_HOLE = re.compile(r"\{(\d+)\}")


def quote(template: str, *parts: ast.expr) -> ast.expr:
    """Build an expression from ``template``, whose ``{0}``, ``{1}`` stand for ``parts``."""
    tree = copied(_parse(_HOLE.sub(r"q__\1__q", template)))
    filled = _Fill(tuple(parts)).visit(tree)
    assert isinstance(filled, ast.expr)
    return filled


def is_pure(node: ast.expr | None) -> bool:
    """Whether leaving the expression out changes nothing but time (no call, await, walrus)."""
    if node is None:
        return True
    return not any(isinstance(n, ast.Call | ast.Await | ast.NamedExpr | ast.Yield) for n in ast.walk(node))
