"""``Response(data, status=…, headers=…)`` → ``call.reply(...)``."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, DictOf, Response, Scalar, ShownValues, SuccessHeaders
from segue.translate.rules.column_objects import refuse_objects
from segue.translate.rules.plain_data import object_in
from segue.translate.rules.registry import function


@function("rest_framework.response.Response")
def response(frame: Frame, call: CallSite) -> Val:
    """DRF's response; the format was negotiated before."""
    call.only("data", "status", "headers", at_most=3)
    data = call.argument(0, "data")
    status = call.argument(1, "status")
    headers = call.kwargs.get("headers")
    if len(call.args) > 2:
        raise frame.refuse("response", ast.unparse(call.node), "template_name is not translated.", call.node)
    parts: list[ast.expr] = []
    if data is not None and not (isinstance(data.kind, Const) and data.kind.value is None):
        parts.append(body_of(frame, data, call))
    code: int | None = 200
    if status is not None and not (isinstance(status.kind, Const) and status.kind.value is None):
        if not isinstance(status.kind, Const | Scalar) or status.node is None:
            raise frame.refuse(
                "response", ast.unparse(call.node), "Segue does not know this status.", call.node
            )
        code = int(status.kind.value) if isinstance(status.kind, Const) else None
        if not parts:
            parts.append(literal(None))
        parts.append(literal(code) if code is not None else status.node)
    node: ast.expr = ast.Call(ast.Attribute(frame.state("call"), "reply", ast.Load()), parts, [])
    if headers is not None and isinstance(headers.kind, SuccessHeaders):
        if not headers.kind.possible:
            return Val(Response(code, drf=True), node)
        if code is None or not parts or ast.unparse(parts[0]) != headers.kind.data:
            raise frame.refuse(
                "success-headers", ast.unparse(call.node), "They are those of other data.", call.node
            )
        told = "" if code == 201 else f", status={code}"
        return Val(
            Response(code, drf=True), quote(f"{{0}}.created({{1}}{told})", frame.state("call"), parts[0])
        )
    if headers is not None:
        if not isinstance(headers.kind, DictOf) or headers.node is None:
            raise frame.refuse(
                "response", ast.unparse(call.node), "Segue does not know these headers.", call.node
            )
        assert isinstance(node, ast.Call)
        node.keywords.append(ast.keyword("headers", headers.node))
    return Val(Response(code, drf=True), node)


def body_of(frame: Frame, data: Val, call: CallSite) -> ast.expr:
    """The data of ``Response(data)`` as code. Raises ``Refused`` for what it cannot render."""
    if isinstance(data.kind, Const) and data.kind.value is None:
        return literal(None)
    if isinstance(data.kind, ShownValues) and data.node is None:
        why = "It has saved nothing, and some fields show validated data otherwise than it is, or may: make the dict in the view."
        raise frame.refuse("serializer-data", ast.unparse(call.node), why, call.node)
    if data.node is None:
        raise frame.refuse("response", ast.unparse(call.node), "Segue does not know this data.", call.node)
    refuse_objects(frame, data.kind, ast.unparse(call.node), call.node)
    return _body(frame, data, call)


def _body(frame: Frame, data: Val, call: CallSite) -> ast.expr:
    """The data; lists of rows and model instances cannot be rendered by DRF either."""
    from segue.translate.kinds import QuerySet

    kind = data.kind
    why = object_in(kind, next(iter(call.raw_args), None))
    if why:
        raise frame.refuse("response", ast.unparse(call.node), why, call.node)
    if isinstance(kind, QuerySet):
        from segue.translate.interp.expressions.calls import call_named

        if kind.query.values is None:
            raise frame.refuse(
                "response", ast.unparse(call.node), "A queryset of instances is not JSON.", call.node
            )
        wrapped = ast.parse("list(_)", mode="eval").body
        assert isinstance(wrapped, ast.Call)
        frame.env["_"] = data
        found = call_named(frame, "builtins.list", wrapped)
        assert found.node is not None
        return found.node
    assert data.node is not None
    return quote("{0}", data.node)
