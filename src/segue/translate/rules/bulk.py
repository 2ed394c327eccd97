"""``bulk_create`` and ``bulk_update``: ``db.insert_all(objects)`` and ``db.update_all(objects, columns)``.

Source: ``django.db.models.query.QuerySet.bulk_create`` and ``bulk_update``: no signals, no ``save()`` of the model's own.
"""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.snapshot.model import ModelField
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, Instance, ListOf, QuerySet, Scalar, Unknown
from segue.translate.load.models import concrete, field_of
from segue.translate.load.needs import check_own
from segue.translate.models.kinds import has_column
from segue.translate.models.writing import save_problem
from segue.translate.query.build import commit, query_of
from segue.translate.rules.registry import method
from segue.translate.rules.writes import plain_where
from segue.translate.versions import since


@method(QuerySet, "bulk_create")
def bulk_create(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``bulk_create(objs, batch_size, ignore_conflicts, update_conflicts, update_fields, unique_fields)``: the objects, as a list."""
    options = ("batch_size", "ignore_conflicts", "update_conflicts", "update_fields", "unique_fields")
    call.only("objs", *options, at_most=6)
    label = concrete(frame.ctx, query_of(owner).model).label
    objects = _objects(frame, label, call, new=True)
    for item in concrete(frame.ctx, label).fields:
        if item.db_default.kind != "empty":
            raise frame.refuse(
                "bulk-write",
                f"{label}.{item.name}",
                "It has a default in the database, which rows of one statement may or may not use.",
                call.node,
            )
    keywords = _batch_size(frame, call, 1)
    ignore, update = (_flag(frame, call, number, options[number - 1]) for number in (2, 3))
    if ignore and update:
        raise _refused(frame, call, "Django refuses to ignore and to update conflicts.")
    if ignore:
        keywords.append(ast.keyword("ignore_conflicts", literal(True)))
    if update:
        columns = _columns(frame, label, call, call.argument(4, "update_fields"))
        unique = _columns(frame, label, call, call.argument(5, "unique_fields"), key=True)
        keywords += [ast.keyword("update", columns), ast.keyword("unique", unique)]
        if not since(frame.ctx.snapshot.versions.django, 5, 0):
            keywords.append(ast.keyword("keys", literal(False)))
    assert objects.node is not None
    assert isinstance(objects.kind, ListOf)
    frame.is_async = True
    made = ast.Call(ast.Attribute(frame.db, "insert_all", ast.Load()), [objects.node], keywords)
    return Val(ListOf(objects.kind.item), ast.Await(made))


@method(QuerySet, "bulk_update")
def bulk_update(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``bulk_update(objs, fields, batch_size)``: the number of rows; of the queryset's rows alone where it is narrowed."""
    call.only("objs", "fields", "batch_size", at_most=3)
    value = commit(frame, owner, distinct=True)
    query = query_of(value)
    label = concrete(frame.ctx, query.model).label
    conditions = plain_where(value.node) if value.node is not None else None
    if conditions is None or query.sliced or query.many or query.values is not None or query.annotations:
        raise _refused(frame, call, "The queryset is sliced, joined or annotated.")
    objects = _objects(frame, label, call, new=False)
    columns = _columns(frame, label, call, call.argument(1, "fields"))
    assert objects.node is not None
    frame.is_async = True
    made = ast.Call(
        ast.Attribute(frame.db, "update_all", ast.Load()),
        [objects.node, columns, *conditions],
        _batch_size(frame, call, 2),
    )
    return Val(Scalar("int"), ast.Await(made))


def _objects(frame: Frame, label: str, call: CallSite, *, new: bool) -> Val:
    """The list of objects of the model, which are entities from now on."""
    found = call.argument(0, "objs")
    if found is not None and isinstance(found.kind, QuerySet):
        from segue.translate.rules.queryset_evaluate import fetched_rows

        found = fetched_rows(frame, found, call.node)
    if found is None or not isinstance(found.kind, ListOf) or found.node is None:
        raise _refused(frame, call, "Segue does not see a list of objects here.")
    if concrete(frame.ctx, label).parents:
        raise frame.refuse("multi-table", label, "The model has a parent table.", call.node)
    problem = save_problem(frame.ctx, label)
    if problem is not None:
        raise Refused(problem)
    item = found.kind.item
    if isinstance(item, Unknown) and item.why == "empty":
        return found
    if not isinstance(item, Instance) or item.nullable or concrete(frame.ctx, item.model).label != label:
        raise _refused(frame, call, "Segue does not know that all of them are objects of this model.")
    if item.site.uploads:
        raise frame.refuse(
            "file-write", ast.unparse(call.node), "An upload is stored only by a plain save().", call.node
        )
    if new and item.mode == "row":
        raise _refused(frame, call, "The objects are rows that are there.")
    check_own(item.site, "pk")
    if item.mode == "row":
        item.site.written = True
    if ast.unparse(found.node).startswith("await "):
        return Val(found.kind, frame.hoist("objects", found.node, call.node)) if not frame.no_hoist else found
    return found


def _batch_size(frame: Frame, call: CallSite, position: int) -> list[ast.keyword]:
    size = call.argument(position, "batch_size")
    if size is None or (isinstance(size.kind, Const) and size.kind.value is None):
        return []
    plain = size.kind.value if isinstance(size.kind, Const) else 0
    if (
        size.node is None
        or not isinstance(plain, int)
        or not (isinstance(size.kind, Const) or size.kind == Scalar("int"))
    ):
        raise _refused(frame, call, "Segue does not know that its batch_size is a number.")
    return [ast.keyword("batch_size", size.node)]


def _flag(frame: Frame, call: CallSite, position: int, name: str) -> bool:
    found = call.argument(position, name)
    if found is None:
        return False
    if not isinstance(found.kind, Const):
        raise _refused(frame, call, f"{name} is computed.")
    return bool(found.kind.value)


def _columns(frame: Frame, label: str, call: CallSite, value: Val | None, *, key: bool = False) -> ast.expr:
    """Names of fields, written in place, as attributes of columns. ``key``: the primary key may be among them."""
    model = concrete(frame.ctx, label)
    found: list[ModelField] = []
    for text in _texts(frame, call, value):
        item = field_of(model, text) if text != "pk" or key else None
        if item is None or not has_column(item) or (item.primary_key and not key):
            raise _refused(frame, call, f"Django refuses {text!r} here.")
        found.append(item)
    if not found:
        raise _refused(frame, call, "Django refuses it without fields.")
    return literal([item.attname for item in found])


def _texts(frame: Frame, call: CallSite, value: Val | None) -> list[str]:
    if value is not None and isinstance(value.kind, Const) and isinstance(value.kind.value, tuple | list):
        texts = [str(text) for text in value.kind.value if isinstance(text, str)]
        if len(texts) == len(value.kind.value):
            return texts
    elif value is not None and isinstance(value.node, ast.List | ast.Tuple | ast.Set):
        elements = [e.value for e in value.node.elts if isinstance(e, ast.Constant)]
        if len(elements) == len(value.node.elts) and all(isinstance(e, str) for e in elements):
            return [str(e) for e in elements]
    raise _refused(frame, call, "Its fields are computed.")


def _refused(frame: Frame, call: CallSite, why: str) -> Refused:
    return frame.refuse("bulk-write", ast.unparse(call.node), why, call.node)
