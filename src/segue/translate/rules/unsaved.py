"""What code may ask of an object before its row is written: the columns that it holds by then, of itself alone."""

from __future__ import annotations

import ast
from collections.abc import Collection

from segue.snapshot.model import Model
from segue.translate.interp.frame import Frame
from segue.translate.load.models import concrete, field_of
from segue.translate.needs import Needs


def only_columns(
    tree: ast.AST, own: str, model: Model, *, but: Collection[str] = (), keys: bool = False
) -> bool:
    """Whether ``own``, the object in the function ``tree``, is only asked for columns that do not come about while the row
    is saved (the key, ``auto_now``, a default of the database), nor those called ``but``, with ``keys`` for the key as well, and handed to functions, where :func:`check_unsaved` looks; what gets the whole object could
    ask for more."""
    plain = {
        text
        for item in model.fields
        if not item.auto_now
        and not item.auto_now_add
        and item.db_default.kind == "empty"
        and (item.name != model.pk or (keys and item.relation is None))
        and item.name not in but
        for text in (item.name, item.attname)
    }
    if keys:
        plain.add("pk")
    owners = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    handed = (
        {
            id(argument)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id not in ("str", "repr")
            for argument in call.args
        }
        if keys
        else set()
    )
    return all(
        owners.get(id(node)) in plain or id(node) in handed
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == own
    )


def check_unsaved(frame: Frame, site: Needs, name: str, node: ast.AST) -> None:
    """Refuse to look at ``name`` of an object that may have no row: what comes about while it is saved, sets of other objects,
    itself as the value of a relation ('' for ``name``). ``Needs.keyless`` of an object that a hook was given marks such."""
    if not site.keyless or site.told is None:
        return
    item = field_of(concrete(frame.ctx, site.model), name) if name else None
    if (
        item is not None
        and not item.auto_now
        and not item.auto_now_add
        and item.db_default.kind == "empty"
        and (item.relation is None or item.relation.kind in ("fk", "o2o"))
    ):
        return
    raise frame.refuse(
        "signal",
        f"{site.model}.{name}".rstrip("."),
        "It uses more of an object without a row than its columns.",
        node,
    )
