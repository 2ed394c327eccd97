"""``self.get_queryset()`` in a relation field of the project's own.

Source: ``rest_framework.relations.RelatedField.get_queryset``: the queryset that the field was made with.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Object
from segue.translate.query.build import model_queryset
from segue.translate.rules.registry import framework
from segue.translate.serializers.facts import const
from segue.translate.serializers.own_field import FieldUse


@framework("rest_framework.relations.RelatedField.get_queryset")
def get_queryset(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """All rows of the model; a queryset that does more refuses."""
    use = owner.kind.use if isinstance(owner.kind, Object) else None
    if not isinstance(use, FieldUse):
        return None
    call.only(at_most=0)
    item = use.item
    if not item.queryset_model or not const(item.kwargs.get("queryset_plain")):
        raise frame.refuse(
            "relation-queryset",
            ast.unparse(call.node),
            "Its queryset does more than list the model.",
            call.node,
        )
    return model_queryset(frame, item.queryset_model, call.node)


__all__ = ["get_queryset"]
