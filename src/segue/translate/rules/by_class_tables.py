"""Dicts of a module whose keys are classes: ``KEYS = {Book: ("books",), Author: ("authors",)}``, looked into with a class that is known."""

from __future__ import annotations

import ast

from segue.snapshot.model import Value
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.process_state import check_variable
from segue.translate.interp.value import Val
from segue.translate.kinds import Global


def entries(frame: Frame, table: Val, node: ast.expr) -> dict[str, Value] | None:
    """The values by the dotted names of their classes; None for anything else. Refuses a dict that code changes."""
    if (
        not isinstance(table.kind, Global)
        or table.kind.ref.kind != "constant"
        or table.kind.ref.value is None
    ):
        return None
    value = table.kind.ref.value
    if value.kind != "dict" or not value.pairs or not all(key.kind == "ref" for key, _ in value.pairs):
        return None
    check_variable(frame, table.kind.ref, ast.unparse(node).rpartition(".")[2], node)
    return {key.name: held for key, held in value.pairs}


def looked_up(frame: Frame, table: Val, key: Val, node: ast.Subscript) -> Val | None:
    """``KEYS[Book]``; None where either is not known."""
    known = entries(frame, table, node.value)
    if known is None or not isinstance(key.kind, Global) or key.kind.ref.kind not in ("class", "model"):
        return None
    held = known.get(key.kind.ref.name)
    if held is None:
        raise frame.refuse(
            "subscript", ast.unparse(node), "The dict has no such class: KeyError in Django.", node
        )
    return value_of(frame, held)


__all__ = ["entries", "looked_up"]
