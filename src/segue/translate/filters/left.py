"""Filters that are not translated although the rest of their set is: requests that use them are left to Django.

A filter of django-filter whose parameter is absent narrows nothing (``Filter.filter`` and ``FilterMethod`` return the
queryset for ``EMPTY_VALUES``), so the other requests need no translation of it.
"""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import FilterField, FilterSet
from segue.translate.context import Context
from segue.translate.specialise.fold import plain

_PACKAGE = ("django_filters.filters.", "django_filters.rest_framework.filters.")
# Filters that look at the one parameter of their name, and do nothing without it.
_ONE_PARAMETER = {
    "AllValuesFilter", "AllValuesMultipleFilter", "BooleanFilter", "CharFilter", "ChoiceFilter", "DateFilter", "DateTimeFilter",
    "DurationFilter", "Filter", "IsoDateTimeFilter", "ModelChoiceFilter", "ModelMultipleChoiceFilter", "MultipleChoiceFilter",
    "NumberFilter", "OrderingFilter", "TimeFilter", "TypedChoiceFilter", "TypedMultipleChoiceFilter", "UUIDFilter",
}  # fmt: skip


def can_be_left(ctx: Context, item: FilterField) -> bool:
    """Whether a request without the filter's parameter is sure not to be touched by it."""
    required = item.kwargs.get("required")
    if "widget" in item.kwargs and plain(item.kwargs["widget"]) is not None:
        return False  # it may read other parameters
    if required is not None and plain(required) is not False:
        return False
    if item.cls.startswith(_PACKAGE):
        return item.cls.rpartition(".")[2] in _ONE_PARAMETER
    known = ctx.snapshot.classes.get(item.cls)
    if known is None or not any(name in known.mro for name in _bases()):
        return False
    return all(
        dotted.startswith(("django_filters.", "django.")) for dotted in known.methods.values()
    ) and all(a.defined_in.startswith(("django_filters.", "django.")) for a in known.attributes.values())


def leave(ctx: Context, found: FilterSet, item: FilterField, reason: Refusal) -> None:
    """Note that requests with the parameter are Django's."""
    _noted(ctx, found.name)[item.name] = reason


def left_parameters(ctx: Context, name: str) -> dict[str, Refusal]:
    """Query parameters of the FilterSet ``name`` whose requests are Django's, and why."""
    return dict(_noted(ctx, name))


def _noted(ctx: Context, name: str) -> dict[str, Refusal]:
    known = ctx.memo.setdefault(("filters", "left"), {})
    assert isinstance(known, dict)
    found: dict[str, Refusal] = known.setdefault(name, {})
    return found


def _bases() -> list[str]:
    return [f"{package}{name}" for package in _PACKAGE for name in sorted(_ONE_PARAMETER)]
