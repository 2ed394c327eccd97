"""``django.forms.models.model_to_dict`` of a row without many-to-many relations among what is asked for."""

from __future__ import annotations

import ast
from collections.abc import Collection

from segue.snapshot.model import Model, ModelField
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.unroll import NotKnown, known
from segue.translate.interp.value import Val, is_pure
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete
from segue.translate.rules.introspection import has_value
from segue.translate.rules.polymorphic import same_class
from segue.translate.rules.registry import function

_ROW = "#row"
_FILES = ("FileField", "ImageField")


@function("django.forms.models.model_to_dict")
def model_to_dict(frame: Frame, call: CallSite) -> Val | None:
    """``model_to_dict(row, fields=…, exclude=…)``: ``value_from_object`` of the editable columns that are named.

    Files and many-to-many relations are refused: their values are objects of Django's.
    """
    call.only("instance", "fields", "exclude", at_most=3)
    row = call.argument(0, "instance")
    if row is None or not isinstance(row.kind, Instance) or row.kind.nullable or row.node is None:
        raise frame.refuse(
            "unknown-call", ast.unparse(call.node), "Segue reads this of one row alone.", call.node
        )
    same_class(frame, row.kind, call.node)
    model = concrete(frame.ctx, row.kind.model)
    chosen = _chosen(model, _names(frame, call, 1, "fields"), _names(frame, call, 2, "exclude"))
    for item in chosen:
        if not has_value(item) or item.base.endswith(_FILES) or item.cls != item.base:
            raise frame.refuse(
                "unknown-call",
                f"model_to_dict(): {item.name}",
                "What Django gives for it is an object of its own.",
                call.node,
            )
    held = row.node if is_pure(row.node) else frame.hoist("row", row.node, call.node)
    saved = frame.snapshot_env()
    frame.env[_ROW] = Val(row.kind, held)
    keys: list[ast.expr | None] = [ast.Constant(item.name) for item in chosen]
    values: list[ast.expr] = [
        ast.Attribute(ast.Name(_ROW, ast.Load()), item.attname, ast.Load()) for item in chosen
    ]
    try:
        return frame.eval(ast.fix_missing_locations(ast.copy_location(ast.Dict(keys, values), call.node)))
    finally:
        frame.restore_env(saved)


def _chosen(
    model: Model, fields: Collection[str] | None, exclude: Collection[str] | None
) -> list[ModelField]:
    columns = [f for f in model.fields if has_value(f)]
    many = [f for f in model.fields if f.relation is not None and f.relation.kind == "m2m"]
    return [
        f
        for f in [*columns, *many]
        if f.editable and (fields is None or f.name in fields) and not (exclude and f.name in exclude)
    ]


def _names(frame: Frame, call: CallSite, place: int, keyword: str) -> Collection[str] | None:
    node = call.raw_args[place] if len(call.raw_args) > place else call.raw_kwargs.get(keyword)
    if node is None:
        return None
    try:
        found = known(frame, node)
    except NotKnown:
        raise frame.refuse(
            "unknown-call", ast.unparse(call.node), "The names are not known before the request.", call.node
        ) from None
    if isinstance(found, str):
        raise frame.refuse(
            "unknown-call", ast.unparse(call.node), "Django looks for the names within this text.", call.node
        )
    return found if found is None else list(found)


__all__ = ["model_to_dict"]
