"""``queryset | queryset`` and ``&``."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val


def combine(frame: Frame, op: ast.operator, a: Val, b: Val, node: ast.expr) -> Val:
    """Not translated: Django merges the joins of both sides."""
    raise frame.refuse(
        "queryset-operator", ast.unparse(node), "Combining querysets with | or & is not translated yet.", node
    )
