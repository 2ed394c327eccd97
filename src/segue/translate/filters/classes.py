"""What a filter is underneath: the plain filter it cleans values like, and how it takes several.

``BaseInFilter`` and ``BaseRangeFilter`` are mixed with a plain filter, by people (``class NumberInFilter(BaseInFilter,
NumberFilter)``) and by django-filter itself (``{"id": ["in"]}`` makes a ``ConcreteInFilter``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, FilterField, FilterSet, Value
from segue.translate.context import Context
from segue.translate.specialise.fold import Made, Ref, plain

_F = "django_filters.filters."
_R = "django_filters.rest_framework.filters."
# Arguments that change no answer, or that the readers of this room look at themselves.
_READ = {
    "choices", "conjoined", "empty_label", "field_class", "help_text", "label", "null_label", "null_value", "param_map",
    "queryset", "required", "to_field_name", "min_value", "max_value", "decimal_places", "max_digits",
}  # fmt: skip
_TEXT = {"strip", "min_length", "max_length"}
# Widgets that give the parameter as it was sent.
_INPUTS = {
    f"django.forms.widgets.{name}"
    for name in (
        "Input", "TextInput", "NumberInput", "EmailInput", "URLInput", "HiddenInput", "Textarea", "DateInput",
        "DateTimeInput", "TimeInput", "Select", "RadioSelect",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilterClass:
    """``base``: ``NumberFilter``, …; ``several``: ``in`` or ``range`` for values parted by commas."""

    base: str
    several: Literal["", "in", "range"] = ""


def class_of(ctx: Context, found: FilterSet, item: FilterField) -> FilterClass:
    """Raises ``Refused`` for a class, or an argument, that changes what django-filter's own do."""
    if item.cls.startswith((_F, _R)):
        name = item.cls.rpartition(".")[2]
        _check_arguments(found, item, name)
        return FilterClass(name)
    known = ctx.snapshot.classes.get(item.cls)
    if known is None:
        raise _refused(found, item, f"{item.cls} is not translated yet.")
    bases = [m.rpartition(".")[2] for m in known.mro if m.startswith((_F, _R))]
    if not bases:
        raise _refused(found, item, f"{item.cls} is not translated yet.")
    changed = _changed(known)
    if changed:
        raise refuse(
            "filter",
            f"{item.cls.rpartition('.')[2]}.{changed[0]}",
            f"The filter {item.name} has a class of its own that overrides this.",
            known.where,
        )
    several: Literal["", "in", "range"] = (
        "in" if "BaseInFilter" in bases else "range" if "BaseRangeFilter" in bases else ""
    )
    plain_ones = [b for b in bases if b not in ("BaseInFilter", "BaseRangeFilter", "BaseCSVFilter")]
    _check_arguments(found, item, plain_ones[0])
    return FilterClass(plain_ones[0], several)


def _changed(known: Class) -> list[str]:
    """Names that a class outside of django-filter gives a meaning of its own."""
    framework = ("django_filters.", "django.", "rest_framework.")
    methods = [m for m, dotted in known.methods.items() if not dotted.startswith(framework)]
    return methods + [a for a, v in known.attributes.items() if not v.defined_in.startswith(framework)]


def _check_arguments(found: FilterSet, item: FilterField, base: str) -> None:
    for argument, value in item.kwargs.items():
        if argument in _READ or plain(value) is None or (argument in _TEXT and base == "CharFilter"):
            continue
        if argument == "widget" and (base == "BooleanFilter" or _gives_as_sent(value)):
            continue
        raise _refused(found, item, f"The argument {argument} of a filter is not translated yet.")


def _gives_as_sent(value: Value) -> bool:
    widget = plain(value)
    if isinstance(widget, Made):
        return widget.cls in _INPUTS
    return isinstance(widget, Ref) and widget.name in _INPUTS


def text_limits(item: FilterField) -> str:
    """``, strip=False, max_length=9``: the arguments of a ``CharFilter`` that the reader takes."""
    given = {name: plain(item.kwargs[name]) for name in sorted(_TEXT & set(item.kwargs))}
    return "".join(f", {k}={v!r}" for k, v in given.items() if v is not None and (k, v) != ("strip", True))


def _refused(found: FilterSet, item: FilterField, why: str) -> Refused:
    return refuse("filter", f"{found.name.rpartition('.')[2]}.{item.name}", why, item.where or found.where)
