"""``get_paginated_response`` of a project's own ``PageNumberPagination`` or ``LimitOffsetPagination``, lifted with the page as its ``self``."""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke
from segue.translate.interp.value import Val, name
from segue.translate.kinds import LimitOffsetSelf, PaginatorSelf, Response
from segue.translate.pagination.paginators import Paginator


def own_envelope(frame: Frame, paginator: Paginator, items: Val, page: str, at: ast.AST | None) -> Val:
    """The response around ``items``; without a page DRF answers the bare list."""
    function = frame.ctx.snapshot.functions.get(paginator.envelope)
    node = at or ast.Constant(None)
    if function is None:
        raise frame.refuse("no-source", paginator.envelope, "The snapshot has no source for it.", node)
    arguments = [a.arg for a in _parameters(function.source)[1:]]
    if len(arguments) != 1:
        raise frame.refuse("pagination", paginator.envelope, "It takes more than the data.", node)
    assert items.node is not None
    shown = frame.hoist("items", items.node)
    limited = paginator.base == "LimitOffsetPagination"
    module, cls = ("limit_offset", "LimitOffsetSlice") if limited else ("page_number", "PageNumberSlice")
    frame.use(Import(f"segue_bridge.pagination.{module}", cls))
    if paginator.always:
        frame.emit(f"assert isinstance({page}, {cls})")
    else:
        call = ast.unparse(frame.state("call"))
        frame.emit_block(f"if not isinstance({page}, {cls}):", [f"return {call}.reply({ast.unparse(shown)})"])
    own = LimitOffsetSelf(paginator.cls) if limited else PaginatorSelf(paginator.cls)
    receiver = Val(own, name(page))
    made = invoke(frame, function, {arguments[0]: Val(items.kind, shown)}, receiver, node, "pagination")
    if not isinstance(made.kind, Response):
        raise frame.refuse("pagination", paginator.envelope, "It may return no Response of DRF.", node)
    return made


def _parameters(source: str) -> list[ast.arg]:
    import textwrap

    tree = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree.args.args


__all__ = ["own_envelope"]
