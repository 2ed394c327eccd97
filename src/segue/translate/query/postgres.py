"""Look-ups of ``django.contrib.postgres``: full text, likeness, arrays.

Sources: ``django.contrib.postgres.search.SearchLookup``, ``SearchVectorExact``, ``lookups``, ``fields.array``.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from segue.snapshot.model import ModelField, Value
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal, quote
from segue.translate.kinds import Const, Kind, ListOf, Scalar, SearchText, SearchWords
from segue.translate.models.conversions import conversion
from segue.translate.query.lookups import Target, lookup

HELPERS = "segue_bridge.db.postgres"
LENGTH = "len"
ARRAYS = {
    "contains": "contains_all",
    "contained_by": "contained_by",
    "overlap": "overlaps",
    "exact": "same_as",
    "in": "one_of",
}
ITEM = re.compile(r"\d+")
SLICE = re.compile(r"(\d+)_(\d+)")
_ITEMS = {"CharField": "str", "TextField": "str", "IntegerField": "int", "BigIntegerField": "int"}


def on_postgresql(frame: Frame, at: ast.AST) -> None:
    """Refuse what other databases do not have."""
    if frame.ctx.snapshot.settings.vendor != "postgresql":
        raise frame.refuse("postgres-search", "django.contrib.postgres", "Only PostgreSQL has this.", at)


def is_array(on: Target) -> bool:
    """Is it a column of an array?"""
    return on.field.base.rpartition(".")[2] == "ArrayField" and on.type == "list[Any]"


def is_vector(on: Target) -> bool:
    """Is it a column of words that are kept?"""
    return on.field.base.rpartition(".")[2] == "SearchVectorField"


def array_lookup(frame: Frame, on: Target, name: str, value: Val, at: ast.AST) -> ast.expr:
    """``words__contains=["red"]``."""
    on_postgresql(frame, at)
    if name not in ARRAYS:
        raise frame.refuse("array-lookup", f"__{name}", "Segue has no rule for this look-up of arrays.", at)
    if name == "in":
        return _one_of(frame, on, value, at)
    if value.node is None or not holds_items(on.field, value):
        raise frame.refuse("array-lookup", f"__{name}", "Segue does not know that these are such items.", at)
    return quote("{0}({1}, {2})", frame.imported(HELPERS, ARRAYS[name]), on.column, value.node)


def _one_of(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    kind = value.kind
    if isinstance(kind, Const) and isinstance(kind.value, tuple):
        lists = [Val(Const(one), literal(one)) for one in kind.value]
    elif isinstance(kind, ListOf) and isinstance(value.node, ast.List | ast.Tuple):
        lists = [Val(kind.item, node) for node in value.node.elts]
    else:
        lists = []
    if not lists or not all(holds_items(on.field, one) for one in lists) or value.node is None:
        raise frame.refuse("array-lookup", "__in", "Segue does not know that these are such lists.", at)
    return quote("{0}({1}, {2})", frame.imported(HELPERS, ARRAYS["in"]), on.column, value.node)


def holds_items(item: ModelField, value: Val) -> bool:
    """Whether ``value`` is a list of what the array ``item`` holds."""
    wanted = _item_type(item)
    kind = value.kind
    if isinstance(kind, Const) and isinstance(kind.value, tuple):
        return bool(wanted) and all(type(one).__name__ == wanted for one in kind.value)
    empty = isinstance(value.node, ast.List | ast.Tuple) and not value.node.elts
    return bool(wanted) and isinstance(kind, ListOf) and (empty or widen(kind.item) == Scalar(wanted))


def _item_type(item: ModelField) -> str:
    """The Python type of the items; '' for one that has no rule here."""
    base = item.options.get("base_field")
    name = base.name if isinstance(base, Value) else ""
    return _ITEMS.get(name.rpartition(".")[2], "")


def is_part(item: ModelField, part: str) -> bool:
    """``words__0``, ``words__0_2``: an item, or a slice, of an array."""
    array = item.base.rpartition(".")[2] == "ArrayField"
    return array and bool(ITEM.fullmatch(part) or SLICE.fullmatch(part))


def part_of_array(frame: Frame, on: Target, part: str, at: ast.AST) -> Target:
    """The item at a place, or the slice (``IndexTransform``, ``SliceTransform``)."""
    on_postgresql(frame, at)
    helper = "array_item" if ITEM.fullmatch(part) else "array_slice"
    wanted = _item_type(on.field)
    if not wanted:
        raise frame.refuse("array-lookup", f"__{part}", "Segue has no rule for such items.", at)
    places = [literal(int(number)) for number in part.split("_")]
    column = ast.Call(frame.imported(HELPERS, helper), [on.column, *places], [])
    return replace(on, column=column, type=wanted if helper == "array_item" else on.type, nullable=True)


def length(frame: Frame, on: Target, at: ast.AST) -> Target:
    """``words__len``."""
    on_postgresql(frame, at)
    if not is_array(on):
        raise frame.refuse("transform", "__len", f"Transform on a column of type {on.type}.", at)
    column = quote("{0}({1})", frame.imported(HELPERS, "length"), on.column)
    return Target(column, on.field, "int", on.nullable)


def found(frame: Frame, vector: ast.expr, config: str, value: Val, at: ast.AST) -> ast.expr:
    """``vector=query``, where a text stands for a query of it."""
    on_postgresql(frame, at)
    if isinstance(value.kind, SearchText) and value.node is not None:
        searched = value.node
    elif widen(value.kind) == Scalar("str") and value.node is not None:
        more = [ast.keyword("config", literal(config))] if config else []
        searched = ast.Call(frame.imported(HELPERS, "search_query"), [value.node], more)
    else:
        raise frame.refuse("postgres-search", "=", "What is searched is not known to be a text.", at)
    return quote("{0}({1}, {2})", frame.imported(HELPERS, "found_in"), vector, searched)


_TOGETHER = {ast.BitAnd: "both_queries", ast.BitOr: "either_query"}


def combined_search(
    frame: Frame, op: ast.operator, nodes: list[ast.expr], kinds: list[Kind], at: ast.AST
) -> tuple[ast.expr, Kind]:
    """``SearchVector(…) + SearchVector(…)``, ``SearchQuery(…) & SearchQuery(…)``."""
    first, second = kinds
    if isinstance(first, SearchWords) and isinstance(second, SearchWords) and isinstance(op, ast.Add):
        return ast.Call(frame.imported(HELPERS, "both_vectors"), nodes, []), first
    if isinstance(first, SearchText) and isinstance(second, SearchText) and type(op) in _TOGETHER:
        return ast.Call(frame.imported(HELPERS, _TOGETHER[type(op)]), nodes, []), first
    raise frame.refuse("postgres-search", "+", "Segue does not know what these are together.", at)


def _text(frame: Frame, on: Target, name: str, value: Val, at: ast.AST) -> None:
    on_postgresql(frame, at)
    if on.type != "str" or conversion(frame.ctx, on.field) is not None or widen(value.kind) != Scalar("str"):
        raise frame.refuse("postgres-search", f"__{name}", "A text is looked for in a column of text.", at)


@lookup("search")
def search(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
    """``title__search="words"``."""
    _text(frame, on, "search", value, at)
    vector = on.column
    if not is_vector(on):
        vector = quote("{0}({1})", frame.imported(HELPERS, "search_vector"), on.column)
    return found(frame, vector, "", value, at)


def _trigram(name: str) -> None:
    @lookup(name)
    def build(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
        _text(frame, on, name, value, at)
        return quote("{0}({1}, {2})", frame.imported(HELPERS, name), on.column, value.node or on.column)


for _name in ("trigram_similar", "trigram_word_similar"):
    _trigram(_name)


def _of_arrays_alone(name: str) -> None:
    @lookup(name)
    def build(frame: Frame, on: Target, value: Val, at: ast.AST) -> ast.expr:
        raise frame.refuse("lookup", f"__{name}", "Segue has this look-up for arrays alone.", at)


for _name in ("contained_by", "overlap"):
    _of_arrays_alone(_name)

__all__ = [
    "ARRAYS", "HELPERS", "LENGTH", "array_lookup", "found", "holds_items", "is_array", "is_part", "is_vector", "length", "part_of_array",
]  # fmt: skip
