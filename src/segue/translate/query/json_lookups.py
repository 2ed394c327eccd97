"""``data__key__0__gt``: look-ups into JSON columns (``django.db.models.fields.json``)."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from segue.translate.interp.frame import Frame
from segue.translate.interp.join import widen
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, DictOf, Kind, ListOf, Scalar
from segue.translate.query.lookups import Target

_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_TEXT = frozenset(
    {"iexact", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex"}
)
_PLAIN = ("str", "int", "float", "bool")
_MODULE = "segue_bridge.db.json_keys"


def key_column(frame: Frame, column: ast.expr, keys: Sequence[str]) -> ast.expr:
    """The value of a key, to be ordered by or shown."""
    return _call(frame, "json_key", column, [literal(key) for key in keys])


def condition(
    frame: Frame, on: Target, keys: tuple[str, ...], lookup: str, value: Val, at: ast.AST
) -> ast.expr:
    """``column__<keys>__<lookup> = value``."""
    names = [literal(key) for key in keys]
    what = "__".join((on.field.name, *keys, lookup))
    if lookup == "isnull":
        if not (isinstance(value.kind, Const) and isinstance(value.kind.value, bool)):
            raise frame.refuse("isnull", what, "Its value is not known to be True or False.", at)
        return _call(frame, "json_missing" if value.kind.value else "json_present", on.column, names)
    if lookup == "exact":
        return _call(frame, "json_is", on.column, [_value(frame, what, value, at, null=True), *names])
    if lookup in ("contains", "contained_by"):
        if frame.ctx.snapshot.settings.vendor != "postgresql":
            raise frame.refuse("json-contains", what, "Django raises NotSupportedError on SQLite.", at)
        return _call(frame, f"json_{lookup}", on.column, [_value(frame, what, value, at, null=True), *names])
    if lookup == "has_key":
        key = value.kind.value if isinstance(value.kind, Const) else None
        if not isinstance(key, str) and widen(value.kind) != Scalar("str"):
            raise frame.refuse("json-lookup", what, "The key is not known to be a text.", at)
        return _call(frame, lookup, on.column, [_value(frame, what, value, at), *names])
    if lookup in ("has_keys", "has_any_keys"):
        elements = value.node.elts if isinstance(value.node, ast.List | ast.Tuple) else []
        if not elements or not all(
            isinstance(e, ast.Constant) and isinstance(e.value, str) for e in elements
        ):
            raise frame.refuse("json-lookup", what, "The keys are not texts written in place.", at)
        return _call(frame, lookup, on.column, [ast.List(list(elements), ast.Load()), *names])
    if not keys:
        raise frame.refuse("json-lookup", what, "Such a look-up of a whole JSON value is not translated.", at)
    if lookup in _SIGNS:
        given = _value(frame, what, value, at)
        if not isinstance(widen(value.kind), Scalar):
            raise frame.refuse("json-lookup", what, "It is compared with a list or a dict.", at)
        return _call(frame, "json_compare", on.column, [literal(_SIGNS[lookup]), given, *names])
    if lookup == "in":
        kind = value.kind
        item = kind.item if isinstance(kind, ListOf) else None
        constants = isinstance(kind, Const) and isinstance(kind.value, tuple)
        if value.node is None or not (constants or (isinstance(item, Scalar) and _plain(item))):
            raise frame.refuse("json-lookup", what, "Segue does not know what the list holds.", at)
        return _call(frame, "json_in", on.column, [value.node, *names])
    if lookup in _TEXT:
        if widen(value.kind) != Scalar("str"):
            raise frame.refuse("json-lookup", what, "The value is not known to be a text.", at)
        text = _call(frame, "json_text", on.column, names)
        helper = frame.imported("segue_bridge.db.query", lookup)
        return ast.Call(helper, [text, _value(frame, what, value, at)], [])
    raise frame.refuse("json-lookup", what, "Segue has no rule for this look-up in JSON.", at)


def _call(frame: Frame, helper: str, column: ast.expr, arguments: Sequence[ast.expr]) -> ast.expr:
    return ast.Call(frame.imported(_MODULE, helper), [column, *arguments], [])


def _plain(kind: Kind) -> bool:
    """What ``json.dumps`` takes, and no expression of the database."""
    kind = widen(kind)
    if isinstance(kind, Scalar):
        return kind.type in _PLAIN
    if isinstance(kind, ListOf):
        return kind.type == "list" and _plain(kind.item)
    if isinstance(kind, DictOf):
        return all(_plain(item) for _, item in kind.items) and (kind.value is None or _plain(kind.value))
    return False


def _value(frame: Frame, what: str, value: Val, at: ast.AST, *, null: bool = False) -> ast.expr:
    none = isinstance(value.kind, Const) and value.kind.value is None
    if value.node is None or not (none or _plain(value.kind)):
        raise frame.refuse("json-lookup", what, "Segue does not know what value this is.", at)
    if not null and (none or getattr(value.kind, "nullable", False)):
        raise frame.refuse("null-lookup", what, "The value may be None, which Django answers otherwise.", at)
    return value.node
