"""``self`` of views, serializers and other project classes: attributes and methods along the MRO."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.snapshot.model import Attribute, Class
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke, invoke_function
from segue.translate.interp.join import widen
from segue.translate.interp.process_state import check_attribute
from segue.translate.interp.value import Val, const, literal
from segue.translate.kinds import (
    Const,
    DictOf,
    Instance,
    Kind,
    Object,
    QuerySet,
    Request,
    Scalar,
    SerializerSelf,
    Super,
    Unknown,
    UrlArguments,
    ViewSelf,
)
from segue.translate.named_super import BEHIND, class_named
from segue.translate.rules import registry
from segue.translate.rules.plain_objects import held_constant
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.service_objects import service_object


def class_of(kind: Kind) -> str:
    """Dotted class of a ``self``."""
    if isinstance(kind, ViewSelf):
        return str(getattr(kind.endpoint, "cls", ""))
    if isinstance(kind, SerializerSelf):
        return str(getattr(kind.use, "cls", "") or kind.name)
    if isinstance(kind, Object):
        return kind.cls
    return ""


@attribute(ViewSelf, "request")
def view_request(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.request``: Django's own in a plain view."""
    assert isinstance(owner.kind, ViewSelf)
    endpoint = owner.kind.endpoint
    if getattr(getattr(endpoint, "route", None), "kind", "drf") == "django":
        return Val(Request(raw=True, method=str(getattr(endpoint, "method", ""))))
    return Val(Request())


@attribute(ViewSelf, "kwargs")
def view_kwargs(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.kwargs``."""
    assert isinstance(owner.kind, ViewSelf)
    return Val(UrlArguments(owner.kind.endpoint))


@attribute(ViewSelf, "action")
def view_action(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.action``, a constant where the endpoint is known."""
    assert isinstance(owner.kind, ViewSelf)
    endpoint = owner.kind.endpoint
    cls = class_of(owner.kind)
    if "rest_framework.viewsets.ViewSetMixin" not in mro(frame, cls) and cls in frame.ctx.snapshot.classes:
        raise frame.refuse("view-attribute", f"{name}", "Only viewsets have it: Django fails here.", node)
    if getattr(endpoint, "any_action", False):
        return Val(Scalar("str", True), frame.state("action"))
    known = getattr(endpoint, "action", ...)
    if known is None or isinstance(known, str):
        return const(known or None)
    return Val(Scalar("str", True), frame.state("action"))


@attribute(ViewSelf, "format_kwarg")
def view_format(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val:
    """``self.format_kwarg``: the format that the URL names, where routes have suffixes for it. Those with an argument of that name are
    refused (``views/policies.py``)."""
    assert isinstance(owner.kind, ViewSelf)
    route = getattr(owner.kind.endpoint, "route", None)
    if route is not None and not route.suffix_regex:
        return const(None)
    return Val(Scalar("str", True), ast.Attribute(frame.state("call"), "format_kwarg", ast.Load()))


@attribute(ViewSelf, "detail")
def view_detail(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.detail`` where the endpoint tells."""
    assert isinstance(owner.kind, ViewSelf)
    known = getattr(owner.kind.endpoint, "detail", None)
    return const(known) if isinstance(known, bool) else None


@method(UrlArguments, "__getitem__", "get")
def url_argument(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``self.kwargs["pk"]`` → the parameter ``pk``."""
    assert isinstance(owner.kind, UrlArguments)
    first = call.argument(0)
    if first is None or not isinstance(first.kind, Const) or not isinstance(first.kind.value, str):
        raise frame.refuse(
            "url-argument", ast.unparse(call.node), "The argument's name is computed.", call.node
        )
    name = first.kind.value
    endpoint = owner.kind.endpoint
    arguments = getattr(endpoint, "url_arguments", None)
    if isinstance(arguments, dict) and name not in arguments:
        if call.name == "get":
            default = call.argument(1)
            return default if default is not None else const(None)
        raise frame.refuse(
            "url-argument", name, "The route has no such argument: KeyError in Django.", call.node
        )
    kind = arguments[name] if isinstance(arguments, dict) else Scalar("str")
    text = kind.type if isinstance(kind, Scalar) else "str"
    return frame.url_argument(name, kind, text)


@method(UrlArguments, "__setitem__")
def set_url_argument(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.kwargs["pk"] = obj.pk``, where nothing looks at ``self.kwargs`` afterwards."""
    assert isinstance(owner.kind, UrlArguments)
    view = mro(frame, str(getattr(owner.kind.endpoint, "cls", "")))
    for function in frame.ctx.snapshot.functions.values():
        if ".kwargs" not in function.source or function.name == frame.function.name:
            continue
        if (
            function.owner in view
            or "view.kwargs" in function.source
            or '"view"' in function.source.replace("'", '"')
        ):
            raise frame.refuse(
                "url-argument",
                ast.unparse(call.node),
                f"{function.name} may read what is put there.",
                call.node,
            )
    text = ast.unparse(call.node.func)  # the mapping
    after = frame.function.source.split("\n")[call.node.lineno :]
    if any(f"{text}[" in line or f"{text}.get" in line for line in after):
        raise frame.refuse("url-argument", ast.unparse(call.node), "It is read again afterwards.", call.node)
    return const(None)


def mro(frame: Frame, cls: str) -> tuple[str, ...]:
    """Dotted MRO, the class first."""
    known = frame.ctx.snapshot.classes.get(cls)
    return known.mro if known is not None else (cls,)


def definition(frame: Frame, cls: str, name: str, after: str = "") -> str | None:
    """Dotted name of the definition that attribute look-up finds, behind ``after`` in the MRO."""
    order = list(mro(frame, cls))
    if not after:
        known = frame.ctx.snapshot.classes.get(cls)
        if known is not None and name in known.methods:
            return known.methods[name]
    elif after in order:
        order = order[order.index(after) + 1 :]
    for candidate in order:
        dotted = f"{candidate}.{name}"
        if dotted in frame.ctx.snapshot.functions or dotted in registry.framework_methods:
            return dotted
        known_class: Class | None = frame.ctx.snapshot.classes.get(candidate)
        if known_class is not None and known_class.methods.get(name) == dotted:
            return dotted
    # The class behind may be one of the framework that the snapshot lists by its definition only.
    for candidate in order:
        known_class = frame.ctx.snapshot.classes.get(candidate)
        if known_class is not None and name in known_class.methods:
            return known_class.methods[name]
    return None


@attribute(ViewSelf, "*")
@attribute(SerializerSelf, "*")
@attribute(Object, "*")
def class_attribute(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """A known field, what a view's method put there, a property of the MRO (lifted), a class attribute (its value)."""
    from segue.translate.serializers import kept
    from segue.translate.views.rules import view_state

    if isinstance(owner.kind, Object):
        held = held_constant(frame, owner, name, node)
        if held is not None:
            return held
        for field, kind in owner.kind.fields:
            if field == name:
                return _field_value(kind)
    put = view_state.read(frame, owner, name, node)
    if put is None and isinstance(owner.kind, SerializerSelf):
        put = kept.before_class(frame, owner.kind, name, node)
    if put is not None:
        return put
    cls = class_of(owner.kind)
    found = definition(frame, cls, name)
    if found is not None:
        function = frame.ctx.snapshot.functions.get(found)
        if function is not None and function.role in ("property", "cached_property"):
            return invoke(frame, function, {}, owner, node)
        rule = registry.framework_methods.get(found)
        if function is None and rule is None:
            return None
        return None
    view = getattr(owner.kind.endpoint, "view", None) if isinstance(owner.kind, ViewSelf) else None
    if view is not None and name in view.initkwargs:  # as_view(name=…), and what routers give it
        given = value_of(frame, view.initkwargs[name])
        return (
            given
            if given is not None
            else Val(Unknown(f"Segue cannot write down what as_view() gives the view as {name}."))
        )
    known = frame.ctx.snapshot.classes.get(cls)
    if known is not None and name in known.attributes:
        if (
            isinstance(owner.kind, Object)
            and hasattr(owner.kind.use, "may_hide")
            and owner.kind.use.may_hide(name)
        ):
            return Val(Unknown(f"Segue does not know whether an instance of {cls} has a {name} of its own."))
        check_attribute(frame, cls, name, node)
        value = value_of(frame, known.attributes[name].value)
        if value is not None:
            return value
        held = _other_queryset(frame, known.attributes[name]) if isinstance(owner.kind, ViewSelf) else None
        if held is not None:
            return held
        service = service_object(frame, known.attributes[name].value)
        if service is not None:
            return service
        return Val(Unknown(f"Segue cannot write down the class attribute {name} of {cls}."))
    return None


def _field_value(kind: Kind) -> Val:
    if not isinstance(kind, Const):
        return Val(kind)
    if isinstance(kind.value, dict):  # as a class attribute: what it holds is known by key
        items = tuple((str(k), widen(Const(v))) for k, v in kind.value.items())
        return Val(DictOf(items), literal(kind.value))
    return const(kind.value)


@method(ViewSelf, "*")
@method(SerializerSelf, "*")
@method(Object, "*")
def own_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.method(...)``: project code is lifted, the framework's has a rule or refuses."""
    made = _made_by_property(frame, owner, call)
    if made is not None:
        return made
    rebound = dict(getattr(owner.kind.endpoint, "rebound", ())) if isinstance(owner.kind, ViewSelf) else {}
    return by_definition(
        frame, owner, call, rebound.get(call.name) or definition(frame, class_of(owner.kind), call.name)
    )


def _made_by_property(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``self.form_class(…)`` where ``form_class`` is a property, or an attribute, that gives a class."""
    from segue.translate.interp.expressions.calls import call_value

    cls = class_of(owner.kind)
    found = definition(frame, cls, call.name)
    function = frame.ctx.snapshot.functions.get(found) if found is not None else None
    known = frame.ctx.snapshot.classes.get(cls)
    is_property = function is not None and function.role in ("property", "cached_property")
    held = known.attributes.get(call.name) if known is not None and found is None else None
    if not is_property and (held is None or held.value.kind != "ref"):
        return None
    target = class_attribute(frame, owner, call.name, call.node)
    return call_value(frame, target, call.node) if target is not None else None


def by_definition(frame: Frame, owner: Val, call: CallSite, dotted: str | None) -> Val | None:
    """Call the method whose definition is ``dotted``."""
    if dotted is None:
        return None
    rule = registry.framework_methods.get(dotted)
    if rule is not None:
        found = rule(frame, owner, call)
        if found is not None:
            return found
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is not None:
        from segue.translate.views.rules import view_state

        inside = view_state.written_in(frame, owner, function, call)
        if inside is not None:
            return inside
        return invoke_function(frame, function, call, None if function.role == "staticmethod" else owner)
    raise frame.refuse(
        "framework-method", dotted, "Segue has no rule for this method of the framework.", call.node
    )


@registry.function("builtins.super")
def super_(frame: Frame, call: CallSite) -> Val:
    """``super()`` and ``super(Class, self)``."""
    if frame.receiver is None:
        raise frame.refuse("super", "super()", "There is no self here.", call.node)
    return Val(Super(frame.receiver.kind, frame.owner), frame.receiver.node)


@registry.function(f"builtins.{BEHIND}")
def super_behind(frame: Frame, call: CallSite) -> Val:
    """``super(Other, self)``: what is behind another class than the one that defines the method."""
    if frame.receiver is None or len(call.args) != 2 or call.args[1] != frame.receiver:
        raise frame.refuse(
            "super", ast.unparse(call.node), "It is asked of something else than self.", call.node
        )
    named = class_named(frame.function, call.node.args[0])
    kind = frame.receiver.kind
    cls = frame.ctx.model(kind.model).cls if isinstance(kind, Instance) else class_of(kind)
    if named not in mro(frame, cls):
        raise frame.refuse(
            "super", ast.unparse(call.node), "Segue does not see which class is meant.", call.node
        )
    return Val(Super(kind, named), frame.receiver.node)


@method(Super, "*")
def super_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().method(...)``: the next definition along the MRO of ``self``."""
    kind = owner.kind
    assert isinstance(kind, Super)
    receiver = Val(kind.receiver, owner.node)
    if isinstance(kind.receiver, Instance):
        return _of_parent(frame, receiver, kind, call)
    cls = class_of(kind.receiver)
    if not cls:
        return None
    found = definition(frame, cls, call.name, after=kind.after)
    if call.name == "to_representation" and isinstance(kind.receiver, SerializerSelf):
        from segue.translate.serializers.dropping import handed_on

        with handed_on(frame, receiver) as receiver:
            return by_definition(frame, receiver, call, found)
    return by_definition(frame, receiver, call, found)


def _of_parent(frame: Frame, receiver: Val, kind: Super, call: CallSite) -> Val | None:
    """``super().method()`` in a model, where a mixin or abstract model of the project's has it. What Django calls by itself has
    rules of its own."""
    assert isinstance(kind.receiver, Instance)
    cls = frame.ctx.model(kind.receiver.model).cls
    found = definition(frame, cls, call.name, after=kind.after)
    function = frame.ctx.snapshot.functions.get(found or "")
    if function is None or function.role != "method" or call.name in _OF_MODELS or call.name.startswith("__"):
        return None
    return invoke_function(frame, function, call, receiver)


_OF_MODELS = frozenset(
    {
        "save", "delete", "clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints", "save_base",
        "refresh_from_db", "get_deferred_fields", "serializable_value", "prepare_database_save", "unique_error_message",
        "date_error_message", "check", "from_db", "has_perm", "get_absolute_url",
    }
)  # fmt: skip


@attribute(ViewSelf, "queryset")
def view_queryset(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.queryset``: the class attribute's source, translated where it is used."""
    cls = class_of(owner.kind)
    known = frame.ctx.snapshot.classes.get(cls)
    found = known.attributes.get("queryset") if known is not None else None
    if found is None:
        return None
    if found.value.kind == "const" and found.value.data is None:
        return const(None)
    if not found.source:
        return Val(Unknown(f"The snapshot has no source for the queryset of {cls}."))
    return _held(frame, found)


def _held(frame: Frame, found: Attribute) -> Val:
    """The queryset that a class attribute holds: the object itself, unless that is a manager."""
    from segue.translate.query.source import from_source

    value = from_source(frame, found.source, found.globals, found.where)
    assert isinstance(value.kind, QuerySet)
    if found.value.name.endswith("Manager"):
        return value
    return Val(QuerySet(replace(value.kind.query, held=True)), value.node)


def _other_queryset(frame: Frame, found: Attribute) -> Val | None:
    """``self.base_queryset``: a class attribute that holds a queryset, translated where it is used."""
    known = frame.ctx.snapshot.classes.get(found.value.name)
    mro = (found.value.name, *(known.mro if known is not None else ()))
    if found.value.kind != "call" or not found.source or _QUERYSET not in mro:
        return None
    return _held(frame, found)


_QUERYSET = "django.db.models.query.QuerySet"
