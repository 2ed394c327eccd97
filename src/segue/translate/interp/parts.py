"""What lists, tuples, dicts and objects of the project hold, kind by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segue.translate.kinds import DictOf, Kind, ListOf, Record, TupleOf


def parts(kind: Kind | None) -> tuple[Kind, ...]:
    """The kinds of what ``kind`` holds; none for what is no list, tuple, dict or object of the project's."""
    match kind:
        case ListOf(item=item):
            return (item,)
        case TupleOf(items=items):
            return tuple(items)
        case DictOf(items=items, value=value):
            return (*(item for _, item in items), *(() if value is None else (value,)))
        case Record(fields=fields):
            return tuple(held for _, held in fields)
    return ()


def with_parts(kind: Kind, change: Callable[[Kind], Kind]) -> Kind:
    """``kind`` with ``change`` of each of its :func:`parts`."""
    match kind:
        case ListOf():
            return replace(kind, item=change(kind.item))
        case TupleOf():
            return replace(kind, items=tuple(map(change, kind.items)))
        case DictOf():
            items = tuple((key, change(item)) for key, item in kind.items)
            return replace(kind, items=items, value=None if kind.value is None else change(kind.value))
        case Record():
            return replace(kind, fields=tuple((name, change(held)) for name, held in kind.fields))
    return kind


__all__ = ["parts", "with_parts"]
