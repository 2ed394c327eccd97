"""What a renderer of the project reads: its context, the view, the response; and DRF's own rendering."""

from __future__ import annotations

import ast
import re

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import (
    AcceptedType,
    Const,
    ErrorResponse,
    RenderedView,
    RendererContext,
    Request,
    Scalar,
)
from segue.translate.rules.registry import attribute, framework, method

# What ``View.setup``, ``as_view`` and ``APIView.initial`` make of an instance.
_PER_REQUEST = frozenset(
    {"request", "args", "kwargs", "headers", "action", "action_map", "format_kwarg", "name", "suffix", "detail", "basename",
     "description", "response", "paginator", "_paginator", "initkwargs"}
)  # fmt: skip


@method(RendererContext, "__getitem__", "get")
def of_context(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``renderer_context["view"]``, ``["response"]``, ``["request"]``: DRF always gives them."""
    assert isinstance(owner.kind, RendererContext)
    key = call.args[0]
    wanted = key.kind.value if isinstance(key.kind, Const) else None
    if wanted == "view":
        return Val(RenderedView(owner.kind.endpoint))
    if wanted == "response":
        return Val(ErrorResponse(), name("response"))
    if wanted == "request":
        return Val(Request())
    raise frame.refuse(
        "renderer", ast.unparse(call.node), "Segue does not know this entry of the context.", call.node
    )


def class_attribute(frame: Frame, view: RenderedView, attr: str, node: ast.AST) -> Val | None:
    """A constant of the view's class; None when views of the class have no such attribute.

    Refuses what requests or the project's code may set on an instance.
    """
    endpoint = view.endpoint
    if attr in _PER_REQUEST or _assigned(frame, attr):
        raise frame.refuse(view.code, f"view.{attr}", "It may differ from request to request.", node)
    known = endpoint.klass()
    given = endpoint.view.initkwargs.get(attr)
    if given is None:
        if known is None:
            return None
        if attr in known.methods:
            raise frame.refuse(view.code, f"view.{attr}", "The renderer uses a method of the view.", node)
        if attr not in known.attributes:
            return None
        given = known.attributes[attr].value
    found = value_of(frame, given)
    if found is None or not isinstance(found.kind, Const):
        raise frame.refuse(view.code, f"view.{attr}", "Segue cannot write down its value.", node)
    return found


def _assigned(frame: Frame, attr: str) -> bool:
    """Whether a function that the project can reach sets an attribute of that name, on whatever object.

    A name that is computed (``setattr(obj, key, …)``) may be this one, where the project's own code computes it.
    """
    table = frame.ctx.memo.setdefault(("rendering", "assigned"), {})
    assert isinstance(table, dict)
    if attr not in table:
        classes = frame.ctx.snapshot.classes
        own = {n.partition(".")[0] for n, c in classes.items() if c.origin == "own"}
        direct = re.compile(rf"\.{re.escape(attr)}\b\s*(:[^=\n]+)?=(?!=)")
        computed = re.compile(rf"\bsetattr\([^,]+,\s*([^\"'\s]|[\"']{re.escape(attr)}[\"'])|\.__dict__\b")
        table[attr] = any(
            direct.search(f.source) or (f.name.partition(".")[0] in own and computed.search(f.source))
            for f in frame.ctx.snapshot.functions.values()
            if not f.name.startswith(("rest_framework.", "django."))
        )
    return bool(table[attr])


@attribute(RenderedView, "*")
def of_view(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``view.object_name``."""
    assert isinstance(owner.kind, RenderedView)
    return class_attribute(frame, owner.kind, attr, node)


@framework("rest_framework.renderers.JSONRenderer.render")
def render(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().render(data, accepted_media_type, renderer_context)``: indented only when it is told the media type."""
    call.only("data", "accepted_media_type", "renderer_context", at_most=3)
    data, media = call.argument(0, "data"), call.argument(1, "accepted_media_type")
    if data is None or data.node is None:
        raise frame.refuse("renderer", ast.unparse(call.node), "Segue does not know this data.", call.node)
    indent = ""
    if media is not None and isinstance(media.kind, AcceptedType):
        indent = ", call.chosen.indent"
    elif media is not None and not (isinstance(media.kind, Const) and media.kind.value is None):
        raise frame.refuse(
            "renderer", ast.unparse(call.node), "Segue does not know this media type.", call.node
        )
    return Val(Scalar("bytes"), quote(f"call.settings.renderer.render({{0}}{indent})", data.node))
