"""Functions whose branches leave different things behind: what follows goes into both branches.

``if x: part = Q(a=1)`` / ``else: part = Q(b=2)`` / ``return rows.filter(part)`` has no one kind for ``part``. As
``if x: part = …; return rows.filter(part)`` / ``else: …`` it has, and does the same.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence

# So many of a function's branches may be drawn out; each doubles what follows it.
MOST = 3


def split(body: Sequence[ast.stmt], lines: Collection[int]) -> list[ast.stmt]:
    """``body`` with what follows an ``if`` at one of ``lines`` in both of its branches."""
    out: list[ast.stmt] = []
    for index, statement in enumerate(body):
        rest = body[index + 1 :]
        if not (isinstance(statement, ast.If) and rest and _asked_for(statement, lines)):
            out.append(statement)
            continue
        drawn = copy.copy(statement)
        drawn.body = split([*statement.body, *copy.deepcopy(rest)], lines)
        drawn.orelse = split([*statement.orelse, *copy.deepcopy(rest)], lines)
        return [*out, drawn]
    return out


def _asked_for(statement: ast.If, lines: Collection[int]) -> bool:
    """Whether it, or an ``if`` in one of its branches (an ``elif``, say), stands at one of ``lines``."""
    return statement.lineno in lines or any(
        isinstance(inner, ast.If) and _asked_for(inner, lines)
        for inner in (*statement.body, *statement.orelse)
    )


__all__ = ["MOST", "split"]
