"""Filters whose values are parted by commas (``BaseInFilter``, ``BaseRangeFilter``) or have two ends (``RangeFilter``)."""

from __future__ import annotations

import ast

from segue.refusal import Refused, refuse
from segue.snapshot.model import FilterField, FilterSet
from segue.target.ir import Import
from segue.translate.filters.classes import FilterClass
from segue.translate.filters.formats import own_formats
from segue.translate.filters.targets import compared_type
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import ListOf, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import pk_field, python_type
from segue.translate.rules import scopes
from segue.translate.specialise.fold import plain

# Plain filter → cleaner of segue_bridge.filters.cleaning, and the type it gives.
_CLEANERS = {
    "CharFilter": ("text", "str"),
    "DateFilter": ("date", "date"),
    "DateTimeFilter": ("datetime", "datetime"),
    "IsoDateTimeFilter": ("iso_datetime", "datetime"),
    "TimeFilter": ("time", "time"),
    "DurationFilter": ("duration", "timedelta"),
    "UUIDFilter": ("identifier", "UUID"),
    "NumberFilter": ("number", "Decimal"),
}
# Two parameters: kind of segue_bridge's form.range, and the type of its ends.
RANGES = {
    "RangeFilter": ("number", "Decimal"),
    "DateFromToRangeFilter": ("date", "datetime"),
    "DateTimeFromToRangeFilter": ("datetime", "datetime"),
    "IsoDateTimeFromToRangeFilter": ("iso_datetime", "datetime"),
    "TimeRangeFilter": ("time", "time"),
}


def read_many(
    frame: Frame, found: FilterSet, item: FilterField, kind: FilterClass, form: str, local: str, extra: str
) -> Val:
    """``ids = form.many("ids", cleaning.integer)``: a list, or nothing. ``range``: ``form.pair``."""
    if kind.base == "ModelChoiceFilter" and kind.several == "in":
        return read_keys(frame, found, item, form, local, extra, reader="find_each")
    if kind.base not in _CLEANERS:
        raise _refuse(found, item, f"Several values of a {kind.base} are not translated yet.")
    if {"min_value", "max_value", "strip", "min_length", "max_length"} & set(item.kwargs):
        raise _refuse(found, item, "Limits of values parted by commas are not translated yet.")
    cleaner, type_ = _CLEANERS[kind.base]
    if kind.base == "NumberFilter":
        type_ = _number(frame, found, item)
        cleaner = "integer" if type_ == "int" else "number"
    frame.use(Import("segue_bridge.filters", "cleaning"))
    reader = "many" if kind.several == "in" else "pair"
    one = f"cleaning.{cleaner}"
    formats = own_formats(frame.ctx, cleaner)
    if formats is not None:
        frame.use(Import("functools", "partial"))
        one = f"partial({one}, formats={formats[0]})"
        frame.use(*formats[1])
    frame.emit(f'{local} = {form}.{reader}("{item.name}", {one}{extra})')
    return Val(ListOf(Scalar(type_, type_ != "str")), name(local))


def read_range(
    frame: Frame, found: FilterSet, item: FilterField, base: str, form: str, local: str, extra: str
) -> Val:
    """``price = form.range("price")``: two ends, or nothing."""
    if "widget" in item.kwargs and plain(item.kwargs["widget"]) is not None:
        raise _refuse(found, item, "A range with a widget of its own is not translated yet.")
    kind, type_ = RANGES[base]
    if base == "RangeFilter":
        type_ = _number(frame, found, item)
        kind = "integer" if type_ == "int" else kind
    if own_formats(frame.ctx, kind) is not None:
        raise _refuse(found, item, "A range in formats of the project's own is not translated yet.")
    given = "" if kind == "number" else f', "{kind}"'
    frame.emit(f'{local} = {form}.range("{item.name}"{given}{extra})')
    return Val(ListOf(Scalar(type_)), name(local))


def _number(frame: Frame, found: FilterSet, item: FilterField) -> str:
    kind = "Decimal"
    if not item.method:
        kind = compared_type(frame.ctx, found.model, item.field_name, item.lookup_expr)
    if kind not in ("int", "Decimal", "float"):
        raise _refuse(found, item, f"A number meets a {kind} column.")
    return kind


def read_keys(
    frame: Frame, found: FilterSet, item: FilterField, form: str, local: str, extra: str, *, reader: str
) -> Val:
    """Keys of rows that exist, or nothing: ``find_each`` (``BaseInFilter``), ``find_choices`` (repeated parameters).

    ``authors = await find_choices(form, db, "authors", select(Author.id), Author.id)``
    """
    label = item.queryset_model
    given = item.kwargs.get("queryset")
    if not label or label not in frame.ctx.snapshot.models or (given is not None and len(given.pairs) > 1):
        raise _refuse(found, item, "The filter's choices are computed.")
    if scopes.has_scoped_rows(frame.ctx, label):
        raise _refuse(found, item, "The filter's choices are the rows of a scope (django-scopes).")
    pk = pk_field(frame.ctx, label)
    by = plain(item.kwargs["to_field_name"]) if "to_field_name" in item.kwargs else None
    if by not in (None, "pk", pk.name):
        raise _refuse(found, item, "Choices by another field than the key are not translated yet.")
    cls, imported = entity_type(frame.ctx, label)
    frame.use(imported, Import("segue_bridge.filters.related", reader), Import("sqlalchemy", "select"))
    column = f"{cls}.{pk.attname}"
    db = ast.unparse(frame.db)
    frame.emit(f'{local} = await {reader}({form}, {db}, "{item.name}", select({column}), {column}{extra})')
    return Val(ListOf(Scalar(python_type(frame.ctx, pk), reader == "find_each")), name(local))


def _refuse(found: FilterSet, item: FilterField, why: str) -> Refused:
    return refuse("filter", f"{found.name.rpartition('.')[2]}.{item.name}", why, item.where or found.where)
