"""Filter backends of the project: ``filter_queryset(self, request, queryset, view)`` is a function over the queryset."""

from __future__ import annotations

import ast

from segue.snapshot.model import Class
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Object, QuerySet, Request
from segue.translate.query.build import settle
from segue.translate.specialise.endpoint import Endpoint

_HOOK = "filter_queryset"
_CALL = "backend.filter_queryset(request_, objects_, view_)"


def narrows(endpoint: Endpoint, name: str) -> Class | None:
    """The class of backend ``name``, where its ``filter_queryset`` is the project's and DRF makes it as it is."""
    known = endpoint.ctx.snapshot.classes.get(name)
    own = endpoint.ctx.snapshot.functions.get(known.methods.get(_HOOK, "")) if known is not None else None
    if known is None or own is None or "super(" in own.source:
        return None  # what it extends narrows by rules of its own
    # ``backend()``: nothing is given to it.
    made = [m for m in ("__init__", "__new__", "__getattribute__", "__getattr__") if m in known.methods]
    return known if not any(known.methods[m] in endpoint.ctx.snapshot.functions for m in made) else None


def narrow(frame: Frame, endpoint: Endpoint, value: Val, known: Class) -> Val:
    """The queryset after the backend. Raises ``Refused``."""
    from segue.translate.interp.expressions.calls import method_call
    from segue.translate.views.generic import self_of

    node = ast.parse(_CALL, mode="eval").body
    assert isinstance(node, ast.Call)
    given = {"request_": Val(Request()), "objects_": settle(frame, value), "view_": self_of(endpoint)}
    frame.env.update(given)
    try:
        after = method_call(frame, Val(Object(known.name)), _HOOK, node)
    finally:
        for key in given:
            frame.env.pop(key, None)
    if not isinstance(after.kind, QuerySet):
        raise endpoint.refuse(
            "filter-backend", known.name, "It does not return a queryset that Segue knows.", known.where
        )
    return settle(frame, after)
