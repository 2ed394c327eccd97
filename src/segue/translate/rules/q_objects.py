"""``Q(...)``, ``&``, ``|``, ``~``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Expr, Q, Sometimes
from segue.translate.query.where import Leaf, Node, Raw, both
from segue.translate.rules.registry import function


def tree_of(frame: Frame, call: CallSite) -> Node:
    """The AND of the positional conditions and the keyword lookups of a call."""
    children: list[Node | Leaf | Raw] = []
    for value in call.args:
        if isinstance(value.kind, Q):
            if value.kind.tree.children:
                children.append(value.kind.tree)
        elif isinstance(value.kind, Expr) and getattr(value.kind.build, "condition", None) is not None:
            children.append(Raw(value.kind.build.condition))
        elif isinstance(value.kind, Expr):
            from segue.translate.query.expressions import Expression

            built = value.kind.build
            assert isinstance(built, Expression)
            children.append(Leaf("__expression__", value, call.node))
        else:
            raise frame.refuse(
                "condition", ast.unparse(call.node), "Segue does not know this condition.", call.node
            )
    for key, value in sorted(call.kwargs.items()):
        children.append(Leaf(key, value, call.node))
    return Node("AND", tuple(children))


@function("django.db.models.query_utils.Q", "django.db.models.Q")
def q_object(frame: Frame, call: CallSite) -> Val:
    """``Q(**lookups)``."""
    kwargs = call.kwargs
    connector = kwargs.pop("_connector", None)
    negated = kwargs.pop("_negated", None)
    tree = tree_of(frame, call)
    if any(isinstance(value.kind, Sometimes) for value in kwargs.values()):
        raise frame.refuse(
            "dynamic-keywords", ast.unparse(call.node), "A Q may be empty, which | leaves out.", call.node
        )
    if connector is not None and isinstance(connector.kind, Const):
        tree = Node(str(connector.kind.value), tree.children)
    if negated is not None and isinstance(negated.kind, Const) and negated.kind.value:
        tree = Node(tree.connector, tree.children, True)
    return Val(Q(tree))


def combine(frame: Frame, op: ast.operator, a: Val, b: Val, node: ast.expr) -> Val:
    """``a & b``, ``a | b``, ``a ^ b``."""
    if not isinstance(op, ast.BitAnd | ast.BitOr | ast.BitXor):
        raise frame.refuse("q-operator", ast.unparse(node), "Only &, | and ^ combine conditions.", node)
    trees: list[Node] = []
    for value in (a, b):
        if isinstance(value.kind, Q):
            trees.append(value.kind.tree)
        elif isinstance(value.kind, Expr):
            trees.append(Node("AND", (Leaf("__expression__", value, node),)))
        else:
            raise frame.refuse("q-operator", ast.unparse(node), "A Q is combined with something else.", node)
    connector = {ast.BitAnd: "AND", ast.BitOr: "OR", ast.BitXor: "XOR"}[type(op)]
    return Val(Q(both(connector, trees[0], trees[1])))
