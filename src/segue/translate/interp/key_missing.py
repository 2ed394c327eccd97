"""A look-up that always ends in a ``KeyError``: refused, unless a ``try`` around it takes that."""

from __future__ import annotations

import ast

from segue.refusal import Refusal, Refused
from segue.translate.interp.frame import Frame


class KeyMissing(Refused):
    """``frame`` looks the key up; ``at``: line, first and last column of the look-up in its source."""

    def __init__(self, refusal: Refusal, frame: Frame, node: ast.expr) -> None:
        super().__init__(refusal)
        self.frame = frame
        self.at = (node.lineno, node.col_offset, node.end_col_offset)
