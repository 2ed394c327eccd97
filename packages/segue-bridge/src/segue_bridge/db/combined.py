"""Statements made one: over one model (``QuerySet.__or__``, ``QuerySet.__and__``), and as sets of rows.

Source of the second: ``django.db.models.sql.compiler.SQLCompiler.get_combinator_sql``. A part that cannot have rows is left out of a
union and of what is taken away; where nothing is left nothing is asked (see :func:`segue_bridge.db.reads.empty`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, except_, false, intersect, or_, select, union, union_all
from sqlalchemy.orm import InstrumentedAttribute

from segue_bridge.db.reads import AnySelect, empty


def both(first: AnySelect, second: AnySelect) -> AnySelect:
    """The rows of ``first`` that are rows of ``second`` too, in the order of ``first``."""
    return first.where(*second._where_criteria)


def either(first: AnySelect, second: AnySelect) -> AnySelect:
    """The rows of ``first`` and those of ``second``, each once, in the order of ``first``."""
    one, other = first.whereclause, second.whereclause
    made = first._generate()
    made._where_criteria = () if one is None or other is None else (or_(one, other),)
    return made


def united(*parts: AnySelect, every: bool = False) -> AnySelect:
    """The rows of all ``parts``, each once unless ``every`` is wanted."""
    found = [part for part in parts if not empty(part)]
    if not found:
        return parts[0].where(false())
    if len(found) == 1:
        return _whole(found[0])
    return _whole(union_all(*found) if every else union(*found))


def common(*parts: AnySelect) -> AnySelect:
    """The rows that all ``parts`` have, each once."""
    nothing = next((part for part in parts if empty(part)), None)
    return _whole(intersect(*parts)) if nothing is None else nothing


def remaining(first: AnySelect, *others: AnySelect) -> AnySelect:
    """The rows of ``first`` that none of the ``others`` has, each once."""
    found = [part for part in others if not empty(part)]
    if empty(first):
        return first
    return _whole(except_(first, *found) if found else first)


def _whole(rows: CompoundSelect[Any] | AnySelect) -> AnySelect:
    return select(rows.subquery())


def rows_of(key: InstrumentedAttribute[Any], keys: AnySelect) -> AnySelect:
    """The objects with these keys, as often as there are ``keys``."""
    if empty(keys):
        return select(key).where(false())
    found = keys.subquery()
    return select(key).join(found, found.c[0] == key)
