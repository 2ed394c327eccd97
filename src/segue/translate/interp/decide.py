"""``many = isinstance(request.data, list)``: what follows is something else for either answer, and goes into two branches.

``serializer = self.get_serializer(data=request.data, many=many)`` is one object or a list of them. As
``if many: …`` / ``else: …`` with the rest of the function in both, the value is known in each.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Sequence


class Decided(ast.If):
    """An ``if`` that stands for both values of a local; ``local`` is a constant in either branch."""

    local: str = ""


def decide(body: Sequence[ast.stmt], names: Collection[str]) -> list[ast.stmt]:
    """``body`` with what follows the assignment of one of ``names`` in both branches of an ``if``."""
    for index, statement in enumerate(body):
        local = _assigned(statement)
        rest = body[index + 1 :]
        if local not in names or not rest:
            continue
        left = [n for n in names if n != local]
        drawn = Decided(
            ast.copy_location(ast.Name(local, ast.Load()), rest[0]),
            decide(copy.deepcopy(rest), left),
            decide(copy.deepcopy(rest), left),
        )
        drawn.local = local
        return [*body[: index + 1], ast.copy_location(drawn, rest[0])]
    return list(body)


def _assigned(statement: ast.stmt) -> str:
    match statement:
        case ast.Assign(targets=[ast.Name(id=local)]):
            return local
        case _:
            return ""


__all__ = ["Decided", "decide"]
