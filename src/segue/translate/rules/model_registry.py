"""``apps.get_model("library", "Book")``: the model class that the names stand for.

Source: ``django.apps.registry.Apps.get_model`` (the app's label as it is, the model's name in any case).
"""

from __future__ import annotations

import ast

from segue.snapshot.model import GlobalRef
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global
from segue.translate.rules.registry import method

_APPS = "django.apps.registry.apps"


@method(Global, "get_model")
def get_model(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``apps.get_model(label)``, ``apps.get_model(app, name)`` of constant texts; refuses others (``get-model``)."""
    assert isinstance(owner.kind, Global)
    if owner.kind.ref.name != _APPS:
        return None
    call.only("app_label", "model_name", "require_ready", at_most=3)
    texts = [call.argument(0, "app_label"), call.argument(1, "model_name")]
    parts: list[str] = []
    for value in texts:
        if value is None or (isinstance(value.kind, Const) and value.kind.value is None):
            continue
        if not isinstance(value.kind, Const) or not isinstance(value.kind.value, str):
            raise frame.refuse(
                "get-model", ast.unparse(call.node), "Which model is meant is computed.", call.node
            )
        parts.append(value.kind.value)
    app, _, model = ".".join(parts).partition(".")
    for label, known in frame.ctx.snapshot.models.items():
        home, _, last = label.partition(".")
        if home == app and last.lower() == model.lower():
            return Val(Global(GlobalRef("model", known.cls)))
    raise frame.refuse("get-model", ast.unparse(call.node), "Django has no model of that name.", call.node)


__all__ = ["get_model"]
