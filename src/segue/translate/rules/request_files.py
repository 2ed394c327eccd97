"""``request.FILES``: the files of a multipart form (``rest_framework.request.Request.FILES``).

DRF parses the body once for ``data`` and ``FILES``, so that what cannot be parsed fails at whichever is read first. What code changes in
``request.data`` leaves the files as they were.
"""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import Const, ListOf, Request, Scalar, Uploaded, UploadedFiles
from segue.translate.rules.plain_request import of_plain_view, plain_files
from segue.translate.rules.registry import attribute, method
from segue.translate.serializers.by_view import current_view

_PARSERS = {f"rest_framework.parsers.{name}" for name in ("JSONParser", "FormParser", "MultiPartParser")}


@attribute(Request, "FILES")
def files(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``request.FILES``. A parser of the project's own may put anything there: refused."""
    if of_plain_view(frame, owner):
        return plain_files(frame, owner)
    view = current_view(frame.ctx)
    parsers = {p.name for p in view.policy("parser_classes").items} if view is not None else {""}
    if getattr(owner.kind, "raw", False) or not parsers <= _PARSERS or _shared(frame):
        why = "Only what DRF's own parsers put there is known."
        raise frame.refuse("request", "request.FILES", why, node)
    frame.is_async = True
    found = frame.imported("segue_bridge.schema.data", "uploads")
    return Val(UploadedFiles(), quote("{0}((await {1}()))", found, frame.state("body")))


def _shared(frame: Frame) -> bool:
    """Whether the code is translated once for all views, and some of them may have other parsers."""
    base = "rest_framework.parsers.BaseParser"
    others = any(
        base in c.mro and n not in _PARSERS and n != base for n, c in frame.ctx.snapshot.classes.items()
    )
    return frame.scope is None and others


@method(UploadedFiles, "get", "getlist", "__getitem__", "__contains__")
def look_up(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``request.FILES.get("file")``, ``["file"]`` (the last of that name, else ``MultiValueDictKeyError``), ``getlist`` and ``in``."""
    call.only("default", at_most=2 if call.name == "get" else 1)
    if not call.args:
        return None
    key, default = call.args[0], call.argument(1, "default")
    if owner.node is None or key.node is None or widen(key.kind) != Scalar("str"):
        return None
    if default is not None and default.kind != Const(None):
        return None
    if call.name == "__contains__":
        return Val(Scalar("bool"), ast.Compare(key.node, [ast.In()], [owner.node]))
    if call.name == "__getitem__":
        return Val(Uploaded(), ast.Subscript(owner.node, key.node, ast.Load()))
    found = ast.Call(ast.Attribute(owner.node, call.name, ast.Load()), [key.node], [])
    return Val(ListOf(Uploaded()) if call.name == "getlist" else Uploaded(nullable=True), found)


__all__ = ["files", "look_up"]
