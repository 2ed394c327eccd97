"""Queryset classes that define a method of Django's anew: whatever Segue has a rule for must be Django's own.

A manager made by ``as_manager()`` or ``from_queryset()`` begins with such a queryset (``BaseManager.get_queryset``), and
Django's own copies of ``filter``, ``create`` … on the manager call the queryset's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from segue.translate.interp.frame import Frame
from segue.translate.kinds import QuerySet
from segue.translate.rules import registry

# What Django, DRF and django-filter call on a view's or a relation's queryset without the code saying so.
_UNSAID = frozenset({"all", "count", "exclude", "exists", "filter", "get", "none", "order_by"})
# How a queryset works inside.
_INSIDE = frozenset(
    {
        "__bool__", "__getitem__", "__init__", "__iter__", "__len__", "_chain", "_clone", "_fetch_all", "_filter_or_exclude",
        "_filter_or_exclude_inplace", "_iterator", "_next_is_sticky", "iterator",
    }
)  # fmt: skip
# Those of related managers, which write through the queryset's.
_WRITES = frozenset({"create", "get_or_create", "update_or_create", "bulk_create"})


def check_begin(frame: Frame, label: str, manager: str, at: ast.AST) -> None:
    """Refuse to begin with ``manager`` of the model when its querysets read in a way of their own."""
    for name, place in _own(frame, label, manager):
        if name in _UNSAID or name in _INSIDE:
            raise frame.refuse(
                "queryset-class",
                place,
                f"It has a {name}() of its own, which every queryset of it may run.",
                at,
            )


def check_call(frame: Frame, label: str, name: str, at: ast.AST, manager: str = "") -> None:
    """Refuse a call of ``name`` where the queryset class of ``manager`` (of any of the model's, if '') defines it anew."""
    for begun in [manager] if manager else frame.ctx.model(label).querysets:
        for own, place in _own(frame, label, begun):
            if own == name:
                raise frame.refuse(
                    "queryset-class", place, f"The model's querysets have a {name}() of their own.", at
                )


def _own(frame: Frame, label: str, manager: str) -> Iterator[tuple[str, str]]:
    """Names and places of what the queryset class of ``manager`` redefines and no rule of its package accounts for."""
    known = frame.ctx.snapshot.classes.get(frame.ctx.model(label).querysets.get(manager, ""))
    if known is None:
        return
    accounted = {name.partition(".")[0] for name in registry.framework_methods}
    for name, place in sorted(known.methods.items()):
        if place.partition(".")[0] not in accounted and (
            name in _INSIDE or name in _UNSAID or (QuerySet, name) in registry.methods or name in _WRITES
        ):
            yield name, place
