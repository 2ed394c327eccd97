"""Whether a view has an attribute: ``getattr(view, "endpoint", None)``, ``hasattr(self, "filter_by")``.

Its class and what ``as_view()`` or ``@action`` replace are known; what methods put on ``self`` while a request runs is not.
"""

from __future__ import annotations

import ast

from segue.snapshot.model import Function
from segue.translate.interp.frame import Frame
from segue.translate.kinds import ViewSelf
from segue.translate.middleware.sources import tree_of

# What DRF puts on a view itself (``APIView.dispatch``, ``ViewSetMixin.as_view``, ``View.setup``).
OF_DRF = frozenset(
    {
        "request", "args", "kwargs", "format_kwarg", "headers", "response", "action", "action_map", "basename", "detail",
        "suffix", "name", "description", "format", "paginator", "settings", "schema", "raise_exception", "cls", "initkwargs",
    }
)  # fmt: skip


# These are there before anything of the project's runs (``View.setup``, ``APIView.dispatch``, ``APIView.initial``).
_ALWAYS = frozenset({"request", "args", "kwargs", "headers", "format_kwarg"})
_VIEWSET = "rest_framework.viewsets.ViewSetMixin"


def view_has(frame: Frame, view: ViewSelf, name: str) -> bool | None:
    """Whether the view of this endpoint has ``name``; None where that is not certain."""
    ctx, endpoint = frame.ctx, view.endpoint
    known = ctx.snapshot.classes.get(endpoint.cls)
    routed = getattr(endpoint, "view", None)
    if known is None or routed is None:
        return None
    if name in _ALWAYS or (name == "action" and _VIEWSET in known.mro):
        return True
    if name in OF_DRF or name.startswith("_"):
        return None
    given = {*routed.initkwargs, *(k for kwargs in routed.action_overrides.values() for k in kwargs)}
    if name in given or "__getattr__" in known.methods or "__getattribute__" in known.methods:
        return None
    names = {f"{base}." for base in known.mro}
    for function in ctx.snapshot.functions.values():
        if f".{name}" in function.source and f"{function.owner}." in names and _puts(function, name):
            return None
    return name in known.attributes or name in known.methods


def _puts(function: Function, name: str) -> bool:
    tree = tree_of(function)
    return tree is None or any(
        isinstance(n, ast.Attribute) and n.attr == name and not isinstance(n.ctx, ast.Load)
        for n in ast.walk(tree)
    )


__all__ = ["OF_DRF", "view_has"]
