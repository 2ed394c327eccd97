"""``self.page``, ``self.request`` and DRF's links in the methods of a project's ``PageNumberPagination``."""

from __future__ import annotations

import ast

from segue.target.ir import Import
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import DjangoPage, LimitOffsetSelf, PaginatorSelf, Request, Response, Scalar
from segue.translate.rules.registry import attribute, framework, function, method

_P = "rest_framework.pagination.PageNumberPagination."
_NUMBERS = {"number": "number"}
_COUNTS = {"num_pages": "pages", "count": "count", "per_page": "size"}
_L = "rest_framework.pagination.LimitOffsetPagination."


@attribute(PaginatorSelf, "request")
@attribute(LimitOffsetSelf, "request")
def request(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``self.request``, which ``paginate_queryset`` kept."""
    return Val(Request())


@attribute(PaginatorSelf, "page")
def page(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``self.page``: Django's ``Page``."""
    return Val(DjangoPage(), owner.node)


@attribute(DjangoPage, "paginator")
def paginator(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``self.page.paginator``."""
    return Val(DjangoPage(paginator=True), owner.node)


@attribute(LimitOffsetSelf, "limit", "offset", "count")
def window(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``self.limit``, ``self.offset``, ``self.count``."""
    return None if owner.node is None else Val(Scalar("int"), quote(f"{{0}}.{attr}", owner.node))


@method(
    DjangoPage,
    "has_next",
    "has_previous",
    "next_page_number",
    "previous_page_number",
    "start_index",
    "end_index",
)
def of_page(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``page.has_next()``, ``page.start_index()``."""
    assert isinstance(owner.kind, DjangoPage)
    if owner.kind.paginator or owner.node is None or call.node.args or call.node.keywords:
        return None
    kind = Scalar("bool" if call.name.startswith("has") else "int")
    return Val(kind, quote(f"{{0}}.{call.name}()", owner.node))


@framework(f"{_P}get_page_size")
def page_size(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.get_page_size(self.request)``: what the page was cut by."""
    if not isinstance(owner.kind, PaginatorSelf) or owner.node is None:
        return None
    given = call.argument(0, "request")
    if given is None or not isinstance(given.kind, Request):
        return None
    return Val(Scalar("int"), quote("{0}.size", owner.node))


@framework(f"{_P}get_paginated_response")
@framework(f"{_L}get_paginated_response")
def drf_envelope(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().get_paginated_response(data)``."""
    data = call.argument(0, "data")
    if not isinstance(owner.kind, PaginatorSelf | LimitOffsetSelf) or owner.node is None:
        return None
    if data is None or data.node is None:
        return None
    call.only("data", at_most=1)
    known = frame.ctx.snapshot.classes.get(owner.kind.cls)
    for link in ("get_next_link", "get_previous_link"):
        if known is None or not known.methods.get(link, "").startswith("rest_framework."):
            raise frame.refuse(
                "pagination", link, "DRF's envelope has links of the project's own.", call.node
            )
    return Val(
        Response(200, drf=True), quote("{0}.reply({1}.body({2}))", frame.state("call"), owner.node, data.node)
    )


@attribute(DjangoPage, "number", "num_pages", "count", "per_page")
def number(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val | None:
    """``page.number``, ``page.paginator.num_pages``, ``page.paginator.count``."""
    assert isinstance(owner.kind, DjangoPage)
    found = (_COUNTS if owner.kind.paginator else _NUMBERS).get(attr)
    if found is None or owner.node is None:
        return None
    return Val(Scalar("int"), quote(f"{{0}}.{found}", owner.node))


@framework(f"{_P}get_next_link")
@framework(f"{_L}get_next_link")
def next_link(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.get_next_link()``."""
    return _link(owner, "next_link")


@framework(f"{_P}get_previous_link")
@framework(f"{_L}get_previous_link")
def previous_link(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.get_previous_link()``."""
    return _link(owner, "previous_link")


def _link(owner: Val, method: str) -> Val | None:
    if not isinstance(owner.kind, PaginatorSelf | LimitOffsetSelf) or owner.node is None:
        return None
    return Val(Scalar("str", True), quote(f"{{0}}.{method}()", owner.node))


@function("rest_framework.utils.urls.replace_query_param")
def replace_query_param(frame: Frame, call: CallSite) -> Val:
    """``replace_query_param(url, key, value)``."""
    parts = [call.argument(0, "url"), call.argument(1, "key"), call.argument(2, "val")]
    nodes = [p.node for p in parts if p is not None and p.node is not None]
    if len(nodes) != 3:
        raise frame.refuse("url", ast.unparse(call.node), "An argument has no form.", call.node)
    frame.use(Import("segue_bridge.http.urls", "with_parameter"))
    return Val(Scalar("str"), ast.Call(name("with_parameter"), nodes, []))
