"""What code may ask of an object before its row is written: the columns that it holds by then, of itself alone."""

from __future__ import annotations

import ast
from collections.abc import Collection

from segue.snapshot.model import Model


def only_columns(
    tree: ast.AST, own: str, model: Model, *, but: Collection[str] = (), keys: bool = False
) -> bool:
    """Whether ``own``, the object in the function ``tree``, is only asked for columns that do not come about while the row
    is saved (the key, ``auto_now``, a default of the database), nor those called ``but``, with ``keys`` for the key as well; what gets the whole object could
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
    return all(
        owners.get(id(node)) in plain
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == own
    )
