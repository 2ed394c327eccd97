"""``request.accepted_renderer``: the JSON renderer, as requests that another one answers are left to Django."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Object, Request, ViewSelf
from segue.translate.rules.registry import attribute
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views.renderers import json_renderer


@attribute(Request, "accepted_renderer")
def accepted_renderer(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """Set by ``APIView.initial`` before the view runs; Django's own request has none."""
    assert isinstance(owner.kind, Request)
    if owner.kind.raw:
        return None
    for value in [frame.receiver, *frame.env.values()]:
        if value is not None and isinstance(value.kind, ViewSelf):
            endpoint = value.kind.endpoint
            assert isinstance(endpoint, Endpoint)
            found = json_renderer(endpoint)
            return Val(Object(found)) if found else None
    return None
