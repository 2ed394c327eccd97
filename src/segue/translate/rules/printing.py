"""``print(…)``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Const, Kind, Manager, QuerySet, RelatedManager, User
from segue.translate.rules.logged_values import unasked
from segue.translate.rules.registry import function

_ACTS = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield)
# Equality and identity raise for no value of a column; order, membership, arithmetic and formats do for some.
_SAFE = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
# What ``AnonymousUser`` has, too.
_OF_ANYBODY = frozenset({"id", "pk", "username", "is_staff", "is_active", "is_superuser"})


@function("builtins.print")
def print_(frame: Frame, call: CallSite) -> Val:
    """Left out, as standard output is no part of the service, but for what may raise while it is computed."""
    shown = [(value.kind, unasked(value.node)) for value in call.args if value.node is not None]
    kept = [node for kind, node in shown if _may_raise(frame, kind, node)]
    return Val(Const(None), ast.Call(name("print"), kept, [])) if kept else const(None)


def _may_raise(frame: Frame, kind: Kind, node: ast.expr) -> bool:
    """Whether computing ``node`` may raise, or does something: a call, a look-up by key, arithmetic, what only users who are logged in have."""
    if isinstance(kind, QuerySet | Manager | RelatedManager):
        return False
    users = {"user", "call.user"} | {held.text for held in frame.env.values() if isinstance(held.kind, User)}
    texts = [part for part in ast.walk(node) if isinstance(part, ast.Call) and _is_text(part)]
    return sum(isinstance(part, _ACTS) for part in ast.walk(node)) > len(texts) or any(
        isinstance(part, ast.Subscript | ast.BinOp)
        or (isinstance(part, ast.UnaryOp) and not isinstance(part.op, ast.Not))
        or (isinstance(part, ast.Compare) and not all(isinstance(op, _SAFE) for op in part.ops))
        or (isinstance(part, ast.FormattedValue) and part.format_spec is not None)
        or (
            isinstance(part, ast.Attribute)
            and part.attr not in _OF_ANYBODY
            and ast.unparse(part.value) in users
        )
        for part in ast.walk(node)
    )


def _is_text(call: ast.Call) -> bool:
    """``str(e)`` of a local."""
    match call:
        case ast.Call(ast.Name("str" | "repr" | "type"), [ast.Name()], []):
            return True
    return False


__all__ = ["print_"]
