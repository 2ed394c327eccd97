"""Entities with relations that a loader has read for them."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def loaded(entity: T, **relations: object) -> T:
    """``entity`` with its relations set, so that reading them never asks the database.

    The instance dictionary is where SQLAlchemy keeps loaded attributes; setting them through the
    relationship would be a change to it.
    """
    entity.__dict__.update(relations)
    return entity
