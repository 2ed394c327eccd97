"""What a parser of the project reads: its context, and what DRF's own parsers make of the body."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import (
    Const,
    Kind,
    LibraryObject,
    ParsingContext,
    Payload,
    RenderedView,
    Request,
    Scalar,
)
from segue.translate.rules.registry import framework, method

_P = "rest_framework.parsers."


@method(ParsingContext, "__getitem__", "get")
def of_context(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``parser_context["encoding"]``, ``["request"]``, ``["view"]``: DRF always gives them."""
    assert isinstance(owner.kind, ParsingContext)
    key = call.args[0]
    wanted = key.kind.value if isinstance(key.kind, Const) else None
    if wanted == "encoding":
        return frame.extra_state("encoding", lambda: "str", Scalar("str"))
    if wanted == "request":
        return Val(Request())
    if wanted == "view":
        return Val(RenderedView(owner.kind.endpoint, "parser"))
    raise frame.refuse(
        "parser", ast.unparse(call.node), "Segue does not know this entry of the context.", call.node
    )


@framework(f"{_P}JSONParser.parse")
def parse_json(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().parse(stream, media_type, parser_context)``."""
    return _parsed(frame, call, "parse_json", Scalar("Any"))


@framework(f"{_P}FormParser.parse")
def parse_form(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``super().parse(stream, media_type, parser_context)`` of a form."""
    return _parsed(frame, call, "parse_form", Payload())


def _parsed(frame: Frame, call: CallSite, function: str, kind: Kind) -> Val:
    stream, context = call.argument(0, "stream"), call.argument(2, "parser_context")
    if stream is None or not isinstance(stream.kind, LibraryObject) or stream.node is None:
        raise frame.refuse(
            "parser", ast.unparse(call.node), "It reads something else than the body.", call.node
        )
    encoding: ast.expr = literal("utf-8")
    if context is not None and isinstance(context.kind, ParsingContext):
        found = frame.extra_state("encoding", lambda: "str", Scalar("str"))
        assert found.node is not None
        encoding = found.node
    read = frame.imported("segue_bridge.http.parsers", function)
    return Val(kind, quote("{0}({1}.settings, {2}, {3})", read, frame.state("call"), stream.node, encoding))
