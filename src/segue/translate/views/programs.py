"""DRF's mixins, as the programs they are: list, retrieve, create, update, partial_update, destroy.

Each writes its statements into the frame and gives back the response expression. Hooks that the project
overrides (``perform_create`` …) are found along the MRO by the kernel.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from segue.translate.interp.expressions.calls import method_call
from segue.translate.interp.frame import Frame
from segue.translate.interp.kept_rows import kept_rows
from segue.translate.interp.since import written_since
from segue.translate.interp.value import Val, const, name, quote
from segue.translate.kinds import Const, Instance, Payload, QuerySet, Response, Serializer
from segue.translate.load.fetch import fetch_all, site_of
from segue.translate.pagination.envelope import own_envelope
from segue.translate.pagination.paginators import Paginator, paginator_of
from segue.translate.query.build import settle
from segue.translate.serializers.own_list import shows_lists
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import generic, serializer_object
from segue.translate.views.by_choice import by_choice
from segue.translate.views.generic import self_of
from segue.translate.views.own_serializer import get_serializer

_MIXINS = "rest_framework.mixins."
DEFINED_BY = {
    "list": (f"{_MIXINS}ListModelMixin",),
    "retrieve": (f"{_MIXINS}RetrieveModelMixin",),
    "create": (f"{_MIXINS}CreateModelMixin",),
    "update": (f"{_MIXINS}UpdateModelMixin",),
    "partial_update": (f"{_MIXINS}UpdateModelMixin",),
    "destroy": (f"{_MIXINS}DestroyModelMixin",),
}


def list_(frame: Frame, endpoint: Endpoint) -> Val:
    """``ListModelMixin.list``."""
    objects = settle(frame, generic.filtered(frame, endpoint, generic.queryset(frame, endpoint)))
    page = page_of(frame, endpoint, objects, None)
    if isinstance(page.kind, Const):
        rows = fetch_all(frame, objects, site_of(frame, objects))
        return by_choice(
            frame, endpoint, lambda chosen, _: reply(frame, _shown(frame, chosen, rows, objects))
        )
    return by_choice(
        frame, endpoint, lambda chosen, _: enveloped(frame, endpoint, _shown(frame, chosen, page), None)
    )


def _shown(frame: Frame, endpoint: Endpoint, rows: Val, objects: Val | None = None) -> Val:
    """``self.get_serializer(rows, many=True).data``. ``objects``: the queryset behind rows that are no page of it."""
    serializer = get_serializer(frame, endpoint, [rows], {"many": const(True)})
    assert isinstance(serializer.kind, Serializer)
    kind = serializer.kind
    if objects is not None and shows_lists(frame.ctx, kind.name):
        serializer = get_serializer(frame, endpoint, [objects], {"many": const(True)})
    paginator = paginator_of(endpoint)
    if paginator is None or not paginator.always:
        serializer_object.check_not_asked(frame, kind.name)
    return serializer_object.data(frame, serializer)


def page_of(
    frame: Frame, endpoint: Endpoint, objects: Val, at: ast.AST | None, *, overriding: bool = False
) -> Val:
    """``self.paginate_queryset(queryset)``: the page's rows; ``None`` without a paginator.

    ``overriding``: an override asks ``super()`` for it.
    """
    if endpoint.overridden("paginator") or (endpoint.overridden("paginate_queryset") and not overriding):
        raise endpoint.refuse_method(
            "paginate_queryset", "An overridden paginate_queryset is not translated yet."
        )
    paginator = paginator_of(endpoint)
    return page_by(frame, endpoint, paginator, objects, at) if paginator is not None else const(None)


def page_by(frame: Frame, endpoint: Endpoint, paginator: Paginator, objects: Val, at: ast.AST | None) -> Val:
    """The rows of the page that the request asks ``paginator`` for."""
    rows = kept_rows(frame, objects, at or ast.Pass())
    if rows is not None and written_since(frame, rows.text):
        raise endpoint.refuse(
            "paginate",
            objects.text,
            "The rows were read before, and Django takes the page of those; something may have been written since.",
        )
    objects = settle(frame, objects)
    assert isinstance(objects.kind, QuerySet)
    frame.use(paginator.imported)
    needs = site_of(frame, objects, at=at)
    local = frame.fresh("page")
    extra = paginator.page_arguments(frame, endpoint, objects, needs)
    call = ast.unparse(frame.state("call"))
    frame.is_async = True
    frame.emit(f"{local} = await {paginator.name}.page({call}, {objects.text}{extra})")
    frame.env["#page"] = Val(Const(local), name(local))
    # A page is a slice, which is a queryset of its own.
    sliced = QuerySet(replace(objects.kind.query, held=False))
    statement = Val(sliced, quote("{0}.statement", name(local)))
    rows = fetch_all(frame, statement, needs)
    if paginator.takes:
        assert rows.node is not None
        taken = frame.fresh("rows")
        frame.emit(f"{taken} = {local}.take({rows.text})")
        return Val(rows.kind, name(taken))
    return rows


def enveloped(frame: Frame, endpoint: Endpoint, items: Val, at: ast.AST | None) -> Val:
    """``self.get_paginated_response(items)``."""
    paginator = paginator_of(endpoint)
    page = frame.env.get("#page")
    if (
        paginator is None
        or page is None
        or items.node is None
        or endpoint.overridden("get_paginated_response")
    ):
        raise endpoint.refuse("paginate", "get_paginated_response", "There is no page here.")
    return envelope_by(frame, paginator, items, at)


def envelope_by(frame: Frame, paginator: Paginator, items: Val, at: ast.AST | None) -> Val:
    """The response around ``items`` of the page that :func:`page_by` took."""
    page = frame.env["#page"]
    assert items.node is not None
    if paginator.envelope:
        return own_envelope(frame, paginator, Val(items.kind, items.node), page.text, at)
    return reply(frame, Val(items.kind, quote("{0}.body({1})", name(page.text), items.node)))


def retrieve(frame: Frame, endpoint: Endpoint) -> Val:
    """``RetrieveModelMixin.retrieve``."""
    instance = generic.get_object(frame, endpoint, write=False)

    def shown(chosen: Endpoint, _: Val) -> Val:
        return reply(frame, serializer_object.data(frame, get_serializer(frame, chosen, [instance], {})))

    return by_choice(frame, endpoint, shown)


def create(frame: Frame, endpoint: Endpoint) -> Val:
    """``CreateModelMixin.create``."""
    body = Val(Payload(), quote("await {0}()", frame.state("body")))
    frame.is_async = True

    def created(chosen: Endpoint, body: Val) -> Val:
        serializer = get_serializer(frame, chosen, [], {"data": body})
        serializer_object.is_valid(frame, serializer, True)
        hook(frame, endpoint, "perform_create", "serializer", serializer)
        if endpoint.overridden("get_success_headers"):
            raise endpoint.refuse_method(
                "get_success_headers", "An overridden get_success_headers is not translated yet."
            )
        data = serializer_object.data(frame, serializer)
        assert data.node is not None
        return Val(Response(201, drf=True), quote("{0}.created({1})", frame.state("call"), data.node))

    return by_choice(frame, endpoint, created, body)


def update(frame: Frame, endpoint: Endpoint, *, partial: bool = False) -> Val:
    """``UpdateModelMixin.update``."""
    instance = generic.get_object(frame, endpoint, write=True)
    body = Val(Payload(), quote("await {0}()", frame.state("body")))
    frame.is_async = True

    def saved(chosen: Endpoint, body: Val) -> Val:
        serializer = get_serializer(frame, chosen, [instance], {"data": body, "partial": const(partial)})
        serializer_object.is_valid(frame, serializer, True)
        hook(frame, endpoint, "perform_update", "serializer", serializer)
        if isinstance(instance.kind, Instance):
            instance.kind.site.reread = True  # it empties _prefetched_objects_cache
        return reply(frame, serializer_object.data(frame, serializer))

    return by_choice(frame, endpoint, saved, body)


def partial_update(frame: Frame, endpoint: Endpoint) -> Val:
    """``UpdateModelMixin.partial_update``: an overridden ``update`` is what it calls."""
    if endpoint.overridden("update"):
        raise endpoint.refuse_method(
            "update", "partial_update over an overridden update is not translated yet."
        )
    return update(frame, endpoint, partial=True)


def destroy(frame: Frame, endpoint: Endpoint) -> Val:
    """``DestroyModelMixin.destroy``."""
    instance = generic.get_object(frame, endpoint, write=True)
    hook(frame, endpoint, "perform_destroy", "instance", instance)
    return Val(Response(204, drf=True), quote("{0}.no_content()", frame.state("call")))


def hook(frame: Frame, endpoint: Endpoint, method: str, parameter: str, value: Val) -> None:
    """``self.perform_x(value)``; its result is not used."""
    frame.env[f"{parameter}_"] = value
    node = ast.parse(f"self.{method}({parameter}_)", mode="eval").body
    assert isinstance(node, ast.Call)
    result = method_call(frame, self_of(endpoint), method, node)
    frame.env.pop(f"{parameter}_", None)
    generic.perform(frame, result)


def delete(frame: Frame, instance: Val, at: ast.AST | None) -> None:
    """``instance.delete()``."""
    node = ast.parse("x.delete()", mode="eval").body
    assert isinstance(node, ast.Call)
    target = serializer_object.entity(frame, instance, at)
    result = method_call(frame, target, "delete", node)
    if result.node is not None:
        frame.emit(result.text)


def reply(frame: Frame, data: Val) -> Val:
    """``Response(data)``."""
    assert data.node is not None
    return Val(Response(200, drf=True), quote("{0}.reply({1})", frame.state("call"), data.node))


PROGRAMS: dict[str, Callable[[Frame, Endpoint], Val]] = {
    "list": list_,
    "retrieve": retrieve,
    "create": create,
    "update": update,
    "partial_update": partial_update,
    "destroy": destroy,
}
