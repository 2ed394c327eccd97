"""Writes: ``save``, ``delete``, ``create``, ``update``, attributes of entities, many-to-many sets.

Receivers of ``pre_save`` and ``post_save`` are called around the statement; refused where Django would run other
project code on the way (overridden ``save``/``delete``).
"""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.snapshot.model import Function, ModelField
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import receiver_name
from segue.translate.interp.value import Val, const, is_pure, name, quote
from segue.translate.kinds import Const, Expr, Instance, Scalar
from segue.translate.load.models import concrete, field_of, is_relation, pk_field, python_type, snake
from segue.translate.load.needs import check_own
from segue.translate.models.writing import delete_problem, save_problem
from segue.translate.needs import Needs
from segue.translate.query.build import commit, query_of, root_of
from segue.translate.query.ir import Query
from segue.translate.rules.assigned_expressions import assigned
from segue.translate.rules.content_types import generic_parent
from segue.translate.rules.deletion_signals import listeners
from segue.translate.rules.following import keep_related
from segue.translate.rules.forgotten_rows import forget_prefetched
from segue.translate.rules.model_class import column_value, fits, new_instance, no_amount, spread_values
from segue.translate.rules.named_fields import check_named
from segue.translate.rules.own_attributes import is_left_out
from segue.translate.rules.own_delete import call_delete, own_delete
from segue.translate.rules.own_save import own_save
from segue.translate.rules.polymorphic import as_saved, same_for_children
from segue.translate.rules.receivers import asks_created, saved_by, send_post_save, send_pre_save
from segue.translate.rules.registry import method
from segue.translate.rules.related_writes import check_manager, created_through
from segue.translate.rules.saved_once import is_saved_once
from segue.translate.rules.shared_objects import check_told, check_unshared, note_changed, note_saved
from segue.translate.rules.unread import is_unread
from segue.translate.rules.unsaved import check_unsaved
from segue.translate.rules.uploaded import store_uploads
from segue.translate.versions import since


def overridden(frame: Frame, owner: Val, function: Function, call: CallSite) -> Val:
    """``save``/``delete`` with project source."""
    raise frame.refuse(
        "overridden-write",
        f"{function.name}",
        "The model overrides this method; that is not translated yet.",
        call.node,
    )


def _check_write(frame: Frame, owner: Val, sort: str, at: ast.AST) -> str:
    kind = owner.kind
    assert isinstance(kind, Instance)
    if kind.nullable:
        raise frame.refuse("nullable", owner.text, "This may be None here, and nothing checks it.", at)
    check_own(kind.site, sort)
    check_unsaved(frame, kind.site, "", at)
    label = concrete(frame.ctx, kind.model).label
    same_for_children(frame, kind, sort, at)
    if sort == "delete" and as_saved(frame, kind, at):
        return label
    if concrete(frame.ctx, label).parents:
        raise frame.refuse("multi-table", label, "Writes to multi-table models are not translated yet.", at)
    problem = save_problem(frame.ctx, label) if sort == "save" else None
    if problem is not None:
        raise Refused(problem)
    if kind.mode == "row":
        kind.site.written = True
    return label


def _keep(frame: Frame, owner: Val) -> None:
    """After what the receivers do is known: what they look into comes with the object where Django has it."""
    if isinstance(owner.kind, Instance):
        keep_related(frame.ctx, owner.kind.site, owner.kind.model)


@method(Instance, "save")
def save(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``obj.save()`` → ``db.save(obj)``; ``update_fields`` → ``db.update(obj, names)``."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    own = own_save(frame.ctx, kind.model)
    _check_write(frame, owner, "save", call.node)
    check_told(frame, owner, call.node)
    note_saved(frame, owner)
    _same_database(call)
    call.only("update_fields", "force_insert", "force_update", at_most=0)
    assert owner.node is not None
    fields = call.kwargs.get("update_fields")
    forced = forced_way(frame, call)
    if forced:
        return _save_forced(frame, kind, owner, call, forced)
    listened = own is not None or bool(saved_by(frame.ctx, kind.model))
    if kind.site.uploads:
        if fields is not None or frame.no_hoist or not isinstance(owner.node, ast.Name):
            raise frame.refuse(
                "file-write", ast.unparse(call.node), "An upload is stored only by a plain save().", call.node
            )
        if not listened:
            store_uploads(frame, kind, owner.node)
    if fields is None or (isinstance(fields.kind, Const) and fields.kind.value is None):
        if listened:
            return _save_told(frame, kind.model, owner, call)
        if is_saved_once(frame, kind, call):
            saver = frame.imported("segue_bridge.leaving", "save_once")
            return Val(Const(None), quote("await {0}({1}, {2})", saver, frame.db, owner.node))
        return Val(Const(None), quote("await {0}.save({1})", frame.db, owner.node))
    check_named(frame.ctx, kind.model)
    node = fields.node
    if not isinstance(node, ast.List | ast.Tuple) or not all(isinstance(e, ast.Constant) for e in node.elts):
        raise frame.refuse("update-fields", ast.unparse(call.node), "update_fields is computed.", call.node)
    if not node.elts:
        return Val(Const(None), name("None"))
    saved = _held(frame, owner, call) if listened else owner.node
    made = ast.Await(ast.Call(ast.Attribute(frame.db, "update", ast.Load()), [saved, *node.elts], []))
    if listened:
        send_pre_save(frame, kind.model, saved, adding=False, named=True)
        frame.emit(ast.unparse(made))
        send_post_save(frame, kind.model, saved, const(False), named=True)
        _keep(frame, owner)
        return Val(Const(None), name("None"))
    return Val(Const(None), made)


def forced_way(frame: Frame, call: CallSite) -> str:
    """``insert`` or ``update`` where ``force_insert`` or ``force_update`` is true; '' where neither is."""
    found = []
    for way in ("insert", "update"):
        value = call.kwargs.get(f"force_{way}")
        if value is not None and not (isinstance(value.kind, Const) and isinstance(value.kind.value, bool)):
            raise frame.refuse(
                "update-fields", ast.unparse(call.node), f"force_{way} is computed.", call.node
            )
        if value is not None and isinstance(value.kind, Const) and value.kind.value:
            found.append(way)
    if len(found) > 1 or (found and call.kwargs.get("update_fields") is not None):
        raise frame.refuse(
            "update-fields", ast.unparse(call.node), "Django refuses these arguments together.", call.node
        )
    return found[0] if found else ""


def _save_forced(frame: Frame, kind: Instance, owner: Val, call: CallSite, way: str) -> Val:
    """``save(force_insert=True)`` is an INSERT, ``save(force_update=True)`` an UPDATE that has to find its row."""
    if kind.site.uploads:
        raise frame.refuse(
            "file-write", ast.unparse(call.node), "An upload is stored only by a plain save().", call.node
        )
    saved = _held(frame, owner, call)
    send_pre_save(frame, kind.model, saved, adding=way == "insert" or kind.mode != "row")
    if way == "insert":
        frame.emit(f"await {ast.unparse(frame.db)}.insert({ast.unparse(saved)})")
    else:
        frame.emit(f"await {ast.unparse(frame.db)}.update({ast.unparse(saved)}, force=True)")
    send_post_save(frame, kind.model, saved, const(way == "insert"))
    return Val(Const(None), name("None"))


def _same_database(call: CallSite) -> None:
    """Take out ``using=self._db`` of a manager, ``using=None`` and ``using="default"``: where the row would go anyway."""
    using = call.kwargs.get("using")
    if using is not None and isinstance(using.kind, Const) and using.kind.value in (None, "default"):
        del call.kwargs["using"]


def _held(frame: Frame, owner: Val, call: CallSite) -> ast.expr:
    """The object under a name, as several statements need it."""
    assert owner.node is not None
    if frame.no_hoist or not isinstance(owner.node, ast.Name):
        kind = owner.kind
        assert isinstance(kind, Instance)
        cls = frame.ctx.model(kind.model).cls.rpartition(".")[2]
        return frame.hoist(snake(cls), owner.node, call.node)
    return owner.node


def _save_told(frame: Frame, label: str, owner: Val, call: CallSite) -> Val:
    """``obj.save()`` of a model with receivers: whether the row is new shows when it is saved."""
    saved = _held(frame, owner, call)
    kind = owner.kind
    assert isinstance(kind, Instance)
    send_pre_save(frame, label, saved, adding=kind.mode != "row", uploads=kind.site.uploads)
    if kind.site.uploads:
        store_uploads(frame, kind, saved)
    text = f"await {ast.unparse(frame.db)}.save({ast.unparse(saved)})"
    if not asks_created(frame.ctx, label):
        frame.emit(text)
        send_post_save(frame, label, saved, const(False))
    else:
        created = frame.fresh("created")
        frame.locals_seen.add(created)
        frame.emit(f"{created} = {text}")
        send_post_save(frame, label, saved, Val(Scalar("bool"), name(created)))
    _keep(frame, owner)
    return Val(Const(None), name("None"))


@method(Instance, "delete")
def delete(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``obj.delete()`` → ``db.delete(obj)``: Django's collector."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    found = own_delete(frame, kind.model, call.node)
    if found is not None:
        return call_delete(frame, owner, found, call)
    return collected(frame, owner, call)


def collected(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Django's own ``Model.delete``."""
    label = _check_write(frame, owner, "delete", call.node)
    check_unshared(frame, owner, call.node, at_once=True)
    told = _told(frame, label, held=True)
    _keep(frame, owner)
    call.only(at_most=0)
    assert owner.node is not None
    made = ast.Call(ast.Attribute(frame.db, "delete", ast.Load()), [owner.node, *told], [])
    return Val(Scalar("Any"), ast.Await(made))


def _told(frame: Frame, label: str, *, held: bool) -> list[ast.expr]:
    """Who is told of a deletion and what hangs on it. Raises ``Refused`` where it cannot be carried out."""
    problem = delete_problem(frame.ctx.snapshot, label, real=held)
    if problem is not None:
        raise Refused(problem)
    return listeners(frame, label, held=held)


@method(Instance, "__setattr__")
def set_attribute(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``obj.title = value``: the object becomes an entity."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    attr, value = call.args
    assert isinstance(attr.kind, Const)
    if owner.node is None or kind.nullable:
        raise frame.refuse("nullable", owner.text, "This may be None here, and nothing checks it.", call.node)
    key = str(attr.kind.value)
    check_own(kind.site, key)
    check_unshared(frame, owner, call.node)
    if isinstance(owner.node, ast.Await):
        owner = Val(kind, frame.hoist(receiver_name(frame, kind), owner.node, call.node))
    label = concrete(frame.ctx, kind.model).label
    if key == "pk":
        key = pk_field(frame.ctx, label).attname
    if is_unread(frame, label, key) and is_pure(value.node):
        return Val(Const(None))
    if is_left_out(frame.ctx, kind, key, frame.where(call.node)):
        if value.node is not None and not is_pure(value.node):
            frame.emit(value.text)
        return Val(Const(None))
    if isinstance(value.kind, Expr):
        column, node = assigned(frame, kind, key, value.kind, call.node)
    else:
        column, node = column_value(frame, label, key, value, call.node, kind.site, whole=True)
        kind.site.expressions.pop(column, None)
    if kind.mode == "row":
        kind.site.written = True
    note_changed(frame, owner, call.node)
    frame.emit(f"{owner.text}.{column} = {ast.unparse(node)}")
    for text in [t for t in frame.facts if t.startswith(owner.text + ".")]:
        del frame.facts[text]
    return Val(Const(None))


def create_through(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``Model.objects.create(...)`` and its relatives."""
    query = query_of(owner)
    label = query.model
    model = concrete(frame.ctx, label)
    own_save(frame.ctx, label)
    site = Needs(label, written=True, bare=True)
    spread_values(frame, label, call, site)
    between = created_through(frame, owner, call)
    related = parent_of_related(frame, owner, call) if between is None else None
    if related is not None:
        call.kwargs.update(related)  # over what is given (``RelatedManager.create``)
        if since(frame.ctx.snapshot.versions.django, 5, 1):
            forget_prefetched(frame, owner)
    made = new_instance(frame, label, call, site, created=True)
    assert made.node is not None
    if frame.no_hoist:
        local = frame.hoist(snake(model.cls.rpartition(".")[2]), made.node, call.node)
    else:
        local = name(frame.wished(snake(model.cls.rpartition(".")[2]), call.node))
        frame.emit(f"{ast.unparse(local)} = {made.text}")
    assert isinstance(made.kind, Instance)
    send_pre_save(frame, query.model, local, adding=True, uploads=made.kind.site.uploads)
    store_uploads(frame, made.kind, local)
    frame.emit(f"await {ast.unparse(frame.db)}.insert({ast.unparse(local)})")
    send_post_save(frame, query.model, local, const(True))
    if between is not None:
        node, relation, keywords = between
        frame.imported("segue_bridge.db", "relations")
        parts = [frame.db, node, relation, ast.List([local], ast.Load())]
        added = ast.Call(ast.Attribute(name("relations"), "add", ast.Load()), parts, keywords)
        frame.emit(f"await {ast.unparse(added)}")
    return Val(made.kind, local)


def parent_of_related(frame: Frame, owner: Val, call: CallSite) -> dict[str, Val] | None:
    """Foreign key and parent for ``parent.children.create(…)``, content type and key over a generic relation; None for the model's
    own manager."""
    query = query_of(owner)
    if query.related is None:
        return None
    check_manager(frame, call)
    from segue.translate.rules.queryset_evaluate import related_owner

    instance, accessor = query.related
    generic = generic_parent(frame, instance, accessor, related_owner(owner), call.node)
    if generic is not None:
        return generic
    reverse = next((r for r in concrete(frame.ctx, instance.model).reverse if r.accessor == accessor), None)
    if reverse is None or reverse.kind != "fk":
        raise frame.refuse(
            "related-create", ast.unparse(call.node), f"{call.name}() through a many-to-many set.", call.node
        )
    return {reverse.field: Val(instance, related_owner(owner))}


def update_rows(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``queryset.update(a=1)`` → one UPDATE … WHERE."""
    value = commit(frame, owner, distinct=True)
    query = query_of(value)
    if query.sliced or query.many or query.values is not None:
        raise frame.refuse(
            "update", ast.unparse(call.node), "update() of a sliced or joined query.", call.node
        )
    root = root_of(frame, query.model)
    keywords: list[ast.keyword] = []
    for key, item in call.kwargs.items():
        if isinstance(item.kind, Expr):
            field = field_of(concrete(frame.ctx, query.model), key)
            if field is None:
                raise frame.refuse("model-field", key, "This is no column of the model.", call.node)
            check_not_generated(frame, query.model, field, call.node)
            no_amount(frame, query.model, field, call.node)
            node, _ = item.kind.build.render(frame, query.with_(for_save=True), root)
            keywords.append(ast.keyword(field.attname, node))
        else:
            keywords.append(ast.keyword(*_updated(frame, query.model, key, item, call)))
    assert value.node is not None
    pk = ast.Attribute(root, pk_field(frame.ctx, query.model).attname, ast.Load())
    conditions = plain_where(value.node)
    update = quote("{0}({1})", frame.imported("sqlalchemy", "update"), root)
    if conditions is not None:
        made = ast.Call(ast.Attribute(update, "where", ast.Load()), conditions, []) if conditions else update
    else:
        made = quote("{0}.where({1})", update, _among(frame, query, pk, value.node))
    made = ast.Call(ast.Attribute(made, "values", ast.Load()), [], keywords)
    return Val(Scalar("int"), quote("await {0}.execute({1})", frame.db, made))


def check_not_generated(frame: Frame, label: str, item: ModelField, at: ast.AST) -> None:
    """Refuse a column that the database computes."""
    if item.base.rpartition(".")[2] == "GeneratedField":
        raise frame.refuse("model-field", f"{label}.{item.name}", "The database computes it.", at)


def _updated(frame: Frame, label: str, key: str, value: Val, call: CallSite) -> tuple[str, ast.expr]:
    """A column and its value; ``update(author=2)`` takes the key of a relation as well."""
    item = field_of(concrete(frame.ctx, label), key)
    if item is not None:
        check_not_generated(frame, label, item, call.node)
    if (
        item is not None
        and is_relation(item)
        and value.node is not None
        and value.kind != Const(None)
        and fits(value.kind, python_type(frame.ctx, item), item.null)
    ):
        return item.attname, value.node
    return column_value(frame, label, key, value, call.node)


def _among(frame: Frame, query: Query, pk: ast.expr, rows: ast.expr) -> ast.expr:
    """``Book.id.in_(keys(select(Book.id)…))``, without what the queryset computes beside the key."""
    if query.annotations:
        rows = quote("{0}.with_only_columns({1})", rows, pk)
    return quote("{0}.in_({1}({2}))", pk, frame.imported("segue_bridge.db.reads", "keys"), rows)


def plain_where(node: ast.expr) -> list[ast.expr] | None:
    """Conditions of ``select(X.id).where(...)`` and nothing else; ``None`` for other statements."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "where":
        inner = node.func.value
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "select":
            return list(node.args)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select":
        return []
    return None


def delete_rows(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``queryset.delete()`` → ``db.delete_matching(select(Entity)…)``."""
    value = commit(frame, owner, distinct=True)
    query = query_of(value)
    if query.sliced or query.many or query.values is not None:
        raise frame.refuse(
            "delete", ast.unparse(call.node), "delete() of a sliced or joined query.", call.node
        )
    told = _told(frame, query.model, held=False)
    root = root_of(frame, query.model)
    assert value.node is not None
    conditions = plain_where(value.node)
    select = quote("{0}({1})", frame.imported("sqlalchemy", "select"), root)
    if conditions is None:
        pk = ast.Attribute(root, pk_field(frame.ctx, query.model).attname, ast.Load())
        conditions = [_among(frame, query, pk, value.node)]
    made = ast.Call(ast.Attribute(select, "where", ast.Load()), conditions, []) if conditions else select
    gone = ast.Call(ast.Attribute(frame.db, "delete_matching", ast.Load()), [made, *told], [])
    return Val(Scalar("Any"), ast.Await(gone))


__all__ = ["Needs"]
