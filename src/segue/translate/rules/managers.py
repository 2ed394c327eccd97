"""``Model.objects`` and related managers: where querysets begin."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from segue.snapshot.model import Function, GlobalRef
from segue.translate import routing
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.inline import inline_call
from segue.translate.interp.invoke import bind_arguments, invoke, invoke_function, model_label
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import (
    Const,
    Global,
    Instance,
    Keywords,
    Kind,
    Manager,
    NoArguments,
    QuerySet,
    RelatedManager,
    Super,
)
from segue.translate.load.models import concrete, field_of, pk_field, reverse_of, target_field
from segue.translate.models.money import MANAGER as MONEY
from segue.translate.models.polymorphic import MANAGER as POLYMORPHIC
from segue.translate.query.build import add_where, model_queryset, query_of, root_of
from segue.translate.query.compile import typed
from segue.translate.query.ir import Query
from segue.translate.query.prefetched import rows_of
from segue.translate.rules import registry, scopes
from segue.translate.rules.own_querysets import check_begin, check_call
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.tags import on_tags, tags_of

_DJANGO_MANAGERS = (
    "django.db.models.manager.Manager",
    "django.db.models.Manager",
    "django.contrib.auth.models.UserManager",
    "django.contrib.auth.models.GroupManager",
    "django.contrib.auth.models.PermissionManager",
    "django.contrib.auth.base_user.BaseUserManager",
    "django.contrib.contenttypes.models.ContentTypeManager",
)

_MANAGER_CLASSES = ("Manager", "BaseManager", "EmptyManager", "BaseManagerFromQuerySet")

_NO_ARGUMENTS = ast.Call(ast.Name("get_queryset", ast.Load()), [], [])


@attribute(Global, "objects", "_default_manager", "_base_manager")
def manager(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``Model.objects``."""
    assert isinstance(owner.kind, Global)
    label = model_label(frame, owner.kind.ref.name)
    if label is None:
        return None
    return manager_of(frame, label, name)


def manager_of(frame: Frame, label: str, name: str) -> Val | None:
    """The manager called ``name`` of a model."""
    model = frame.ctx.model(label)
    if name == "_base_manager":
        return Val(Manager(label, name, ""))
    wanted = (model.default_manager or "objects") if name == "_default_manager" else name
    cls = model.managers.get(wanted)
    if cls is None:
        if wanted != "objects" or model.managers:
            return None
        cls = ""
    if (
        cls == MONEY
    ):  # which changes look-ups of amounts alone (``query/compile.py``) of the manager that is next
        known = frame.ctx.snapshot.classes.get(cls)
        cls = known.mro[1] if known is not None and len(known.mro) > 1 else cls
    return Val(Manager(label, wanted, "" if cls in _DJANGO_MANAGERS else cls))


@method(Global, "*")
def other_manager(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method of a model class or project class called on the class itself."""
    assert isinstance(owner.kind, Global)
    ref = owner.kind.ref
    if ref.kind == "instance" and ref.value is not None and ref.value.kind == "call":
        # An object made at import (``@registered`` puts one in the place of its class): its class and static
        # methods are those of the class.
        ref = GlobalRef("class", ref.value.name)
        owner = Val(Global(ref))
    if ref.kind not in ("class", "model"):
        return None
    from segue.translate.rules.view_self import definition

    dotted = definition(frame, ref.name, call.name)
    rule = registry.framework_methods.get(dotted or "")
    told = rule(frame, owner, call) if rule is not None else None
    if told is not None:
        return told
    function = frame.ctx.snapshot.functions.get(dotted) if dotted else None
    if function is not None and function.role == "classmethod":
        return invoke_function(frame, function, call, owner)
    if function is not None and function.role == "staticmethod":
        return invoke_function(frame, function, call)
    return None


@attribute(Global, "*")
def named_manager(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``Model.published`` where that is a manager; other attributes of classes and modules."""
    assert isinstance(owner.kind, Global)
    label = model_label(frame, owner.kind.ref.name)
    if label is not None and name in frame.ctx.model(label).managers:
        return manager_of(frame, label, name)
    from segue.translate.interp.expressions.attributes import of_global

    return of_global(frame, owner, name, node)


def start(frame: Frame, owner: Val, node: ast.AST, *, inlined: bool = False) -> Val:
    """The manager's own queryset: ``get_queryset()``; ``inlined``: its text, not a call of its function."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    base = _begin(frame, kind, node)
    check_begin(frame, kind.model, kind.name, node)
    if not kind.cls:
        return base
    known = frame.ctx.snapshot.classes.get(kind.cls)
    if known is None:
        raise frame.refuse("manager", kind.cls, "The snapshot does not know this manager.", node)
    dotted = known.methods.get("get_queryset", "")
    rule = registry.framework_methods.get(dotted)
    if rule is not None:
        made = rule(frame, owner, CallSite(frame, _NO_ARGUMENTS, "get_queryset", [], {}))
        if made is not None:
            return made
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None:
        if dotted.startswith("django."):
            return base
        raise frame.refuse(
            "manager", kind.cls, f"Segue has no source for {dotted or 'its get_queryset'}.", node
        )
    given = _nothing_more(function)
    if scopes.is_scoped(dotted):
        function, given = scopes.get_queryset(frame, kind, function, node)
    if inlined:
        found = inline_call(frame, function, given, Val(kind), node)
    else:
        found = invoke(frame, function, given, Val(kind), node, "queries")
    if not isinstance(found.kind, QuerySet):
        raise frame.refuse("manager", dotted, "Its get_queryset gives something else than a queryset.", node)
    return found


class _NoUrl:
    """What ``**kwargs`` of a manager's method came with: no URL."""

    key = "no-url"
    url_arguments: Mapping[str, Kind] = MappingProxyType({})


_NO_URL = _NoUrl()


def _nothing_more(function: Function) -> dict[str, Val]:
    """``*args`` and ``**kwargs`` of a ``get_queryset`` that is called without arguments, as Django does."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    found: dict[str, Val] = {}
    if isinstance(tree, ast.FunctionDef):
        if tree.args.vararg is not None:
            found[tree.args.vararg.arg] = Val(NoArguments())
        if tree.args.kwarg is not None:
            found[tree.args.kwarg.arg] = Val(Keywords(_NO_URL))
    return found


@registry.framework(
    "django.db.models.manager.BaseManager.get_queryset", "django.db.models.manager.BaseManager.all"
)
def base_queryset(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().get_queryset()`` in a manager."""
    kind = owner.kind
    if not isinstance(kind, Manager):
        return None
    return _begin(frame, kind, call.node)


def _begin(frame: Frame, kind: Manager, at: ast.AST) -> Val:
    """Every row of the model, as a queryset of the manager's class."""
    base = model_queryset(frame, kind.model, at)
    return Val(QuerySet(query_of(base).with_(begun=kind.name)), base.node)


@method(Manager, "*")
def on_manager(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A project method of the manager or its queryset class; else the queryset method of that name."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    function = manager_method(frame, kind.cls, call.name)
    if function is not None and call.name != "get_queryset":
        if ".QuerySet" in function.owner or _is_queryset_class(frame, function.owner):
            return invoke_function(frame, function, call, start(frame, owner, call.node), "queries")
        return invoke_function(frame, function, call, owner, "queries")
    if call.name in ("all", "get_queryset", "using", "db_manager"):
        if call.name in ("using", "db_manager"):
            given = call.argument(0, "alias")
            if (
                given is None
                or not isinstance(given.kind, Const)
                or given.kind.value not in (None, "default")
            ):
                raise frame.refuse("using", call.name, "Another database than the default one.", call.node)
            routing.check_unnamed(frame, given, call.node)
        return start(frame, owner, call.node)
    if call.name == "create" and kind.cls == POLYMORPHIC and not frame.ctx.model(kind.model).proxy:
        from segue.translate.rules.writes import create_through

        # No query is asked for a new object, so that of a multi-table child can be made as well.
        return create_through(frame, Val(QuerySet(Query(kind.model))), call)
    return on_queryset(frame, start(frame, owner, call.node), call)


@attribute(Manager, "*")
def manager_attribute(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """``self.model``, and properties and class attributes of a manager of the project's or a package's."""
    kind = owner.kind
    assert isinstance(kind, Manager)
    if name == "model":
        return Val(Global(GlobalRef("model", frame.ctx.model(kind.model).cls)))
    if name == "_db":  # set by using() and db_manager() only, which are refused
        return const(None)
    known = frame.ctx.snapshot.classes.get(kind.cls)
    if known is None:
        return None
    function = frame.ctx.snapshot.functions.get(known.methods.get(name, ""))
    if function is not None:
        # Written into the caller: what it gives is often the name of a column.
        return inline_call(frame, function, {}, owner, node) if function.role == "property" else None
    held = known.attributes.get(name)
    return value_of(frame, held.value) if held is not None and name not in known.methods else None


@method(Super, "get_queryset")
def super_queryset(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``super().get_queryset()`` in a manager: that of the next class, or the model's rows."""
    kind = owner.kind
    assert isinstance(kind, Super)
    if not isinstance(kind.receiver, Manager):
        return None
    from segue.translate.rules.view_self import definition

    receiver = kind.receiver
    dotted = definition(frame, receiver.cls, "get_queryset", after=kind.after)
    if dotted is None:
        return None
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is not None:
        bound = {**_nothing_more(function), **bind_arguments(frame, function, call, bound=True)}
        return invoke(frame, function, bound, Val(receiver), call.node, "queries")
    rule = registry.framework_methods.get(dotted)
    if rule is None:
        return None
    _check_methods(frame, receiver.cls, call.node)
    return rule(frame, Val(receiver), call)


def _check_methods(frame: Frame, cls: str, at: ast.AST) -> None:
    """Refuse a manager made ``from_queryset`` of a class with a ``filter()`` (or another such) of its own.

    Every queryset of it runs that. Django calls the class that it makes ``<Manager>From<QuerySet>`` and gives it copies of
    the methods, which look like Django's own; so the queryset class is found by its name, and must be known.
    """
    classes = frame.ctx.snapshot.classes
    for made in classes[cls].mro:
        module, _, short = made.rpartition(".")
        if module != "django.db.models.manager" or short in _MANAGER_CLASSES:
            continue
        wanted = short.partition("From")[2]
        found = [c for c in classes.values() if wanted and c.name.rpartition(".")[2] == wanted]
        if not found:
            raise frame.refuse("queryset-class", made, "Segue does not know the class of its querysets.", at)
        for name, place in ((n, p) for c in found for n, p in c.methods.items()):
            if (QuerySet, name) in registry.methods and not place.startswith("django."):
                raise frame.refuse(
                    "queryset-class",
                    place,
                    f"It has a {name}() of its own, which every queryset of it runs.",
                    at,
                )


def _is_queryset_class(frame: Frame, cls: str) -> bool:
    known = frame.ctx.snapshot.classes.get(cls)
    return known is not None and "django.db.models.query.QuerySet" in known.mro


def manager_method(frame: Frame, cls: str, name: str) -> Function | None:
    """Project source of a manager's method."""
    if not cls:
        return None
    known = frame.ctx.snapshot.classes.get(cls)
    dotted = known.methods.get(name, "") if known is not None else f"{cls}.{name}"
    if scopes.is_scoped(dotted):
        return None  # what it does otherwise than Django's is known
    return frame.ctx.snapshot.functions.get(dotted)


def on_queryset(frame: Frame, value: Val, call: CallSite) -> Val | None:
    """Call a queryset rule on ``value``."""
    rule = registry.methods.get((QuerySet, call.name))
    if rule is None:
        return None
    query = query_of(value)
    check_call(frame, query.model, call.name, call.node, query.begun)
    return rule(frame, value, call)


def related_queryset(frame: Frame, owner: Val, node: ast.AST) -> Val:
    """``instance.accessor.all()`` as a query of its own."""
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    assert owner.node is not None
    instance = kind.instance
    if instance.nullable:
        from segue.translate.rules.instance import sure

        instance_val = sure(frame, Val(instance, owner.node), node)
        assert isinstance(instance_val.kind, Instance)
        assert instance_val.node is not None
        kind = replace(kind, instance=instance_val.kind)
        owner, instance = Val(kind, instance_val.node), instance_val.kind
    assert owner.node is not None
    from segue.translate.load.needs import column
    from segue.translate.load.render import hop_by_accessor

    target = concrete(frame.ctx, kind.model)
    default = manager_of(frame, target.label, kind.manager)
    if kind.accessor in instance.site.unshown:
        raise frame.refuse("prefetch", kind.accessor, "Written objects keep the rows of a Prefetch.", node)
    shown = instance.site.shown.get(kind.accessor)
    if shown is not None:
        # The manager of a prefetched relation begins with the queryset that was prefetched.
        base = rows_of(frame, shown)
    elif default is None:
        base = model_queryset(frame, target.label, node)
    else:
        base = start(frame, default, node)
    hop = hop_by_accessor(frame, instance.model, kind.accessor)
    column(frame.ctx, instance.site, hop.link.left)
    left = ast.Attribute(owner.node, hop.link.left, ast.Load())
    root = root_of(frame, target.label)
    if hop.through:
        from segue.translate.interp.value import name
        from segue.translate.load.fetch import entity_type

        through, item = entity_type(frame.ctx, hop.through)
        frame.use(item)
        assert hop.through_link is not None
        from segue.translate.query.build import chain

        link = quote(
            "{0} == {1}",
            ast.Attribute(name(through), hop.through_link.left, ast.Load()),
            ast.Attribute(root, hop.through_link.right, ast.Load()),
        )
        joined = chain(base, "join", name(through), link, query=query_of(base))
        condition = quote("{0} == {1}", ast.Attribute(name(through), hop.link.right, ast.Load()), left)
        value = add_where(frame, joined, condition)
        for whose in typed(frame, hop, name(through)):
            value = add_where(frame, value, whose)
        if tags_of(frame.ctx, instance.model, kind.accessor) is not None:
            key = ast.Attribute(name(through), pk_field(frame.ctx, hop.through).attname, ast.Load())
            value = chain(value, "order_by", key, query=query_of(value).with_(order="done"))
    else:
        condition = quote("{0} == {1}", ast.Attribute(root, hop.link.right, ast.Load()), left)
        value = base
        for whose in typed(frame, hop, root):
            value = add_where(frame, value, whose)
        value = add_where(frame, value, condition)
    # What a loader brings with the instance are the rows of the default manager.
    related = (instance, kind.accessor) if kind.manager == "_default_manager" else None
    behind = reverse_of(concrete(frame.ctx, instance.model), kind.accessor)
    # ``_apply_rel_filters``: the rows get the object itself, where the query does not join it.
    known = ((behind.field, instance.site.serial),) if behind is not None and behind.kind == "fk" else ()
    begun = query_of(base).crossed
    query = replace(
        query_of(value),
        related=related,
        crossed=begun or bool(hop.through),
        crossing="" if begun else hop.through or "",
        known=known,
    )
    return Val(QuerySet(query), value.node)


@method(RelatedManager, "__call__")
def with_manager(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``instance.accessor(manager="all_objects")``: the same rows through another manager of the model."""
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    call.only("manager", at_most=0)
    asked = call.kwargs.get("manager")
    target = concrete(frame.ctx, kind.model)
    if asked is None or not isinstance(asked.kind, Const) or asked.kind.value not in target.managers:
        return None
    site = kind.instance.site
    if kind.accessor in site.shown or any(p.partition("__")[0] == kind.accessor for p in site.prefetched):
        raise frame.refuse(
            "prefetch", kind.accessor, "Django begins with the rows that were prefetched.", call.node
        )
    return Val(replace(kind, manager=str(asked.kind.value)), owner.node)


@method(RelatedManager, "*")
def on_related(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``instance.accessor.method(...)``."""
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    if tags_of(frame.ctx, kind.instance.model, kind.accessor) is not None:
        return on_tags(frame, owner, call)
    model = concrete(frame.ctx, kind.model)
    check_call(frame, model.label, call.name, call.node, model.default_manager)
    write = registry.methods.get((RelatedManager, f"write:{call.name}"))
    if write is not None and kind.manager != "_default_manager":
        raise frame.refuse(
            "manager", call.name, "It writes through a manager that is not the default.", call.node
        )
    if write is not None:
        return write(frame, owner, call)
    target = concrete(frame.ctx, kind.model)
    default = manager_of(frame, target.label, kind.manager)
    value = related_queryset(frame, owner, call.node)
    if default is not None and isinstance(default.kind, Manager):
        function = manager_method(frame, default.kind.cls, call.name)
        if function is not None:
            if _is_queryset_class(frame, function.owner):
                return invoke_function(frame, function, call, value, "queries")
            raise frame.refuse("manager", call.name, "A manager's own method on a related set.", call.node)
    if call.name in ("all", "get_queryset"):
        return value
    call.on_related = True
    return on_queryset(frame, value, call)


__all__ = ["GlobalRef", "Instance", "field_of", "target_field"]
