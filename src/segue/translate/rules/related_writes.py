"""Writes through the manager of a to-many relation: ``add``, ``remove``, ``set``, ``clear``, ``create`` of a many-to-many.

Sources: ``create_forward_many_to_many_manager`` (both sides of it) and ``create_reverse_many_to_one_manager`` in
``django.db.models.fields.related_descriptors``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from segue.refusal import Refused
from segue.snapshot.model import FieldRelation
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import Const, DictOf, Instance, ListOf, QuerySet, RelatedManager, Scalar, User
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, pk_field, python_type, reverse_of
from segue.translate.load.needs import check_own
from segue.translate.load.own_loading import check_base
from segue.translate.models.writing import delete_problem, save_problem
from segue.translate.query.build import query_of
from segue.translate.query.related_sets import related_set
from segue.translate.rules.deletion_signals import listeners
from segue.translate.rules.model_class import column_value
from segue.translate.rules.registry import method
from segue.translate.rules.relation_signals import changes, seen_by, set_method

_HELPERS = {"set": "set_"}


@dataclass(frozen=True, slots=True)
class Between:
    """A many-to-many relation: the model of its rows, which the project wrote or Django made; ``forward`` is the relation
    (label, name) that leads here, where it is seen from the other side."""

    relation: FieldRelation
    own: bool
    forward: tuple[str, str] | None


def between(frame: Frame, kind: RelatedManager) -> Between | None:
    """The relation behind ``kind``, from either side; None for the many side of a foreign key."""
    model = concrete(frame.ctx, kind.instance.model)
    item = field_of(model, kind.accessor)
    forward: tuple[str, str] | None = None
    if item is None:
        reverse = reverse_of(model, kind.accessor)
        other = concrete(frame.ctx, reverse.model) if reverse is not None else None
        item = field_of(other, reverse.field) if other is not None and reverse is not None else None
        forward = (other.label, item.name) if other is not None and item is not None else None
    if item is None or item.relation is None or item.relation.kind != "m2m":
        return None
    through = frame.ctx.snapshot.models.get(item.relation.through)
    return Between(item.relation, through is not None and not through.auto_created, forward)


def _seen(frame: Frame, kind: RelatedManager, forward: tuple[str, str] | None) -> ast.expr:
    """What the bridge is told of the relation: its name, or ``Book.tags`` for the tags of a book."""
    if forward is None:
        return literal(kind.accessor)
    cls, imported = entity_type(frame.ctx, forward[0])
    frame.use(imported)
    return ast.Attribute(name(cls), forward[1], ast.Load())


def _write(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``article.tags.add(...)``, ``.remove``, ``.set``, ``.clear``."""
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    if kind.instance.nullable or owner.node is None:
        raise frame.refuse("nullable", owner.text, "This may be None here.", call.node)
    check_own(kind.instance.site, kind.accessor)
    related_set(frame.ctx, kind.model)
    if kind.instance.mode == "row":
        kind.instance.site.written = True
    found = between(frame, kind)
    return _children(frame, owner, call) if found is None else _many(frame, owner, call, found)


for _name in ("add", "remove", "set", "clear"):
    method(RelatedManager, f"write:{_name}")(_write)


# many to many


def _many(frame: Frame, owner: Val, call: CallSite, found: Between) -> Val:
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    assert owner.node is not None
    call.kwargs  # noqa: B018  (evaluated before what they are for)
    allowed = {"add": ("through_defaults",), "set": ("through_defaults", "clear")}.get(call.name, ())
    extra = [key for key in call.kwargs if key not in allowed and key != "objs"]
    if extra:
        raise _refused(frame, call, f"Segue does not know {', '.join(extra)} of {call.name}().")
    parts: list[ast.expr] = [frame.db, owner.node, _seen(frame, kind, found.forward)]
    if call.name == "set":
        given = call.argument(0, "objs")
        if given is None:
            raise _refused(frame, call, "No objects are given.")
        parts.append(_keys(frame, given, kind, call))
    elif call.name != "clear":
        parts.append(_listed(frame, kind, call))
    keywords = through_of(frame, found, call)
    clear = call.kwargs.get("clear")
    if clear is not None:
        if not isinstance(clear.kind, Const):
            raise _refused(frame, call, "Whether it clears first is computed.")
        keywords += [ast.keyword("clear_first", literal(True))] if clear.kind.value else []
    told = _told(frame, kind, set_method(clear) if call.name == "set" else call.name)
    made = _called(frame, "relations", call.name, parts, keywords + told)
    if told and isinstance(owner.node, ast.Name):
        frame.forget(owner.node.id)
    return made


def _told(frame: Frame, kind: RelatedManager, method: str) -> list[ast.keyword]:
    """Who is told of the write."""
    seen = seen_by(frame.ctx, kind.instance.model, kind.accessor)
    return changes(frame, seen, method, kind.instance) if seen is not None else []


def through_of(frame: Frame, found: Between, call: CallSite) -> list[ast.keyword]:
    """The class of the rows in between where the project wrote it, and ``through_defaults``. Raises ``Refused``."""
    given = call.kwargs.get("through_defaults")
    if given is not None and isinstance(given.kind, Const) and given.kind.value is None:
        given = None
    if not found.own:
        if given is not None:
            raise _refused(frame, call, "The rows in between have no other columns.")
        return []
    label = concrete(frame.ctx, found.relation.through).label
    if found.relation.symmetrical:
        raise _refused(frame, call, "Both sides are written.")
    related_set(frame.ctx, label)
    columns = _defaults(frame, label, given, call)
    links = {found.relation.through_source, found.relation.through_target}
    named = {k.value for k in columns.keys if isinstance(k, ast.Constant)}
    problem = save_problem(frame.ctx, label, {*links, *map(str, named)}) or delete_problem(
        frame.ctx.snapshot, label
    )
    if problem is not None:
        raise Refused(problem)
    if listeners(frame, label, held=False):
        raise _refused(frame, call, "Receivers listen to deletions of the rows in between.")
    cls, imported = entity_type(frame.ctx, label)
    frame.use(imported)
    keywords = [ast.keyword("through", name(cls))]
    return [*keywords, ast.keyword("defaults", columns)] if columns.keys else keywords


def _defaults(frame: Frame, label: str, given: Val | None, call: CallSite) -> ast.Dict:
    columns = ast.Dict([], [])
    if given is None:
        return columns
    node = given.node
    if not isinstance(given.kind, DictOf) or not isinstance(node, ast.Dict):
        raise _refused(frame, call, "through_defaults is not written in place.")
    kinds = dict(given.kind.items)
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or key.value not in kinds:
            raise _refused(frame, call, "through_defaults is not written in place.")
        column, made = column_value(frame, label, key.value, Val(kinds[key.value], value), call.node)
        columns.keys.append(literal(column))
        columns.values.append(made)
    return columns


def created_through(
    frame: Frame, owner: Val, call: CallSite
) -> tuple[ast.expr, ast.expr, list[ast.keyword]] | None:
    """Object, relation and rows in between for ``article.tags.create(…)``, which adds what it has made; None for other creates."""
    query = query_of(owner)
    if query.related is None:
        return None
    check_manager(frame, call)
    from segue.translate.rules.queryset_evaluate import related_owner

    instance, accessor = query.related
    manager = RelatedManager(instance, accessor, query.model)
    found = between(frame, manager)
    if found is None:
        return None
    node = related_owner(owner)
    if node is None or instance.nullable:
        raise frame.refuse("nullable", ast.unparse(call.node), "The object may be None.", call.node)
    related_set(frame.ctx, query.model)
    keywords = through_of(frame, found, call) + _told(frame, manager, "create")
    call.kwargs.pop("through_defaults", None)
    if instance.mode == "row":
        instance.site.written = True
    return node, _seen(frame, manager, found.forward), keywords


def check_manager(frame: Frame, call: CallSite) -> None:
    """Refuse ``article.comments.all().create(…)``: a queryset makes rows that do not belong to the object (``QuerySet.create``)."""
    if not call.on_related:
        why = "all() and filter() give a queryset, which makes rows that do not belong to the object: call it on the manager."
        raise frame.refuse("related-create", ast.unparse(call.node), why, call.node)


# the many side of a foreign key


def _children(frame: Frame, owner: Val, call: CallSite) -> Val:
    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    assert owner.node is not None
    reverse = reverse_of(concrete(frame.ctx, kind.instance.model), kind.accessor)
    target = concrete(frame.ctx, kind.model)
    item = field_of(target, reverse.field) if reverse is not None and reverse.kind == "fk" else None
    if item is None or target.parents:
        raise _refused(frame, call, "Segue has no rule for writing through this relation.")
    check_base(frame.ctx, target.label)
    problem = save_problem(frame.ctx, target.label)
    if problem is not None:
        raise Refused(problem)
    if not item.null and call.name in ("remove", "clear"):
        raise _refused(frame, call, "Django has no such method where the foreign key is never NULL.")
    allowed = ("bulk", "clear", "objs") if call.name == "set" else ("bulk",)
    if any(key not in allowed for key in call.kwargs):
        raise _refused(frame, call, "Segue does not know these arguments.")
    bulk, clear = (call.kwargs.get(key) for key in ("bulk", "clear"))
    if bulk is not None and not (isinstance(bulk.kind, Const) and bulk.kind.value):
        raise _refused(frame, call, "bulk=False saves each object by itself.")
    if clear is not None and not isinstance(clear.kind, Const):
        raise _refused(frame, call, "Whether it clears first is computed.")
    parts: list[ast.expr] = [frame.db, owner.node, _seen(frame, kind, (target.label, item.name))]
    helper = call.name
    keywords: list[ast.keyword] = []
    if call.name == "set":
        given = call.argument(0, "objs")
        if given is None:
            raise _refused(frame, call, "No objects are given.")
        parts.append(_objects(frame, given, kind, call))
        if not item.null:
            helper = "add"  # create_reverse_many_to_one_manager: what is there stays
        elif clear is not None and isinstance(clear.kind, Const) and clear.kind.value:
            keywords = [ast.keyword("clear_first", literal(True))]
    elif call.name != "clear":
        parts.append(_listed(frame, kind, call, whole=True))
    return _called(frame, "children", helper, parts, keywords)


def _objects(frame: Frame, value: Val, kind: RelatedManager, call: CallSite) -> ast.expr:
    """A list of objects, which are entities from now on."""
    if isinstance(value.kind, QuerySet) and query_of(value).values is None:
        from segue.translate.rules.queryset_evaluate import fetched_rows

        value = fetched_rows(frame, value, call.node)
    if isinstance(value.kind, ListOf) and value.node is not None and value.kind.type in ("list", "tuple"):
        item = value.kind.item
        if isinstance(item, Instance):
            _object(frame, Val(item, name("item")), kind, call)
            return value.node
        if isinstance(value.node, ast.List) and not value.node.elts:
            return value.node
    raise _refused(frame, call, "Segue does not see a list of objects here.")


def _object(frame: Frame, value: Val, kind: RelatedManager, call: CallSite) -> ast.expr:
    found = value.kind
    label = concrete(frame.ctx, kind.model).label
    if (
        not isinstance(found, Instance)
        or value.node is None
        or concrete(frame.ctx, found.model).label != label
    ):
        raise _refused(frame, call, "Segue does not know that it is an object of the related model.")
    if found.nullable:
        raise frame.refuse("nullable", value.text, "The object may be None.", call.node)
    check_own(found.site, "pk")
    if found.mode == "row":
        found.site.written = True
    return value.node


# what is given


def _listed(frame: Frame, kind: RelatedManager, call: CallSite, *, whole: bool = False) -> ast.expr:
    """The positional arguments as one list: keys, or objects (``whole``)."""
    several, one = (_objects, _object) if whole else (_keys, _key)
    if len(call.node.args) == 1 and isinstance(call.node.args[0], ast.Starred):
        return several(frame, frame.eval(call.node.args[0].value), kind, call)
    parts: list[ast.expr] = []
    for argument in call.node.args:
        if isinstance(argument, ast.Starred):
            parts.append(ast.Starred(several(frame, frame.eval(argument.value), kind, call), ast.Load()))
        else:
            parts.append(one(frame, frame.eval(argument), kind, call))
    return ast.List(parts, ast.Load())


def _key(frame: Frame, value: Val, kind: RelatedManager, call: CallSite) -> ast.expr:
    if isinstance(value.kind, Instance | User) and value.node is not None:
        from segue.translate.rules.instance import key_of

        if isinstance(value.kind, Instance) and value.kind.nullable:
            raise frame.refuse("nullable", value.text, "The object may be None.", call.node)
        if concrete(frame.ctx, value.kind.model).label != concrete(frame.ctx, kind.model).label:
            raise _refused(frame, call, "It is an object of another model.")
        return key_of(frame, value)
    if _is_key(frame, value, kind) and value.node is not None:
        return value.node
    raise _refused(frame, call, "Segue does not know what is added.")


def _is_key(frame: Frame, value: Val, kind: RelatedManager) -> bool:
    wanted = python_type(frame.ctx, pk_field(frame.ctx, kind.model))
    if isinstance(value.kind, Const):
        return type(value.kind.value).__name__ == wanted
    return isinstance(value.kind, Scalar) and value.kind.type == wanted and not value.kind.nullable


def _keys(frame: Frame, value: Val, kind: RelatedManager, call: CallSite) -> ast.expr:
    if isinstance(value.kind, ListOf) and value.node is not None:
        if isinstance(value.kind.item, Instance):
            inner = _key(frame, Val(value.kind.item, name("item")), kind, call)
            return quote("[{1} for item in {0}]", value.node, inner)
        if _is_key(frame, Val(value.kind.item), kind) or (
            isinstance(value.node, ast.List) and not value.node.elts
        ):
            return value.node
    if isinstance(value.kind, QuerySet) and query_of(value).values is None:
        from segue.translate.rules.queryset_evaluate import fetched_rows

        return _keys(frame, fetched_rows(frame, value, call.node), kind, call)
    if isinstance(value.kind, QuerySet) and query_of(value).values == "flat":
        from segue.translate.rules.queryset_evaluate import values_rows

        return _keys(frame, values_rows(frame, value), kind, call)
    raise _refused(frame, call, "Segue does not know what is set.")


def _called(
    frame: Frame, module: str, helper: str, parts: list[ast.expr], keywords: list[ast.keyword]
) -> Val:
    frame.imported("segue_bridge.db", module)
    frame.is_async = True
    function = ast.Attribute(name(module), _HELPERS.get(helper, helper), ast.Load())
    return Val(Const(None), ast.Await(ast.Call(function, parts, keywords)))


def _refused(frame: Frame, call: CallSite, why: str) -> Refused:
    return frame.refuse("related-write", ast.unparse(call.node), why, call.node)
