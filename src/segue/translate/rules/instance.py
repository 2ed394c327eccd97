"""Model instances: columns, relations, ``pk``, ``get_FOO_display()``, properties and methods."""

from __future__ import annotations

import ast
from dataclasses import replace

from segue.snapshot.model import Function, ModelField, Value
from segue.translate import language
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import invoke, invoke_function
from segue.translate.interp.scope import in_source
from segue.translate.interp.value import Val, const, literal, quote
from segue.translate.kinds import (
    Const,
    Instance,
    Kind,
    ListOf,
    MemberValue,
    Money,
    Phone,
    RelatedManager,
    Request,
    Scalar,
    User,
)
from segue.translate.load.models import column_kind, concrete, field_of, pk_field, reverse_of, target_field
from segue.translate.load.needs import check_fresh, column, doubtful, to_many, to_one
from segue.translate.models.countries import is_country
from segue.translate.models.money import read_money
from segue.translate.models.polymorphic import children
from segue.translate.needs import Needs
from segue.translate.query.paths import generic_hop
from segue.translate.rules.by_class import by_class
from segue.translate.rules.following import follow, remembers
from segue.translate.rules.kept_dicts import kept_dict
from segue.translate.rules.own_attributes import note_way
from segue.translate.rules.polymorphic import same_for_children
from segue.translate.rules.registry import attribute, method
from segue.translate.rules.texts import text_of_another
from segue.translate.rules.unsaved import check_unsaved


def not_null(frame: Frame, owner: Val, node: ast.AST) -> None:
    """Reading through ``None`` is an ``AttributeError`` on both sides, but never typed: refuse."""
    if isinstance(owner.kind, Instance) and owner.kind.nullable:
        raise frame.refuse("nullable", owner.text, "This may be None here, and nothing checks it.", node)


def sure(frame: Frame, owner: Val, node: ast.AST) -> Val:
    """``owner`` to read an attribute of: through None that is an ``AttributeError`` on both sides.

    Refused for a field's source, where DRF catches that error (``Field.get_attribute``).
    """
    if not isinstance(owner.kind, Instance) or not owner.kind.nullable:
        return owner
    if in_source(frame.ctx) or owner.node is None:
        not_null(frame, owner, node)
    assert owner.node is not None
    helper = frame.imported("segue_bridge.db.reads", "not_none")
    return Val(replace(owner.kind, nullable=False), quote("{0}({1})", helper, owner.node))


@attribute(Instance, "*")
def read(frame: Frame, owner: Val, name: str, node: ast.AST) -> Val | None:
    """A column, a relation, a property, an annotation, a class attribute."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    if owner.node is None:
        return None
    owner = sure(frame, owner, node)
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    model = concrete(frame.ctx, kind.model)
    chosen = by_class(frame, owner, name, node)
    if chosen is not None:
        return chosen
    if name in kind.site.computed:
        return Val(kind.site.computed[name], ast.Attribute(owner.node, name, ast.Load()))
    shown = kind.site.shown.get(name)
    if name in kind.site.unshown or (shown is not None and shown.attribute):
        child = to_many(frame.ctx, kind.site, name)
        return Val(ListOf(Instance(child.model, child)), ast.Attribute(owner.node, name, ast.Load()))
    item = field_of(model, name)
    if item is not None:
        check_unsaved(frame, kind.site, name, node)
        return _field(frame, owner, item, name, node)
    reverse = reverse_of(model, name)
    if reverse is not None:
        check_unsaved(frame, kind.site, name, node)
        if reverse.kind == "o2o":
            return _to_one(frame, owner, name, reverse.model, nullable=True, node=node)
        return Val(RelatedManager(kind, name, reverse.model), owner.node)
    found = model_method(frame, model.cls, name)
    if found is not None:
        if found.role in ("property", "cached_property"):
            return invoke(frame, found, {}, owner, node)
        return None
    cls = frame.ctx.snapshot.classes.get(model.cls)
    if cls is not None and name in cls.attributes:
        return value_of(frame, cls.attributes[name].value)
    return kept_dict(frame, owner, name)


def model_method(frame: Frame, cls: str, name: str) -> Function | None:
    """Project source of a model's method, along its MRO."""
    known = frame.ctx.snapshot.classes.get(cls)
    if known is not None and name in known.methods:
        return frame.ctx.snapshot.functions.get(known.methods[name])
    for base in known.mro if known is not None else (cls,):
        found = frame.ctx.snapshot.functions.get(f"{base}.{name}")
        if found is not None:
            return found
    return None


def _field(frame: Frame, owner: Val, item: ModelField, name: str, node: ast.AST) -> Val:
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    relation = item.relation
    if item.tags is not None:
        return Val(RelatedManager(kind, name, item.tags.to), owner.node)
    if relation is not None and name == item.name and name != "pk":
        if relation.kind in ("fk", "o2o"):
            return _to_one(frame, owner, name, relation.to, nullable=item.null, node=node)
        if relation.kind == "m2m":
            return Val(RelatedManager(kind, name, relation.to), owner.node)
        if relation.kind == "generic_relation":
            generic_hop(frame, kind.model, item, node)
            return Val(RelatedManager(kind, name, relation.to), owner.node)
        why = "Which model this object is of, each row says by itself."
        raise frame.refuse("generic-relation", f"{owner.text}.{name}", why, node)
    if (
        item.inherited_from
        and item.inherited_from != kind.model
        and frame.ctx.snapshot.models.get(item.inherited_from)
        and not frame.ctx.model(item.inherited_from).abstract
        and concrete(frame.ctx, kind.model).parents
        and not (kind.site.exact or kind.site.whole)  # entities, which have the columns of all their tables
    ):
        raise frame.refuse(
            "multi-table", f"{owner.text}.{name}", "Fields of a parent table are not translated yet.", node
        )
    if item.base.endswith((".FileField", ".ImageField")):
        from segue.translate.rules.stored_files import stored_file

        return stored_file(frame, owner, item, node)
    column(frame.ctx, kind.site, item.attname)
    found = column_kind(frame.ctx, item)
    if item.money is not None:
        column(frame.ctx, kind.site, item.money.currency)
        null = item.null or may_hold_none(kind)
        made, needed = read_money(frame.ctx, owner.node, item, null)
        frame.use(*needed)
        return Val(Money(null), made)
    found = as_member(kind.site, item, found)
    if isinstance(found, Scalar) and may_hold_none(kind):
        found = replace(found, unsure=True)
    if isinstance(found, Phone) and may_hold_none(kind):
        found = Phone(True)
    return Val(found, ast.Attribute(owner.node, item.attname, ast.Load()))


def as_member(site: Needs, item: ModelField, kind: Kind) -> Kind:
    """``kind`` of the column, where code or the model's default may have put a member of an enumeration on the object: ``str()`` of it
    is not the column's text."""
    if isinstance(kind, Scalar) and (item.attname in site.members or _made_with(site, item)):
        return MemberValue(kind.type, kind.nullable)
    return kind


def members_held(ctx: Context, kind: Instance) -> set[str]:
    """The columns of the object that may hold a member of an enumeration, see :func:`as_member`."""
    fields = concrete(ctx, kind.model).fields
    return {
        item.attname for item in fields if item.attname in kind.site.members or _made_with(kind.site, item)
    }


def _made_with(site: Needs, item: ModelField) -> bool:
    """Whether the object is made by code, and the column's default is a member whose text is another than its value."""
    default = item.default
    return (
        site.written and not site.fetched and default.kind == "const" and bool(default.name and default.items)
    )


def may_hold_none(kind: Instance) -> bool:
    """Whether the object may hold None in a column that has none: the key of one that is not saved yet, or deleted; what a new
    object was not given, or code has put there before it is saved (a serializer's ``allow_null`` is not the column's ``null``)."""
    return kind.mode == "entity" or kind.site.written or kind.site.told is not None or kind.site.keyless


def _to_one(frame: Frame, owner: Val, name: str, target: str, *, nullable: bool, node: ast.AST) -> Val:
    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    label = concrete(frame.ctx, target).label
    if concrete(frame.ctx, label).parents:
        raise frame.refuse(
            "multi-table", f"{owner.text}.{name}", "Rows of multi-table models are not translated yet.", node
        )
    from segue.translate.rules.shared_objects import check_saved

    check_saved(frame.ctx, kind.site, name, frame.where(node))
    reverse = reverse_of(concrete(frame.ctx, kind.model), name)
    missing = f"{concrete(frame.ctx, kind.model).cls.rpartition('.')[2]} has no {name}."
    joined = {path.partition("__")[0] for path in kind.site.selected}
    if kind.aged and name not in joined:
        before = kind.site.one.get(name)
        if before is not None and (kind.site.serial, name) in doubtful(frame.ctx):
            raise frame.refuse(
                "read-order",
                f"{owner.text}.{name}",
                "It is read in a loop that writes by functions: Django reads it in its round, as the rounds before have left it.",
                node,
            )
        if before is not None and before.perhaps:
            raise frame.refuse(
                "read-order",
                f"{owner.text}.{name}",
                "Some ways to here have read it before something may have been written, and others have not.",
                node,
            )
        kind.site.written = True
    if (kind.aged and name not in joined) or (
        kind.mode == "entity" and (kind.site.live or remembers(frame.ctx, kind.model))
    ):
        found = follow(frame, owner, name, label, node)
        if isinstance(found.kind, Instance) and found.kind.site is not kind.site:
            note_way(frame.ctx, found.kind.site, kind.site, name)
        return found
    if kind.mode == "entity":
        check_fresh(kind.site, name)
        value = related_of_entity(frame, owner, name, label, node)
        if isinstance(value.kind, Instance):
            value.kind.site.stale = kind.site.told
    else:
        begun = _begun_with(frame, kind, name)
        if begun is not None:
            return begun
        new = name not in kind.site.one
        child = to_one(frame.ctx, kind.site, name)
        child.perhaps = (new or child.perhaps) and name not in joined and _on_some_ways(frame)
        child.selected |= {
            path.removeprefix(f"{name}__") for path in kind.site.selected if path.startswith(f"{name}__")
        }
        origins(frame)[child.serial] = (kind.site, name)
        value = Val(
            Instance(label, child, "row", nullable, kind.aged), ast.Attribute(owner.node, name, ast.Load())
        )
    if isinstance(value.kind, Instance):
        note_way(frame.ctx, value.kind.site, kind.site, name)
    if reverse is not None:
        assert value.node is not None
        made = quote(
            "{0}({1}, {2})", frame.imported("segue_bridge.db.reads", "present"), value.node, literal(missing)
        )
        assert isinstance(value.kind, Instance)
        return Val(Instance(label, value.kind.site, value.kind.mode, aged=value.kind.aged), made)
    return value


def _on_some_ways(frame: Frame) -> bool:
    """Whether the function may end without having come here, though it has begun."""
    return bool(frame.captured > frame.sure or frame.no_hoist or (frame.returns and frame.scope is None))


def _begun_with(frame: Frame, kind: Instance, name: str) -> Val | None:
    """``room.event`` of ``request.event.rooms.all()``: Django gives the rows that very object of the request, with all that is
    kept on it. Only what middleware gives to requests is at hand everywhere."""
    from segue.translate.views.rules.around import ATTRIBUTES, kept_by_middleware

    serial = (kind.site.known or {}).get(name)
    given = frame.ctx.memo.get(ATTRIBUTES)
    if serial is None or not isinstance(given, dict) or name in kind.site.selected or kind.site.united:
        return None
    for attr, found in given.items():
        if isinstance(found, Instance) and found.site.serial == serial:
            kind.site.asked.add(f"known {name}")
            return kept_by_middleware(frame, Val(Request()), attr, ast.Pass())
    return None


def related_of_entity(frame: Frame, owner: Val, name: str, label: str, node: ast.AST) -> Val:
    """The to-one relation of an entity: one query when it is read."""
    from segue.translate.kinds import QuerySet
    from segue.translate.load.fetch import fetch_all, limit_one, site_of
    from segue.translate.load.render import hop_by_accessor
    from segue.translate.query.build import add_where, model_queryset, query_of

    kind = owner.kind
    assert isinstance(kind, Instance)
    assert owner.node is not None
    model = concrete(frame.ctx, kind.model)
    hop = hop_by_accessor(frame, model.label, name)
    item = field_of(model, name)
    base = model_queryset(frame, label, node)
    base = Val(QuerySet(query_of(base).with_(order="none")), base.node)
    from segue.translate.query.build import root_of

    condition = quote(
        "{0} == {1}",
        ast.Attribute(root_of(frame, label), hop.link.right, ast.Load()),
        ast.Attribute(owner.node, hop.link.left, ast.Load()),
    )
    value = limit_one(frame, add_where(frame, base, condition), 1)
    site = site_of(frame, value, at=node)
    rows = fetch_all(frame, value, site, node)
    assert rows.node is not None
    one = quote("{0}({1})", frame.imported("segue_bridge.db.reads", "or_none"), rows.node)
    if item is None or item.null:
        return Val(Instance(label, site, "row", True), one)
    message = f"{frame.ctx.model(label).cls.rpartition('.')[2]} matching query does not exist."
    present = quote(
        "{0}({1}, {2})", frame.imported("segue_bridge.db.reads", "present"), one, literal(message)
    )
    if hop.link.right == pk_field(frame.ctx, label).attname:
        frame.ctx.memo[("entity-key", id(present))] = (present, owner.node, hop.link.left)
    return Val(Instance(label, site, "row"), present)


@method(Instance, "*")
def call_method(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """A method of the model: project source is lifted; ``get_FOO_display`` is Django's."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    model = concrete(frame.ctx, kind.model)
    same_for_children(frame, kind, call.name, call.node)
    found = model_method(frame, model.cls, call.name)
    if found is not None:
        if call.name == "save":
            from segue.translate.rules.writes import overridden

            return overridden(frame, owner, found, call)
        owner = sure(frame, owner, call.node)
        return invoke_function(frame, found, call, None if found.role == "staticmethod" else owner)
    if call.name == "clean" and not call.args and not call.kwargs:
        known = frame.ctx.snapshot.classes.get(model.cls)
        if known is not None and known.methods.get("clean", "") == "django.db.models.base.Model.clean":
            return const(None)
    if call.name.startswith("get_") and call.name.endswith("_display"):
        item = field_of(model, call.name[4:-8])
        if item is not None and item.choices:
            return display(frame, owner, item, call.node)
    return None


def display(frame: Frame, owner: Val, item: ModelField, node: ast.AST) -> Val:
    """``get_FOO_display()``: the label of the stored choice, else the value itself."""
    owner = sure(frame, owner, node)
    kind = owner.kind
    assert owner.node is not None
    assert isinstance(kind, Instance)
    if is_country(frame.ctx, item):
        raise frame.refuse(
            "country", f"get_{item.name}_display", "The names of countries are not translated.", node
        )
    column(frame.ctx, kind.site, item.attname)
    pairs: dict[object, Value] = {}
    for key, label in item.choices:
        shown = label.items if label.kind in ("list", "tuple") else ()
        for pair in shown if shown else ():
            if len(pair.items) == 2 and isinstance(pair.items[0].data, str | int | None):
                pairs[pair.items[0].data] = pair.items[1]
        if not shown:
            if key.kind not in ("const",) or isinstance(key.data, list | dict):
                raise frame.refuse("choices", item.name, "Segue cannot write these choices down.", node)
            pairs[key.data] = label
    value = ast.Attribute(owner.node, item.attname, ast.Load())
    labels: list[ast.expr] = []
    for label in pairs.values():
        label_code, imports = language.written(
            frame.ctx, str(label.data), label if language.is_text(label) else None, item.where, item.name
        )
        frame.use(*imports)
        labels.append(ast.parse(label_code, mode="eval").body)
    table = ast.Dict([literal(key) for key in pairs], labels)
    text = quote("str({1}.get({0}, {0}))", value, table)
    if item.null:
        text = (
            quote("({0}.get({1}) or ('None' if {1} is None else str({1})))", table, value)
            if None not in pairs
            else text
        )
        raise frame.refuse("choices", f"get_{item.name}_display", "The column may be NULL.", node)
    return Val(Scalar("str"), text)


def text_of(frame: Frame, value: Val, node: ast.expr) -> ast.expr:
    """``str(instance)``: the lifted ``__str__``, or Django's own text."""
    kind = value.kind
    assert isinstance(kind, Instance)
    assert value.node is not None
    not_null(frame, value, node)
    model = concrete(frame.ctx, kind.model)
    same_for_children(frame, kind, "__str__", node)
    found = model_method(frame, model.cls, "__str__")
    if found is None and not kind.site.exact and children(frame.ctx.snapshot, model):
        raise frame.refuse("polymorphic", f"str({value.text})", "The text names the class of the row.", node)
    if found is not None:
        made = invoke(frame, found, {}, value, node)
        assert made.node is not None
        return made.node
    if model.text:
        return text_of_another(frame, value, model, node)
    pk = pk_field(frame.ctx, kind.model).attname
    column(frame.ctx, kind.site, pk)
    name = model.cls.rpartition(".")[2]
    return quote(f"'{name} object (' + str({{0}}.{pk}) + ')'", value.node)


def key_of(frame: Frame, value: Val) -> ast.expr:
    """The primary key of an instance or user."""
    kind = value.kind
    assert value.node is not None
    assert isinstance(kind, Instance | User)
    pk = pk_field(frame.ctx, kind.model).attname
    if isinstance(kind, Instance):
        column(frame.ctx, kind.site, pk)
        known = frame.ctx.memo.get(("entity-key", id(value.node)))
        if isinstance(known, tuple) and known[0] is value.node:
            # ``note=entry.note``: the entity has the key itself.
            return ast.Attribute(known[1], known[2], ast.Load())
    return ast.Attribute(value.node, pk, ast.Load())


def equality(frame: Frame, op: ast.cmpop, a: Val, b: Val, node: ast.Compare) -> Val:
    """``a == b`` of instances: same model and same key (``Model.__eq__``)."""
    same = isinstance(op, ast.Eq | ast.Is)
    if isinstance(op, ast.Is | ast.IsNot):
        raise frame.refuse("identity", ast.unparse(node), "Identity of objects is not kept.", node)
    if isinstance(a.kind, Const) or isinstance(b.kind, Const):
        return const(not same)
    if not isinstance(a.kind, Instance | User) or not isinstance(b.kind, Instance | User):
        raise frame.refuse(
            "comparison", ast.unparse(node), "An object is compared with something else.", node
        )
    for side in (a.kind, b.kind):
        if isinstance(side, Instance):
            check_unsaved(frame, side.site, "", node)
    if concrete(frame.ctx, a.kind.model).label != concrete(frame.ctx, b.kind.model).label:
        return const(not same)
    left, right = relation_key(frame, a), relation_key(frame, b)
    compared: ast.expr = ast.Compare(left, [ast.Eq() if same else ast.NotEq()], [right])
    if _may_be_none(a) and _may_be_none(b):
        # None == None is equal on both sides, but nobody logged in is never equal to no object.
        for value in (a, b):
            if isinstance(value.kind, User):
                assert value.node is not None
                known = quote(
                    "{0}({1})", frame.imported("segue_bridge.auth.users", "is_authenticated"), value.node
                )
                compared = quote("{0} and {1}" if same else "not {0} or {1}", known, compared)
    return Val(Scalar("bool"), compared)


def _may_be_none(value: Val) -> bool:
    kind = value.kind
    return (isinstance(kind, Instance) and kind.nullable) or (
        isinstance(kind, User) and kind.authenticated is not True
    )


def relation_key(frame: Frame, value: Val) -> ast.expr:
    """The key of an object; for ``x.author`` the column ``x.author_id``, so that ``None`` needs no care."""
    node, kind = value.node, value.kind
    if isinstance(kind, Instance) and isinstance(node, ast.Attribute):
        origin = origins(frame).get(kind.site.serial)
        if origin is not None and origin[1] == node.attr:
            item = field_of(concrete(frame.ctx, origin[0].model), node.attr)
            if item is not None and item.relation is not None and target_field(frame.ctx, item).primary_key:
                column(frame.ctx, origin[0], item.attname)
                return ast.Attribute(node.value, item.attname, ast.Load())
    if isinstance(kind, Instance) and kind.nullable:
        raise frame.refuse("nullable", value.text, "This may be None here, and nothing checks it.")
    return key_of(frame, value)


def origins(frame: Frame) -> dict[int, tuple[Needs, str]]:
    """Of what row and relation a joined row is a part, by identity of its needs."""
    found = frame.ctx.memo.setdefault(("kernel", "origins"), {})
    assert isinstance(found, dict)
    return found
