"""``paginator = Pagination()`` in a view or a helper: ``paginate_queryset(rows, request, view=view)``, then its envelope."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, QuerySet, Request, ViewSelf
from segue.translate.pagination.paginators import Paginator, paginator_named
from segue.translate.rules.registry import method
from segue.translate.serializers.by_view import current_view
from segue.translate.specialise.endpoint import Endpoint

_OWN = "#page of an object"


@dataclass(frozen=True, slots=True)
class PaginatorObject(Kind):
    """A paginator that code has made. It has no code: the constant of its class answers for each request."""

    cls: str


def construct_paginator(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """``Pagination()``; None for what is none of DRF's paginators."""
    known = frame.ctx.snapshot.classes.get(dotted)
    if known is None or "rest_framework.pagination.BasePagination" not in known.mro:
        return None
    call.only(at_most=0)
    return Val(PaginatorObject(dotted))


@method(PaginatorObject, "paginate_queryset")
def paginate_queryset(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``paginator.paginate_queryset(queryset, request, view=view)``: the rows of the page."""
    from segue.translate.views.programs import page_by

    call.only("queryset", "request", "view", at_most=3)
    rows, request, view = (call.argument(i, k) for i, k in enumerate(("queryset", "request", "view")))
    nobody = view is None or isinstance(view.kind, ViewSelf) or view.kind == Const(None)
    if (
        rows is None
        or not isinstance(rows.kind, QuerySet)
        or request is None
        or not isinstance(request.kind, Request)
        or not nobody
    ):
        raise frame.refuse(
            "paginate", ast.unparse(call.node), "It pages no queryset, or for no request.", call.node
        )
    assert isinstance(owner.kind, PaginatorObject)
    endpoint, paginator = _paginator(frame, owner, call)
    if "#page" in frame.env:
        raise frame.refuse("paginate", ast.unparse(call.node), "It is the second page here.", call.node)
    items = page_by(frame, endpoint, paginator, rows, call.node)
    frame.env[_OWN + owner.kind.cls] = frame.env["#page"]
    return items


@method(PaginatorObject, "get_paginated_response")
def get_paginated_response(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``paginator.get_paginated_response(data)``: the envelope."""
    from segue.translate.views.programs import envelope_by

    call.only("data", at_most=1)
    data = call.argument(0, "data")
    if data is None or data.node is None or not _is_its_page(frame, owner):
        raise frame.refuse("paginate", ast.unparse(call.node), "There is no page here.", call.node)
    _, paginator = _paginator(frame, owner, call)
    return envelope_by(frame, paginator, data, call.node)


def _is_its_page(frame: Frame, owner: Val) -> bool:
    """Whether the last page is that of this paginator, not of the view or another's."""
    assert isinstance(owner.kind, PaginatorObject)
    page = frame.env.get("#page")
    return page is not None and frame.env.get(_OWN + owner.kind.cls) is page


def _paginator(frame: Frame, owner: Val, call: CallSite) -> tuple[Endpoint, Paginator]:
    assert isinstance(owner.kind, PaginatorObject)
    endpoint = current_view(frame.ctx)
    if endpoint is None:
        raise frame.refuse("paginate", ast.unparse(call.node), "It is no part of a view.", call.node)
    found = paginator_named(endpoint, owner.kind.cls)
    if found is None or not found.always or found.takes:
        raise frame.refuse(
            "paginate",
            owner.kind.cls,
            "The request decides whether there is a page, or it is a cursor.",
            call.node,
        )
    return endpoint, found


__all__ = ["PaginatorObject", "construct_paginator"]
