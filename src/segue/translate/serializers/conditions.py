"""Conditions of unique constraints (``Q`` trees of plain look-ups) as functions of columns."""

from __future__ import annotations

from segue.refusal import refuse
from segue.snapshot.model import Serializer, Value
from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.load.models import concrete, field_of
from segue.translate.serializers.code import pairs_of, value_text
from segue.translate.serializers.facts import const

_SIGNS = {"exact": "==", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def condition_text(frame: Frame, serializer: Serializer, model: str, value: Value) -> str:
    """``lambda t: t.status == 'open'``; ``t`` is the entity or anything with its columns."""
    return f"lambda t: {_tree(frame, serializer, model, value)}"


def _tree(frame: Frame, serializer: Serializer, model: str, value: Value) -> str:
    pairs = pairs_of(value)
    connector = str(const(pairs.get("connector"), "AND"))
    if value.name != "django.db.models.Q" or connector not in ("AND", "OR"):
        raise refuse(
            "constraint-condition", "condition", "Segue cannot read this condition.", serializer.where
        )
    parts = [_leaf_or_tree(frame, serializer, model, child) for child in value.items]
    function = "and_" if connector == "AND" else "or_"
    text = parts[0] if len(parts) == 1 else f"{function}({', '.join(parts)})"
    if len(parts) > 1:
        frame.use(Import("sqlalchemy", function))
    if const(pairs.get("negated"), False):
        raise refuse(
            "constraint-condition", "~Q", "A negated condition with possible NULLs.", serializer.where
        )
    return text


def _leaf_or_tree(frame: Frame, serializer: Serializer, model: str, value: Value) -> str:
    if value.kind == "call":
        return _tree(frame, serializer, model, value)
    key = str(const(value.items[0]))
    path, _, lookup = key.partition("__")
    column = field_of(concrete(frame.ctx, model), path)
    if column is None:
        raise refuse("constraint-condition", key, "It is no column of the model.", serializer.where)
    given = value.items[1]
    if lookup == "isnull":
        return f"t.{column.attname}.{'is_' if const(given) else 'is_not'}(None)"
    if lookup in ("", *_SIGNS):
        found = value_text(given, serializer.where, key)
        frame.use(*found.imports)
        if found.text == "None":
            return f"t.{column.attname}.is_(None)"
        return f"(t.{column.attname} {_SIGNS[lookup or 'exact']} {found.text})"
    if lookup == "in" and given.kind in ("list", "tuple", "set"):
        found = value_text(given, serializer.where, key)
        return f"t.{column.attname}.in_({found.text})"
    raise refuse("constraint-condition", key, f"Segue has no rule for __{lookup} here.", serializer.where)
