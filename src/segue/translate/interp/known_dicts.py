"""``self.permission_map.get(action)`` where the dict and the key are known: the value is, too.

A class attribute, a constant of a module, or a local that is given such a dict once and is only looked into.
"""

from __future__ import annotations

import ast
import textwrap
from typing import Any

from segue.refusal import Refused
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.members import has_members
from segue.translate.interp.value import Val, const
from segue.translate.kinds import Const, DictOf


def looked_up(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The value that ``get`` finds, or its default; None where it is not known while translating."""
    key = call.argument(0)
    if (
        call.name != "get"
        or call.kwargs
        or key is None
        or not isinstance(key.kind, Const)
        or len(call.args) > 2
    ):
        return None
    if isinstance(owner.kind, DictOf) and any(has_members(item) for _, item in owner.kind.items):
        return None  # the code has the values of members, whose texts are others
    assert isinstance(call.node.func, ast.Attribute)
    known = _known(frame, owner, call.node.func.value)
    if known is None:
        return None
    if key.kind.value in known:
        return const(known[key.kind.value])
    return call.args[1] if len(call.args) > 1 else const(None)


def _known(frame: Frame, owner: Val, node: ast.expr) -> dict[Any, Any] | None:
    if isinstance(owner.node, ast.Dict):
        return _constants(owner.node)
    value = _given_once(frame, node.id) if isinstance(node, ast.Name) else None
    if value is None:
        return None
    try:
        with frame.capture() as lines:
            made = frame.eval(value)
    except Refused:
        return None
    return _constants(made.node) if isinstance(made.node, ast.Dict) and not lines else None


def _constants(node: ast.Dict) -> dict[Any, Any] | None:
    found = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(value, ast.Constant):
            return None
        found[key.value] = value.value
    return found


def _given_once(frame: Frame, local: str) -> ast.expr | None:
    """What the function gives ``local`` in its only assignment, where all else that it does with it is to look into it."""
    tree = ast.parse(textwrap.dedent(frame.function.source))
    given = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and [ast.unparse(t) for t in n.targets] == [local]
    ]
    looking = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr == "get"}
    uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == local]
    read = [n for n in uses if isinstance(n.ctx, ast.Load)]
    if len(given) != 1 or len(uses) - len(read) != 1 or any(id(n) not in looking for n in read):
        return None
    return given[0]


__all__ = ["looked_up"]
