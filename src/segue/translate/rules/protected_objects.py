"""``error.protected_objects`` and ``error.restricted_objects``: what stands in the way of a deletion, each once.

Source: ``django.db.models.deletion.Collector.collect``. They may be of several models, so that only their number is known.
"""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import ListOf, Raised, Unknown
from segue.translate.rules.registry import attribute

_OF = {"protected_objects": "ProtectedError", "restricted_objects": "RestrictedError"}


@attribute(Raised, *_OF)
def objects(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """The objects, as a set of which nothing but its size is known."""
    assert isinstance(owner.kind, Raised)
    if owner.node is None or owner.kind.cls.rpartition(".")[2] != _OF[attr]:
        return None
    unknown = Unknown("They may be objects of several models.")
    return Val(ListOf(unknown, "set"), ast.Attribute(owner.node, attr, ast.Load()))
