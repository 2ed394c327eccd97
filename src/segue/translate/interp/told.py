"""Small functions that only choose a text by the texts that they are given: ``_get_action("partial_update")``."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Mapping

from segue.refusal import Refused
from segue.snapshot.model import Function
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const

_MOST = 12
_HELD = re.compile(r"(\w+ = |return )('[^'\\]*'|\"[^\"\\]*\"|\w+)")


def told(frame: Frame, function: Function, receiver: Val | None, given: Mapping[str, Val]) -> str | None:
    """The text that the function gives back for these arguments, where it does nothing else; None where that is not certain."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not given or not all(isinstance(v.kind, Const) for v in given.values()):
        return None
    if not isinstance(tree, ast.FunctionDef) or len(tree.body) > _MOST or not _only_chooses(tree):
        return None
    from segue.translate.functions.lift import interpret

    try:
        body = interpret(frame.ctx, function, self_kind=receiver, arguments=given)
    except Refused:
        return None
    value = body.returns.value if isinstance(body.returns, Const) else None
    still = not body.state and not body.is_async and all(_HELD.fullmatch(line.strip()) for line in body.lines)
    return value if isinstance(value, str) and still else None


def _only_chooses(tree: ast.FunctionDef) -> bool:
    """Whether it calls nothing, and has no loops: compares, assigns and returns."""
    done = (ast.Call, ast.For, ast.While, ast.With, ast.Try, ast.Raise, ast.Delete, ast.Subscript)
    return not any(isinstance(n, done) for s in tree.body for n in ast.walk(s))


__all__ = ["told"]
