"""Look-ups into JSON columns, as ``django.db.models.fields.json`` has them: what they find differs between databases.

PostgreSQL compares ``jsonb``. SQLite compares what ``JSON_EXTRACT`` makes of a value: a text, a number, for true, false
and null the words. A key that is not there is NULL on both.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, case, false, func, literal, literal_column, or_
from sqlalchemy import Text as SaText
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator, TypeEngine

from segue_bridge.db.query import Condition, per_dialect, without_none
from segue_bridge.db.types import Json

Column = ColumnElement[Any] | InstrumentedAttribute[Any]
_WORDS = ("true", "false", "null")
_NULL: ColumnElement[Any] = literal_column("'null'::jsonb")


class KeyValue(TypeDecorator[Any]):
    """What a query answers for a key (``JSONField.from_db_value``): on SQLite a text that is JSON itself is parsed again."""

    impl = SaText
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else SaText())

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return None if dialect.driver == "asyncpg" else _parsed


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _index(key: str) -> int | None:
    try:
        return int(key)
    except ValueError:
        return None


def _path(keys: Iterable[str]) -> ColumnElement[str]:
    """``$."color"[0]`` (``compile_json_path``)."""
    parts = (f".{json.dumps(key)}" if _index(key) is None else f"[{int(key)}]" for key in keys)
    return literal("$" + "".join(parts), String())


def _below(column: Column, keys: tuple[str, ...], text: bool) -> ColumnElement[Any]:
    """PostgreSQL: ``column -> key``, ``column #> keys``, as text ``->>`` and ``#>>``."""
    kind = SaText() if text else KeyValue()
    if len(keys) > 1:
        return column.op("#>>" if text else "#>", return_type=kind)(literal(list(keys), ARRAY(SaText())))
    index = _index(keys[0])
    one: Any = literal(keys[0], String()) if index is None else literal(index)
    return column.op("->>" if text else "->", return_type=kind)(one)


def _extracted(column: Column, keys: tuple[str, ...]) -> ColumnElement[Any]:
    """SQLite: true, false and null as words, other values as they are."""
    path = _path(keys)
    kind = func.json_type(column, path)
    return case((kind.in_(_WORDS), kind), else_=func.json_extract(column, path, type_=KeyValue()))


def json_key(column: Column, *keys: str) -> Column:
    """``column__key``, ``column__key__0``: ordered by or shown (``KeyTransform``)."""
    return per_dialect(_below(column, keys, False), _extracted(column, keys))


def json_text(column: Column, *keys: str) -> Column:
    """What a text look-up of a key looks at (``KeyTextTransform``)."""
    return per_dialect(_below(column, keys, True), _extracted(column, keys))


def _dumped(column: Column, value: Any) -> str:
    encoder = column.type.encoder if isinstance(column.type, Json) else None
    return json.dumps(value, cls=encoder)


def _jsonb(column: Column, value: Any) -> ColumnElement[Any]:
    return _NULL if value is None else literal(value, column.type)


def _compared(column: Column, value: Any) -> ColumnElement[Any]:
    """SQLite: the other side of a comparison with what :func:`_extracted` gives."""
    dumped = _dumped(column, value)
    return (
        literal(dumped, String())
        if dumped in _WORDS
        else func.json_extract(literal(dumped, String()), literal("$", String()))
    )


def json_is(column: Column, value: Any, *keys: str) -> Condition:
    """``column__key=value``; without keys of the whole value. ``None`` is JSON's null, which is there."""
    if not keys:
        return per_dialect(
            column.op("=", is_comparison=True)(_jsonb(column, value)),
            column.op("=", is_comparison=True)(literal(_dumped(column, value), String())),
        )
    return per_dialect(
        _below(column, keys, False).op("=", is_comparison=True)(_jsonb(column, value)),
        _extracted(column, keys).op("=", is_comparison=True)(_compared(column, value)),
    )


def json_in(column: Column, values: Iterable[Any], *keys: str) -> Condition:
    """``column__key__in``: None is left out."""
    found = without_none(values)
    if not found:
        return false()
    return per_dialect(
        _below(column, keys, False).in_([_jsonb(column, value) for value in found]),
        _extracted(column, keys).in_([_compared(column, value) for value in found]),
    )


def json_compare(column: Column, sign: str, value: Any, *keys: str) -> Condition:
    """``column__key__gt``: ``sign`` is ``>``, ``>=``, ``<`` or ``<=``. SQLite has a number below every text."""
    return per_dialect(
        _below(column, keys, False).op(sign, is_comparison=True)(_jsonb(column, value)),
        _extracted(column, keys).op(sign, is_comparison=True)(literal(value)),
    )


def json_missing(column: Column, *keys: str) -> Condition:
    """``column__key__isnull=True``: the key is not there."""
    return per_dialect(_below(column, keys, False).is_(None), func.json_type(column, _path(keys)).is_(None))


def json_present(column: Column, *keys: str) -> Condition:
    """``column__key__isnull=False``: the key is there, with null or with a value."""
    return per_dialect(
        _below(column, keys, False).is_not(None), func.json_type(column, _path(keys)).is_not(None)
    )


def _typed(column: Column, keys: tuple[str, ...], key: str) -> Condition:
    """SQLite: the last key is a name, even if it is a number (``compile_json_path_final_key``)."""
    whole = literal(f"{_path(keys).value}.{json.dumps(key)}", String())
    return func.json_type(column, whole).is_not(None)


def _object(column: Column, keys: tuple[str, ...]) -> Column:
    return _below(column, keys, False) if keys else column


def has_key(column: Column, key: str, *keys: str) -> Condition:
    """``column__has_key``."""
    return per_dialect(
        _object(column, keys).op("?", is_comparison=True)(literal(key, String())),
        _typed(column, keys, key),
    )


def has_keys(column: Column, wanted: Iterable[Any], *keys: str) -> Condition:
    """``column__has_keys``: all of them."""
    names = [str(key) for key in wanted]
    postgres = _object(column, keys).op("?&", is_comparison=True)(literal(names, ARRAY(SaText())))
    if not names:
        raise ValueError("has_keys of no keys")
    other = _typed(column, keys, names[0])
    for key in names[1:]:
        other = other & _typed(column, keys, key)
    return per_dialect(postgres, other)


def has_any_keys(column: Column, wanted: Iterable[Any], *keys: str) -> Condition:
    """``column__has_any_keys``: one of them."""
    names = [str(key) for key in wanted]
    if not names:
        raise ValueError("has_any_keys of no keys")
    postgres = _object(column, keys).op("?|", is_comparison=True)(literal(names, ARRAY(SaText())))
    return per_dialect(postgres, or_(*(_typed(column, keys, key) for key in names)))


def json_contains(column: Column, value: Any, *keys: str) -> Condition:
    """``column__contains`` on PostgreSQL; SQLite has no such thing."""
    return _object(column, keys).op("@>", is_comparison=True)(_jsonb(column, value))


def json_contained_by(column: Column, value: Any, *keys: str) -> Condition:
    """``column__contained_by`` on PostgreSQL."""
    return _object(column, keys).op("<@", is_comparison=True)(_jsonb(column, value))
