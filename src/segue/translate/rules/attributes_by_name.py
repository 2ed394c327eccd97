"""``hasattr``, ``getattr`` and ``setattr`` with a name that is known: the attribute itself, or whether it is there."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from segue.snapshot.model import Class, ModelField
from segue.translate.context import Context
from segue.translate.interp.annotations import annotation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, nullable
from segue.translate.interp.scope import field_source
from segue.translate.interp.value import Val, const, quote
from segue.translate.kinds import (
    BoundMethod,
    Const,
    Failure,
    FieldParent,
    Global,
    Instance,
    Introspected,
    Localized,
    Raised,
    RenderedView,
    Request,
    Scalar,
    SerializerSelf,
    SettingsObject,
    ViewSelf,
)
from segue.translate.rules import registry, request_state
from segue.translate.rules.attributes_of_users import user_attribute, user_has
from segue.translate.rules.by_class import by_class
from segue.translate.rules.certain_attributes import is_certain
from segue.translate.rules.given_attributes import is_set, why_lost
from segue.translate.rules.introspection import fact_or
from segue.translate.rules.own_attributes import (
    OF_FRAMEWORKS,
    is_never_there,
    is_own_attribute,
    may_be_given,
)
from segue.translate.rules.perhaps_related import has_related, perhaps_related
from segue.translate.rules.polymorphic import same_for_children
from segue.translate.rules.registry import function
from segue.translate.rules.request_attributes import by_middleware, held
from segue.translate.rules.view_attributes import view_has
from segue.translate.views.rules.around import may_have, perhaps_given

_OF_MODELS = frozenset({"DoesNotExist", "MultipleObjectsReturned", "NotUpdated", "objects", "pk"})


@function("builtins.hasattr")
def hasattr_(frame: Frame, call: CallSite) -> Val:
    """Decided from the model's facts."""
    value, attr = call.args[0], call.args[1]
    if not isinstance(attr.kind, Const) or not isinstance(attr.kind.value, str):
        raise frame.refuse("hasattr", ast.unparse(call.node), "The name is computed.", call.node)
    wanted = attr.kind.value
    if isinstance(value.kind, Failure):
        from segue.translate.rules.failures import has

        return has(frame, value, wanted, call.node)
    if isinstance(value.kind, Raised) and value.kind.cls == "Invalid" and value.node is not None:
        from segue.translate.rules.invalid import has_part

        return has_part(frame, value, wanted, call.node)
    if isinstance(value.kind, Raised) and value.node is not None:
        from segue.translate.rules.own_exceptions import has_attribute

        there = has_attribute(frame.ctx, value.kind.cls, wanted)
        if there is not None:
            return const(there)
    if isinstance(value.kind, RenderedView):
        from segue.translate.rules.rendering import class_attribute

        return const(class_attribute(frame, value.kind, wanted, call.node) is not None)
    asked = ("user", "method", "META", "auth", "GET")  # DRF puts user and auth on Django's request as well
    if isinstance(value.kind, Request) and wanted in asked:
        return const(True)
    if isinstance(value.kind, Request) and wanted in ("data", "query_params") and not value.kind.raw:
        return const(True)
    if isinstance(value.kind, Request) and wanted == "accepted_renderer" and not value.kind.raw:
        return const(True)
    if isinstance(value.kind, Request) and not value.kind.raw and held(frame, wanted) is not None:
        return const(True)
    if isinstance(value.kind, Request) and not value.kind.raw:
        kept = request_state.has(frame, wanted)
        if kept is not None:
            return kept
    if is_certain(frame, value, wanted):
        return const(True)
    state = may_have(frame, value, wanted)
    if state is not None:
        return Val(Scalar("bool"), quote(f"hasattr({{0}}, {wanted!r})", state))
    given = by_middleware(frame, value, wanted)
    if given is not None:
        return const(given)
    if isinstance(value.kind, ViewSelf):
        there = view_has(frame, value.kind, wanted)
        if there is not None:
            return const(there)
    if isinstance(value.kind, Global) and value.kind.ref.kind in ("class", "model"):
        known = _class_has(frame, value.kind.ref.name, wanted)
        if known is not None:
            return const(known)
    of_user = user_has(frame, value, wanted)
    if of_user is not None:
        return of_user
    related = has_related(frame, value, wanted, call.node)
    if related is not None:
        return related
    if isinstance(value.kind, Instance) and not value.kind.nullable:
        from segue.translate.load.models import concrete, field_of, reverse_of
        from segue.translate.load.own_loading import check_base
        from segue.translate.rules.instance import model_method

        if wanted in value.kind.site.shown or wanted in value.kind.site.unshown:
            return const(True)
        same_for_children(frame, value.kind, wanted, call.node)
        model = concrete(frame.ctx, value.kind.model)
        reverse = reverse_of(model, wanted)
        if (
            reverse is not None
            and reverse.kind == "o2o"
            and value.node is not None
            and value.kind.mode == "row"
        ):
            from segue.translate.load.needs import to_one

            to_one(frame.ctx, value.kind.site, wanted)
            return Val(Scalar("bool"), quote(f"{{0}}.{wanted} is not None", value.node))
        item = field_of(model, wanted)
        if (
            (
                item is not None
                and (item.relation is None or item.relation.kind in ("m2m", "generic_relation"))
            )
            or model_method(frame, model.cls, wanted)
            or (reverse is not None and reverse.kind != "o2o")
        ):
            return const(True)
        if item is not None and item.relation is not None and _is_there(value.kind, item):
            check_base(frame.ctx, item.relation.to)
            return const(True)  # NULL is there, too: None
        if lacks(frame, value, wanted) or is_never_there(frame.ctx, value.kind, wanted):
            return const(False)
    raise frame.refuse("hasattr", ast.unparse(call.node), "Segue cannot tell whether it has that.", call.node)


def _class_has(frame: Frame, cls: str, name: str) -> bool | None:
    """Whether a class of the project has that attribute; None where that is not certain."""
    known = frame.ctx.snapshot.classes.get(cls)
    if known is None or known.origin != "own" or name.startswith("__"):
        return None
    if name in known.methods or name in known.attributes:
        return True
    if "__slots__" in known.attributes or "__getattr__" in known.methods:
        return None
    model = next((m for m in frame.ctx.snapshot.models.values() if m.cls == cls), None)
    if model is not None:
        from segue.translate.load.models import field_of, reverse_of

        there = (
            field_of(model, name) is not None or reverse_of(model, name) is not None or name in model.managers
        )
        if there or name in OF_FRAMEWORKS or is_own_attribute(frame.ctx, model.label, name):
            return None
    elif not _is_own(frame.ctx, known):
        return None  # a class of an enum has ``choices`` of its metaclass, one of a framework's what the probe leaves out
    return None if is_set(frame.ctx, name) or name in _OF_MODELS else False


def _is_own(ctx: Context, known: Class) -> bool:
    """Whether it is made of nothing but classes of the project."""
    bases = [
        ctx.snapshot.classes.get(b) for b in known.mro if b not in (known.name, "builtins.object", "object")
    ]
    return all(base is not None and base.origin == "own" for base in bases)


def lacks(frame: Frame, value: Val, name: str) -> bool:
    """Whether an object of a known query has no attribute ``name``: neither its model nor the query knows it.

    An attribute that other code sets on the object is refused where that happens.
    """
    from segue.translate.load.models import concrete, field_of, reverse_of

    kind = value.kind
    if not isinstance(kind, Instance) or kind.nullable or name in kind.site.computed:
        return False
    model = concrete(frame.ctx, kind.model)
    known = frame.ctx.snapshot.classes.get(model.cls)
    made = frame.ctx.snapshot.functions.get(known.methods.get("__init__", "")) if known is not None else None
    if made is not None and re.search(rf"\bself\.{re.escape(name)}\b", made.source):
        return False
    if known is None or name in ("pk", "objects", "DoesNotExist") or name in OF_FRAMEWORKS:
        return False
    if name.startswith("__") or is_own_attribute(frame.ctx, kind.model, name):
        return False
    magic = any(m in known.methods for m in ("__getattr__", "__getattribute__"))
    there = name in known.methods or name in known.attributes or name in model.managers
    if magic or there or field_of(model, name) is not None or reverse_of(model, name) is not None:
        return False
    return not may_be_given(frame.ctx, kind, name)


@function("builtins.getattr")
def getattr_(frame: Frame, call: CallSite) -> Val:
    """``getattr(x, "name")`` as ``x.name``; with a default only where the name is certain."""
    from segue.translate.interp.expressions.attributes import of

    value, attr = call.args[0], call.args[1]
    if not isinstance(attr.kind, Const) or not isinstance(attr.kind.value, str):
        raise frame.refuse("getattr", ast.unparse(call.node), "The name is computed.", call.node)
    if attr.kind.value == "_prefetched_objects_cache" and isinstance(value.kind, Instance):
        # DRF's own update() asks for it, and many copies of it, to empty it.
        value.kind.site.reread = True
        return const(None)
    if len(call.args) > 2:
        if is_certain(frame, value, attr.kind.value):
            return of(frame, value, attr.kind.value, call.node)
        if isinstance(value.kind, FieldParent) and attr.kind.value == "context":
            return of(frame, value, "context", call.node)
        if isinstance(value.kind, RenderedView):
            from segue.translate.rules.rendering import class_attribute

            return class_attribute(frame, value.kind, attr.kind.value, call.node) or call.args[2]
        if isinstance(value.kind, SettingsObject):
            from segue.translate.rules.django_utils import is_set

            there = is_set(frame, call.raw_args[0], attr.kind.value)
            if there is not None:
                return of(frame, value, attr.kind.value, call.node) if there else call.args[2]
        if isinstance(value.kind, Failure):
            from segue.translate.rules.failures import given_or

            return given_or(frame, value, attr.kind.value, call.args[2], call.node)
        if isinstance(value.kind, Localized) and value.kind.present and attr.kind.value == "data":
            return of(frame, value, "data", call.node)
        if isinstance(value.kind, Introspected):
            return fact_or(frame, value.kind, attr.kind.value, call.args[2], call.node)
        if isinstance(value.kind, Instance) and any(
            attr.kind.value in known
            for known in (value.kind.site.computed, value.kind.site.shown, value.kind.site.unshown)
        ):
            return of(frame, value, attr.kind.value, call.node)
        if isinstance(value.kind, Instance):
            chosen = by_class(frame, value, attr.kind.value, call.node, call.args[2])
            if chosen is not None:
                return chosen
        if lacks(frame, value, attr.kind.value):
            return call.args[2]
        if (
            isinstance(value.kind, Instance)
            and not value.kind.nullable
            and is_never_there(frame.ctx, value.kind, attr.kind.value)
        ):
            return call.args[2]
        default = call.args[2]
        of_user = user_attribute(frame, value, attr.kind.value, default, call.node)
        if of_user is not None:
            return of_user
        if isinstance(default.kind, Const) and default.kind.value is None:
            related = perhaps_related(frame, value, attr.kind.value, call.node)
            if related is not None:
                return related
        if isinstance(value.kind, Instance) and not value.kind.nullable:
            from segue.translate.load.models import concrete, field_of, reverse_of
            from segue.translate.rules.instance import model_method

            model = concrete(frame.ctx, value.kind.model)
            item = field_of(model, attr.kind.value)
            if item is not None and (item.relation is None or item.null):
                return of(frame, value, attr.kind.value, call.node)
            if item is not None and _is_there(value.kind, item):
                return of(frame, value, attr.kind.value, call.node)
            found = model_method(frame, model.cls, attr.kind.value) if item is None else None
            if found is not None and found.role == "method":
                return Val(BoundMethod(value.kind, attr.kind.value, found))
            if found is not None and found.role in ("property", "cached_property"):
                with field_source(frame.ctx):  # an AttributeError inside of it would give the default
                    return of(frame, value, attr.kind.value, call.node)
            reverse = reverse_of(model, attr.kind.value)
            if (
                reverse is not None
                and reverse.kind == "o2o"
                and isinstance(default.kind, Const)
                and default.kind.value is None
                and value.kind.mode == "row"
            ):
                from segue.translate.load.needs import to_one

                child = to_one(frame.ctx, value.kind.site, attr.kind.value)
                assert value.node is not None
                return Val(
                    Instance(child.model, child, "row", True),
                    ast.Attribute(value.node, attr.kind.value, ast.Load()),
                )
        if isinstance(value.kind, Global) and value.kind.ref.kind == "class":
            known = frame.ctx.snapshot.classes.get(value.kind.ref.name)
            if known is not None and known.origin == "own":
                there = attr.kind.value in known.attributes or attr.kind.value in known.methods
                return of(frame, value, attr.kind.value, call.node) if there else call.args[2]
        if isinstance(value.kind, ViewSelf):
            has = view_has(frame, value.kind, attr.kind.value)
            if has is not None:
                return of(frame, value, attr.kind.value, call.node) if has else call.args[2]
        if isinstance(value.kind, SerializerSelf):
            from segue.translate.serializers.kept import or_default

            if attr.kind.value in ("instance", "partial", "context"):  # every serializer has them
                return of(frame, value, attr.kind.value, call.node)
            kept = or_default(frame, value, attr.kind.value, call.args[2])
            if kept is not None:
                return kept
        if isinstance(value.kind, Request) and not value.kind.raw:
            put = held(frame, attr.kind.value)
            if put is not None:
                return put
            if attr.kind.value != "user":
                kept = request_state.get(frame, attr.kind.value, call.args[2], call.node)
                if kept is not None:
                    return kept
            if attr.kind.value in ("user", "auth", "method", "query_params"):  # every request of DRF has them
                return of(frame, value, attr.kind.value, call.node)
        perhaps = perhaps_given(frame, value, attr.kind.value, call.args[2])
        if perhaps is not None:
            return perhaps
        given = by_middleware(frame, value, attr.kind.value)
        if given is not None and not getattr(value.kind, "raw", False):
            return of(frame, value, attr.kind.value, call.node) if given else call.args[2]
        of_nullable = _getattr_of_nullable(frame, call, value, attr.kind.value)
        if of_nullable is not None:
            return of_nullable
        lost = why_lost(frame.ctx, attr.kind.value) if isinstance(value.kind, Request) else ""
        raise frame.refuse(
            "getattr", ast.unparse(call.node), lost or "Segue cannot tell whether it has that.", call.node
        )
    return of(frame, value, attr.kind.value, call.node)


def _is_there(kind: Instance, item: ModelField) -> bool:
    """Whether the database holds that the relation leads somewhere: Django would raise an ``AttributeError`` else."""
    fetched = kind.mode == "row" or kind.site.fetched or (kind.mode == "entity" and not item.null)
    stored = fetched and not kind.site.keyless
    relation = item.relation
    return stored and relation is not None and relation.kind in ("fk", "o2o") and relation.db_constraint


def _getattr_of_nullable(frame: Frame, call: CallSite, value: Val, attr: str) -> Val | None:
    """``getattr(self.instance, "status", default)``: the default when there is no object."""
    from segue.translate.interp.expressions.attributes import of
    from segue.translate.load.models import concrete, field_of

    kind, default = value.kind, call.args[2]
    if (
        not (isinstance(kind, Instance) and kind.nullable)
        or not isinstance(value.node, ast.Name)
        or default.node is None
    ):
        return None
    item = field_of(concrete(frame.ctx, kind.model), attr)
    if item is not None and item.relation is not None and attr == item.name:
        return _related_or_none(frame, call, value, item)
    if item is None:
        return None
    inner = of(frame, Val(Instance(kind.model, kind.site, kind.mode), value.node), attr, call.node)
    assert inner.node is not None
    test = ast.Compare(value.node, [ast.IsNot()], [ast.Constant(None)])
    return Val(join(inner.kind, default.kind), ast.IfExp(test, inner.node, default.node))


def _related_or_none(frame: Frame, call: CallSite, value: Val, item: ModelField) -> Val | None:
    """``getattr(self.instance, "project", None)``: the related object is asked for where there is an object."""
    from segue.translate.interp.expressions.attributes import of

    kind, default = value.kind, call.args[2].kind
    there = replace(kind, nullable=False) if isinstance(kind, Instance) else None
    if there is None or frame.no_hoist or not (isinstance(default, Const) and default.value is None):
        return None
    if not (item.null or _is_there(there, item)):
        return None
    with frame.capture() as captured:
        related = of(frame, Val(there, value.node), item.name, call.node)
        lines = list(captured)
    if not isinstance(related.kind, Instance) or related.node is None:
        return None
    text, imports = annotation(frame.ctx, nullable(related.kind))
    frame.use(*imports)
    local = frame.fresh(item.name)
    frame.emit(f"{local}: {text} = None")
    frame.emit_block(f"if {value.text} is not None:", [*lines, f"{local} = {related.text}"])
    return Val(nullable(related.kind), ast.Name(local, ast.Load()))


@function("builtins.setattr")
def setattr_(frame: Frame, call: CallSite) -> Val | None:
    """``setattr(user, User.USERNAME_FIELD, value)`` as ``user.username = value`` where the name is known."""
    if len(call.args) != 3 or not isinstance(call.args[1].kind, Const):
        return None
    owner = call.args[0]
    for kind in type(owner.kind).__mro__:
        rule = registry.methods.get((kind, "__setattr__"))
        if rule is not None:
            return rule(frame, owner, CallSite(frame, call.node, "__setattr__", call.args[1:], {}))
    return None
