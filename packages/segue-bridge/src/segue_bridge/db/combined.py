"""Statements over one model made one (``QuerySet.__or__``, ``QuerySet.__and__``)."""

from __future__ import annotations

from sqlalchemy import or_

from segue_bridge.db.reads import AnySelect


def both(first: AnySelect, second: AnySelect) -> AnySelect:
    """The rows of ``first`` that are rows of ``second`` too, in the order of ``first``."""
    return first.where(*second._where_criteria)


def either(first: AnySelect, second: AnySelect) -> AnySelect:
    """The rows of ``first`` and those of ``second``, each once, in the order of ``first``."""
    one, other = first.whereclause, second.whereclause
    made = first._generate()
    made._where_criteria = () if one is None or other is None else (or_(one, other),)
    return made
