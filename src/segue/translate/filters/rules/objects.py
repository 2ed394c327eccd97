"""``ArticleFilter(data, queryset).qs``: a FilterSet that code makes itself, as services and selectors do.

Source: ``django_filters.filterset.BaseFilterSet.qs``: what a filter does not understand narrows nothing. The object has no code.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from segue.target.ir import Import
from segue.translate.filters.classes import class_of
from segue.translate.filters.filtersets import check_class, narrow, read
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Const, DictOf, Kind, QueryParameters, QuerySet, Scalar, ValidatedData
from segue.translate.query.build import commit
from segue.translate.rules.registry import attribute
from segue.translate.serializers.added import may_be_put
from segue.translate.serializers.facts import serializer_of
from segue.translate.serializers.values import kinds_by_source

# Types of values whose text a filter reads as it reads the value.
_READ = {
    "CharFilter": ("str", "int", "UUID", "bool"),
    "ChoiceFilter": ("str", "int", "bool"),
    "NumberFilter": ("str", "int", "float", "Decimal", "bool"),
    "BooleanFilter": ("str", "bool"),
    "UUIDFilter": ("str", "UUID"),
}


@dataclass(frozen=True, slots=True)
class FilterSetObject(Kind):
    """A FilterSet that code has made: its class, what it was given (``data``, a :class:`Val`) and the rows."""

    cls: str
    data: Any
    rows: Any


def construct_filterset(frame: Frame, dotted: str, call: CallSite) -> Val | None:
    """``ArticleFilter(data, queryset)``, ``ArticleFilter(request.GET, queryset=rows)``; None for what is no FilterSet."""
    if dotted not in frame.ctx.snapshot.filtersets:
        return None
    call.only("data", "queryset", "request", at_most=2)
    data, rows = call.argument(0, "data"), call.argument(1, "queryset")
    if data is None or rows is None or not isinstance(rows.kind, QuerySet):
        raise frame.refuse(
            "filterset", ast.unparse(call.node), "It is made without data or a queryset.", call.node
        )
    return Val(FilterSetObject(dotted, data, rows))


@attribute(FilterSetObject, "qs")
def rows(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``filterset.qs``: the rows, narrowed by each filter whose value was given and is one."""
    kind = owner.kind
    assert isinstance(kind, FilterSetObject)
    found = frame.ctx.snapshot.filtersets[kind.cls]
    check_class(frame.ctx, found)
    value = commit(frame, kind.rows)
    assert isinstance(value.kind, QuerySet)
    if not found.model:
        found = replace(found, model=value.kind.query.model)
    frame.use(Import("segue_bridge.filters.forms", "FilterForm"))
    source = _source(frame, kind.data, node)
    types = _types(frame, kind.data, node)
    form, local = frame.fresh("form"), frame.fresh("statement")
    current = Val(value.kind, name(local))
    reads: list[str] = []
    steps: list[str] = []
    for item in found.filters:
        sort = class_of(frame.ctx, found, item)
        if types is not None:
            given = types.get(item.name)
            if given is None:
                continue  # nobody gives it
            if sort.several or given not in _READ.get(sort.base, ()):
                raise frame.refuse(
                    "filterset", f"{found.name}.{item.name}", f"It is given a {given}, no text.", node
                )
        with frame.capture() as reading:
            value_of = read(frame, None, found, item, sort, form)
        with frame.capture() as narrowing:
            current = narrow(frame, None, found, item, sort, value_of, current, local)
        reads += reading
        steps += narrowing
    if not reads:
        return value
    frame.emit(f"{form} = FilterForm({ast.unparse(source)})")
    frame.lines += [*reads, f"{local} = {value.text}", *steps]
    return current


def _source(frame: Frame, data: Val, node: ast.AST) -> ast.expr:
    if data.node is None:
        raise frame.refuse("filterset", "data", "This has no form in the generated code.", node)
    if isinstance(data.kind, QueryParameters):
        return data.node
    return quote("{0}.of({1})", frame.imported("segue_bridge.http.query", "QueryParams"), data.node)


def _types(frame: Frame, data: Val, node: ast.AST) -> dict[str, str] | None:
    """The type of what is given to each filter by name; None where it is query parameters."""
    match data.kind:
        case QueryParameters():
            return None
        case DictOf(items=items, value=None):
            kinds = dict(items)
        case ValidatedData(serializer=serializer):
            known = kinds_by_source(frame.ctx, serializer_of(frame.ctx, serializer))
            kinds = dict(known)
            if any(may_be_put(frame.ctx, serializer, one) for one in ("", *known)):
                raise frame.refuse("filterset", "data", "Hooks may have put something else in.", node)
        case _:
            raise frame.refuse("filterset", "data", "Segue does not know what its data is.", node)
    found: dict[str, str] = {}
    for key, kind in kinds.items():
        match kind:
            case Const(value=None):
                continue
            case Const(value=value):
                found[key] = type(value).__name__
            case Scalar(type=text):
                found[key] = text
            case _:
                found[key] = type(kind).__name__
    return found


__all__ = ["FilterSetObject", "construct_filterset"]
