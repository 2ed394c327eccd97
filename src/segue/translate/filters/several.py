"""Filters of django-filter that take several values: ``MultipleChoiceFilter`` and its ``OrderingFilter``."""

from __future__ import annotations

import ast

from segue.refusal import refuse
from segue.snapshot.model import FilterField, FilterSet, Value
from segue.target.ir import Import
from segue.translate.filters.ordering import ordering_column
from segue.translate.filters.targets import column_type
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import ListOf, QuerySet, Scalar
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain


def read_choices(frame: Frame, found: FilterSet, item: FilterField, form: str, local: str) -> Val:
    """``status = form.multiple_choice("status", (...))``: a list of texts, or nothing."""
    where, title = found.where, f"{found.name.rpartition('.')[2]}.{item.name}"
    if plain(item.kwargs.get("conjoined", Value("const", False))):
        raise refuse("filter", title, "Choices that must all hold are not translated yet.", where)
    if column_type(frame.ctx, found.model, item.field_name) != "str":
        raise refuse("filter", title, "Choices of a column that is no text are not translated yet.", where)
    values = [plain(value) for value, _ in item.choices]
    null = plain(item.kwargs.get("null_value", Value("const", "null")))
    if not values or not all(isinstance(v, str) for v in values) or null in values:
        raise refuse("filter", title, "Segue cannot write its choices down.", where)
    required = ", required=True" if plain(item.kwargs.get("required", Value("const", False))) else ""
    frame.emit(f'{local} = {form}.multiple_choice("{item.name}", {tuple(values)!r}{required})')
    return Val(ListOf(Scalar("str")), name(local))


def read_order(
    frame: Frame, endpoint: Endpoint, found: FilterSet, item: FilterField, form: str, local: str
) -> Val:
    """``order = form.ordering("order", {parameter: field})``: names with signs, or nothing."""
    fields, allowed = _fields(found, item)
    expected = {f"{sign}{key}" for key in fields for sign in ("", "-")}
    extra = "" if set(allowed) == expected else f", choices={tuple(allowed)!r}"
    frame.emit(f'{local} = {form}.ordering("{item.name}", {fields!r}{extra})')
    return Val(ListOf(Scalar("str")), name(local))


def order_by(
    frame: Frame,
    endpoint: Endpoint,
    found: FilterSet,
    item: FilterField,
    current: Val,
    given: str,
    local: str,
) -> Val:
    """``queryset.order_by(*names)`` where the parameter was given; a lone blank clears the order."""
    assert isinstance(current.kind, QuerySet)
    fields, _ = _fields(found, item)
    columns = {
        field: ordering_column(frame, endpoint, current.kind.query.model, field)
        for field in dict.fromkeys(fields.values())
    }
    frame.use(Import("segue_bridge.filters.ordering", "terms"))
    mapping = ", ".join(f"{field!r}: {ast.unparse(column)}" for field, column in columns.items())
    frame.emit_block(
        f"if {given} is not None:",
        [f"{local} = {local}.order_by(None).order_by(*terms({given}, {{{mapping}}}))"],
    )
    query = current.kind.query
    return Val(QuerySet(query.with_(order="done", meta_written=False, loose=query.open_order)), name(local))


def _fields(found: FilterSet, item: FilterField) -> tuple[dict[str, str], list[str]]:
    """Parameter value → field, and all allowed values with their signs."""
    given = item.kwargs.get("param_map")
    pairs = [(plain(k), plain(v)) for k, v in given.pairs] if given is not None else []
    values = [plain(value) for value, _ in item.choices]
    texts = [text for pair in pairs for text in pair] + values
    if not pairs or not all(isinstance(text, str) for text in texts):
        title = f"{found.name.rpartition('.')[2]}.{item.name}"
        raise refuse("filter", title, "Segue cannot write its fields down.", found.where)
    return {str(k): str(v) for k, v in pairs}, [str(v) for v in values]
