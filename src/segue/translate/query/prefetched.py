"""The rows that a ``Prefetch`` has a queryset for, where code asks the relation's manager for more than all of them."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet
from segue.translate.query.build import model_queryset
from segue.translate.query.ir import Prefetch


def rows_of(frame: Frame, shown: Prefetch) -> Val:
    """The queryset of a ``Prefetch``, written again where the relation's manager begins with it."""
    assert shown.query is not None
    base = model_queryset(frame, shown.query.model)
    frame.use(*shown.imports)
    node = ast.parse(f"{base.text}{shown.text}", mode="eval").body
    return Val(QuerySet(shown.query.with_(prefetch=shown.query.prefetch)), node)
