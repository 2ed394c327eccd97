"""Filters that are not translated although the rest of their set is: requests that use them are left to Django.

A filter of django-filter whose parameter is absent narrows nothing (``Filter.filter`` and ``FilterMethod`` return the
queryset for ``EMPTY_VALUES``), so the other requests need no translation of it.
"""

from __future__ import annotations

from segue.refusal import Refusal
from segue.snapshot.model import FilterField, FilterSet
from segue.translate.context import Context
from segue.translate.specialise.fold import Made, Ref, plain

_FRAMEWORK = ("django_filters.", "django.")
# Widgets whose ``value_from_datadict`` looks at the parameter of the filter's name alone.
_WIDGETS = {
    *(f"django.forms.widgets.{name}" for name in (
        "Input", "TextInput", "NumberInput", "EmailInput", "URLInput", "HiddenInput", "MultipleHiddenInput", "Textarea",
        "DateInput", "DateTimeInput", "TimeInput", "Select", "SelectMultiple", "RadioSelect", "CheckboxSelectMultiple",
        "NullBooleanSelect",
    )),
    "django_filters.widgets.BooleanWidget", "django_filters.widgets.LinkWidget",
}  # fmt: skip
# What ``Field.clean`` of ``django.forms`` and its subclasses runs for an empty value.
_ON_BLANK = {
    "__init__", "__deepcopy__", "clean", "prepare_value", "to_python", "validate", "run_validators", "bound_data",
    "get_bound_field", "widget_attrs", "has_changed", "queryset", "_get_queryset", "_set_queryset", "choices", "_get_choices",
    "_set_choices", "iterator", "__getattr__", "__getattribute__", "compress", "_clean_bound_field",
}  # fmt: skip
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
    if "widget" in item.kwargs and not _one_parameter_widget(plain(item.kwargs["widget"])):
        return False  # it may read other parameters
    if required is not None and plain(required) is not False:
        return False
    if item.cls.startswith(_PACKAGE):
        return item.cls.rpartition(".")[2] in _ONE_PARAMETER
    known = ctx.snapshot.classes.get(item.cls)
    if known is None or not any(name in known.mro for name in _bases()):
        return False
    return all(dotted.startswith(_FRAMEWORK) for dotted in known.methods.values()) and all(
        a.defined_in.startswith(_FRAMEWORK) or (name == "field_class" and _blank_is_blank(ctx, item))
        for name, a in known.attributes.items()
    )


def _one_parameter_widget(widget: object) -> bool:
    name = widget.name if isinstance(widget, Ref) else widget.cls if isinstance(widget, Made) else ""
    return widget is None or name in _WIDGETS


def _blank_is_blank(ctx: Context, item: FilterField) -> bool:
    """Whether a form field of the project's own cleans an absent parameter as the field that it comes from."""
    known = ctx.snapshot.classes.get(item.form_field)
    if known is None or not any(m.startswith("django.forms.") for m in known.mro):
        return False
    return not any(
        method in _ON_BLANK and not dotted.startswith(_FRAMEWORK) for method, dotted in known.methods.items()
    ) and not any(
        name in ("widget", "hidden_widget", "empty_values", "required")
        and not a.defined_in.startswith(_FRAMEWORK)
        for name, a in known.attributes.items()
    )


def leave(ctx: Context, found: FilterSet, item: FilterField, reason: Refusal) -> None:
    """Note that requests with the parameter are Django's."""
    _noted(ctx, found.name)[item.name] = reason


def leave_parameter(ctx: Context, view: str, parameter: str, reason: Refusal) -> None:
    """Note that requests to the class ``view`` with the query parameter are Django's: its search, its order."""
    _noted(ctx, f"view {view}")[parameter] = reason


def view_parameters(ctx: Context, view: str) -> dict[str, Refusal]:
    """What :func:`leave_parameter` has noted."""
    return dict(_noted(ctx, f"view {view}"))


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
