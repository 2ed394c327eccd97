"""``filter_queryset``: each backend of the view in order."""

from __future__ import annotations

import ast
from collections.abc import Callable

from segue.refusal import Refused
from segue.snapshot.model import Value
from segue.target.ir import Import
from segue.translate.filters.left import leave_parameter
from segue.translate.filters.own_backend import falls_back, own_backend
from segue.translate.filters.own_rows import narrow, narrows
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, quote
from segue.translate.kinds import QuerySet
from segue.translate.query.build import settle
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain

SEARCH = "rest_framework.filters.SearchFilter"
ORDERING = "rest_framework.filters.OrderingFilter"
DJANGO = (
    "django_filters.rest_framework.backends.DjangoFilterBackend",
    "django_filters.rest_framework.DjangoFilterBackend",
)


def apply(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """The queryset after all backends. Raises ``Refused`` for any backend it does not know."""
    from segue.translate.filters.filtersets import filter_by_set, leave_filters
    from segue.translate.filters.ordering import order
    from segue.translate.filters.search import search, search_param

    backends = plain(endpoint.policy("filter_backends")) or plain(endpoint.attribute("filter_backends")) or []
    kind = value.kind
    if backends and isinstance(kind, QuerySet) and kind.query.compound:
        raise endpoint.refuse("combined-queryset", "filter_backends", "Django filters no combined queryset.")
    for backend in backends:
        name = backend.name if isinstance(backend, Ref) else ""
        if name == SEARCH:
            value = _or_left(frame, endpoint, value, search, search_param(endpoint))
        elif name == ORDERING:
            value = order(frame, endpoint, value)
        elif name in DJANGO:
            value = filter_by_set(frame, endpoint, value)
        elif own_backend(endpoint, name):
            continue
        elif falls_back(endpoint, name):
            leave_filters(endpoint, "A filter backend of its own is not translated yet.")
        elif own := narrows(endpoint, name):
            value = narrow(frame, endpoint, value, own)
        else:
            known = endpoint.ctx.snapshot.classes.get(name)
            raise endpoint.refuse(
                "filter-backend", name or repr(backend), "A filter backend of its own is not translated yet.",
                known.where if known else None,
            )  # fmt: skip
    return value


def _or_left(
    frame: Frame,
    endpoint: Endpoint,
    value: Val,
    narrow: Callable[[Frame, Endpoint, Val], Val],
    parameter: str,
) -> Val:
    """``narrow``, or requests with its parameter left to Django: without it DRF gives the queryset back as it is."""
    imports = set(frame.imports)
    try:
        with frame.capture() as lines:
            narrowed = narrow(frame, endpoint, value)
    except Refused as refused:
        if refused.refusal.code != "search":
            raise
        frame.imports = imports
        leave_parameter(endpoint.ctx, endpoint.cls, parameter, refused.refusal)
        return value
    frame.lines += lines
    return narrowed


def local(frame: Frame, value: Val, text: ast.expr, **changes: object) -> Val:
    """Assign the narrowed statement to a local, one step a line."""
    kind = value.kind
    assert isinstance(kind, QuerySet)
    name = frame.fresh("statement")
    frame.emit(f"{name} = {ast.unparse(text)}")
    return Val(QuerySet(kind.query.with_(**changes)), ast.Name(name, ast.Load()))


def may_raise(value: Val) -> bool:
    """Whether making the queryset runs code of the view's, which may answer by itself: Django runs it before any backend looks
    at the query string."""
    return value.node is not None and any(
        isinstance(part, ast.Await) or (isinstance(part, ast.Name) and part.id.startswith("segue__fn_"))
        for part in ast.walk(value.node)
    )


def ready(frame: Frame, value: Val) -> Val:
    """The queryset as a complete statement."""
    return settle(frame, value)


def names(value: Value) -> list[str]:
    """A tuple or list of texts; [] for anything else."""
    found = plain(value)
    if isinstance(found, str):
        return [found]
    return [n for n in found if isinstance(n, str)] if isinstance(found, list) else []


__all__ = ["Import", "apply", "local", "may_raise", "names", "quote", "ready"]
