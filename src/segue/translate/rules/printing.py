"""``print(…)``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, is_pure, name
from segue.translate.kinds import Const, Manager, QuerySet, RelatedManager, User
from segue.translate.rules.registry import function

# What ``AnonymousUser`` has, too.
_OF_ANYBODY = frozenset({"id", "pk", "username", "is_staff", "is_active", "is_superuser"})


@function("builtins.print")
def print_(frame: Frame, call: CallSite) -> Val:
    """Left out, as standard output is no part of the service, but for what may raise while it is computed."""
    kept = [value.node for value in call.args if value.node is not None and _may_raise(frame, value)]
    return Val(Const(None), ast.Call(name("print"), list(kept), [])) if kept else const(None)


def _may_raise(frame: Frame, value: Val) -> bool:
    """Whether computing ``value`` may raise, or does something: a call, a look-up by key, what only users who are logged in have."""
    if isinstance(value.kind, QuerySet | Manager | RelatedManager) or value.node is None:
        return False
    users = {"user", "call.user"} | {held.text for held in frame.env.values() if isinstance(held.kind, User)}
    return not is_pure(value.node) or any(
        isinstance(part, ast.Subscript)
        or (
            isinstance(part, ast.Attribute)
            and part.attr not in _OF_ANYBODY
            and ast.unparse(part.value) in users
        )
        for part in ast.walk(value.node)
    )


__all__ = ["print_"]
