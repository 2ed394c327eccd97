"""DRF's generic methods called on ``self`` or ``super()`` from the project's code."""

from __future__ import annotations

import ast

from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const
from segue.translate.kinds import (
    Const,
    ContextDict,
    Instance,
    Keywords,
    QuerySet,
    Serializer,
    SuccessHeaders,
    Super,
    ViewSelf,
)
from segue.translate.rules.registry import framework, method
from segue.translate.rules.view_self import by_definition, definition
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import generic, given_context, programs, serializer_object
from segue.translate.views.own_serializer import context as context_by
from segue.translate.views.own_serializer import context_made, written_in

_G = "rest_framework.generics.GenericAPIView."
_T = "rest_framework.authtoken.views.ObtainAuthToken."


def _endpoint(owner: Val) -> Endpoint:
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    assert isinstance(kind, ViewSelf)
    assert isinstance(kind.endpoint, Endpoint)
    return kind.endpoint


@framework(f"{_G}get_queryset")
def get_queryset(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The class attribute ``queryset``."""
    return generic.framework_queryset(frame, _endpoint(owner))


@framework(f"{_G}filter_queryset")
def filter_queryset(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The filter backends."""
    given = call.argument(0, "queryset")
    if given is None or not isinstance(given.kind, QuerySet):
        raise frame.refuse("filter-queryset", ast.unparse(call.node), "It filters no queryset.", call.node)
    return generic.framework_filtered(frame, _endpoint(owner), given)


@framework(f"{_G}get_object")
def get_object(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Look-up, 404, object permissions. What is written later makes it an entity."""
    return generic.framework_object(frame, _endpoint(owner), write=False)


@framework("rest_framework.views.APIView.check_object_permissions")
def check_object_permissions(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Object permissions, asked by hand."""
    given = call.argument(1, "obj")
    if given is None or not isinstance(given.kind, Instance) or given.node is None or given.kind.nullable:
        raise frame.refuse(
            "object-permission", ast.unparse(call.node), "Segue does not know the object.", call.node
        )
    if not isinstance(given.node, ast.Name):
        given = Val(given.kind, frame.hoist("obj", given.node, call.node))
    generic.framework_check_object(frame, _endpoint(owner), given)
    return const(None)


@framework(f"{_G}get_serializer")
def get_serializer(frame: Frame, owner: Val, call: CallSite) -> Val:
    """A serializer of the view's class, with the view's context."""
    call.only("instance", "data", "many", "partial", "context", at_most=2)
    instance = call.argument(0, "instance")
    cls, data = generic.asked_serializer_class(frame, _endpoint(owner), call.argument(1, "data"))
    if "context" in call.kwargs:
        context = serializer_object.context_given(frame, call, given_context.OF_VIEW)
    else:
        context = context_made(frame, _endpoint(owner))
    return serializer_object.new(
        frame,
        cls,
        instance=instance,
        data=data,
        many=call.kwargs.get("many"),
        partial=call.kwargs.get("partial"),
        context=context,
        at=call.node,
    )


@method(ViewSelf, "get_serializer")
@method(Super, "get_serializer")
def own_get_serializer(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The project's own, along the MRO: it is written into its caller."""
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    if not isinstance(kind, ViewSelf) or not isinstance(kind.endpoint, Endpoint):
        return None
    after = owner.kind.after if isinstance(owner.kind, Super) else ""
    function = frame.ctx.snapshot.functions.get(
        definition(frame, kind.endpoint.cls, "get_serializer", after) or ""
    )
    if function is None or function.name.startswith("rest_framework."):
        return None
    return written_in(frame, kind.endpoint, function, call.args, call.kwargs, call.node)


@method(ViewSelf, "get_serializer_context")
@method(Super, "get_serializer_context")
def own_context(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """The project's own, along the MRO: what is in it is looked up where a serializer asks for it, or computed here."""
    kind = owner.kind.receiver if isinstance(owner.kind, Super) else owner.kind
    endpoint = kind.endpoint if isinstance(kind, ViewSelf) else None
    if not isinstance(endpoint, Endpoint) or not endpoint.overridden("get_serializer_context"):
        return None
    after = owner.kind.after if isinstance(owner.kind, Super) else ""
    return context_by(
        frame, endpoint, definition(frame, endpoint.cls, "get_serializer_context", after) or "", call.node
    )


@framework(f"{_T}get_serializer")
def token_serializer(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``ObtainAuthToken.get_serializer``: ``self.serializer_class``, whatever ``get_serializer_class`` would say."""
    endpoint = _endpoint(owner)
    if endpoint.overridden("get_serializer_class"):
        raise endpoint.refuse_method(
            "get_serializer_class", "ObtainAuthToken does not ask it; Segue would have to leave it out."
        )
    return get_serializer(frame, owner, call)


@framework(f"{_G}get_serializer_context", f"{_T}get_serializer_context")
def get_serializer_context(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The request, the view and the format: what every serializer of the view gets anyway."""
    return Val(ContextDict((), "drf")) if isinstance(owner.kind, Super) else given_context.view_context()


@method(ViewSelf, "get_serializer_class")
def get_serializer_class(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The class itself; it can be called or looked at."""
    from segue.snapshot.model import GlobalRef
    from segue.translate.kinds import Global

    return Val(Global(GlobalRef("class", generic.asked_serializer_class(frame, _endpoint(owner))[0])))


@framework(f"{_G}paginate_queryset")
def paginate_queryset(frame: Frame, owner: Val, call: CallSite) -> Val:
    """One page of rows, or None where the list is not paged."""
    given = call.argument(0, "queryset")
    if given is None or not isinstance(given.kind, QuerySet):
        raise frame.refuse("paginate", ast.unparse(call.node), "It pages no queryset.", call.node)
    own = _endpoint(owner).overridden("paginate_queryset")
    overriding = bool(own) and own == frame.function.name
    return programs.page_of(frame, _endpoint(owner), given, call.node, overriding=overriding)


@framework(f"{_G}get_paginated_response")
def get_paginated_response(frame: Frame, owner: Val, call: CallSite) -> Val:
    """The envelope around presented items."""
    given = call.argument(0, "data")
    if given is None or given.node is None:
        raise frame.refuse("paginate", ast.unparse(call.node), "Segue does not know the items.", call.node)
    return programs.enveloped(frame, _endpoint(owner), given, call.node)


@framework(
    "rest_framework.mixins.CreateModelMixin.perform_create",
    "rest_framework.mixins.UpdateModelMixin.perform_update",
)
def perform_save(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``serializer.save()``."""
    given = call.argument(0, "serializer")
    assert given is not None
    serializer_object.save(frame, given, {}, call.node)
    return const(None)


@framework("rest_framework.mixins.DestroyModelMixin.perform_destroy")
def perform_destroy(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``instance.delete()``."""
    given = call.argument(0, "instance")
    assert given is not None
    programs.delete(frame, given, call.node)
    return const(None)


def _update(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``update(request, *args, partial=…, **kwargs)``."""
    partial = call.kwargs.get("partial")
    if partial is None and call.passed_on is not None:
        partial = const(dict(call.passed_on.given).get("partial", False))
    if partial is None:
        partial = const(False)
    if not isinstance(partial.kind, Const) or not isinstance(partial.kind.value, bool):
        raise frame.refuse(
            "serializer-partial", ast.unparse(call.node), "Whether it is partial is computed.", call.node
        )
    return programs.update(frame, _endpoint(owner), partial=partial.kind.value)


@framework("rest_framework.mixins.CreateModelMixin.get_success_headers")
def get_success_headers(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``Location`` where the data has a ``url``; told when the response is made."""
    call.only(at_most=1)
    shown = call.raw_args[0]
    serializer = (
        frame.eval(shown.value) if isinstance(shown, ast.Attribute) and shown.attr == "data" else None
    )
    if serializer is None or not isinstance(serializer.kind, Serializer):
        raise frame.refuse(
            "success-headers", ast.unparse(call.node), "Segue does not know this data.", call.node
        )
    found = frame.ctx.snapshot.serializers[serializer.kind.name]
    known = frame.ctx.snapshot.classes.get(found.name)
    own = frame.ctx.snapshot.functions.get(known.methods.get("to_representation", "")) if known else None
    if serializer.kind.many:  # a list has no URL_FIELD_NAME
        return Val(SuccessHeaders("", False))
    possible = any(f.name == "url" for f in found.fields) or (own is not None and "url" in own.source)
    data = frame.eval(shown) if possible else None
    return Val(SuccessHeaders(data.text if data is not None else "", possible))


def _partial_update(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``kwargs["partial"] = True; return self.update(request, *args, **kwargs)``: an overridden ``update`` is found as any method is."""
    endpoint = _endpoint(owner)
    dotted = endpoint.overridden("update")
    if not dotted:
        return programs.partial_update(frame, endpoint)
    site = CallSite(frame, call.node, "update", call.args, dict(call.kwargs), passed_on=call.passed_on)
    given = dict(site.passed_on.given) if site.passed_on is not None else {}
    site.passed_on = Keywords(endpoint, tuple({**given, "partial": True}.items()))
    found = by_definition(frame, generic.self_of(endpoint), site, dotted)
    if found is None:
        raise endpoint.refuse_method("update", "Segue does not know what it gives.")
    return found


def _program(name: str) -> None:
    @framework(*(f"{prefix}.{name}" for prefix in programs.DEFINED_BY[name]))
    def run(frame: Frame, owner: Val, call: CallSite) -> Val:
        if name == "update":
            return _update(frame, owner, call)
        if name == "partial_update":
            return _partial_update(frame, owner, call)
        return programs.PROGRAMS[name](frame, _endpoint(owner))

    run.__doc__ = f"DRF's own ``{name}``."


@framework("rest_framework.views.APIView.http_method_not_allowed")
def http_method_not_allowed(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``raise MethodNotAllowed(request.method)``, called by hand."""
    if frame.no_hoist:
        raise frame.refuse(
            "expression", ast.unparse(call.node), "It raises inside of an expression.", call.node
        )
    error = ast.unparse(frame.imported("segue_bridge.errors", "MethodNotAllowed"))
    frame.emit(f"raise {error}({ast.unparse(frame.state('method'))})")
    frame.alive = False
    return const(None)


for _name in programs.PROGRAMS:
    _program(_name)
