"""``ArticleFilter(data, queryset).qs``: a FilterSet that code makes itself, as services and selectors do.

Source: ``django_filters.filterset.BaseFilterSet.qs``: what a filter does not understand narrows nothing. The object has no code.
"""

from __future__ import annotations

import ast
import textwrap
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
from segue.translate.serializers.added import may_be_put, never_there
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
    """A FilterSet that code has made: its class, what it was given (``data``, a :class:`Val`) and the rows.

    ``function`` is where, ``named`` what the names were there that it was given.
    """

    cls: str
    data: Any
    rows: Any
    function: str
    named: Any


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
    if isinstance(data.kind, DictOf) and _is_shared(frame, call):
        why = "Its data has another name, under which something may be put in."
        raise frame.refuse("filterset", ast.unparse(call.node), why, call.node)
    names = {part.id for part in ast.walk(call.node) if isinstance(part, ast.Name)}
    named = {one: frame.env[one] for one in sorted(names & frame.env.keys())}
    return Val(FilterSetObject(dotted, data, rows, frame.function.name, named))


def _is_shared(frame: Frame, call: CallSite) -> bool:
    """Whether the function does more with the dict than to give it to FilterSets and to ask it by its own name."""
    given = call.node.args[0] if isinstance(call.node, ast.Call) and call.node.args else None
    if not isinstance(given, ast.Name):
        given = next((k.value for k in getattr(call.node, "keywords", ()) if k.arg == "data"), None)
    if not isinstance(given, ast.Name):
        return False
    expected: set[int] = set()
    tree = ast.parse(textwrap.dedent(frame.function.source))
    for part in ast.walk(tree):
        match part:
            case ast.Subscript(value=ast.Name() as used) | ast.Attribute(value=ast.Name() as used):
                expected.add(id(used))
            case ast.Call(func=ast.Name() | ast.Attribute() as called, args=[ast.Name() as used, *_]) if (
                ast.unparse(called) == ast.unparse(getattr(call.node, "func", called))
            ):
                expected.add(id(used))
            case ast.keyword(arg="data", value=ast.Name() as used):
                expected.add(id(used))
            case ast.Assign([ast.Name(target)], ast.BoolOp(ast.Or(), [ast.Name() as used, *_])) if (
                target == given.id
            ):
                expected.add(id(used))
    return any(
        isinstance(part, ast.Name)
        and part.id == given.id
        and isinstance(part.ctx, ast.Load)
        and id(part) not in expected
        for part in ast.walk(tree)
    )


@attribute(FilterSetObject, "qs")
def rows(frame: Frame, owner: Val, attr: str, node: ast.AST) -> Val:
    """``filterset.qs``: the rows, narrowed by each filter whose value was given and is one."""
    kind = owner.kind
    assert isinstance(kind, FilterSetObject)
    found = frame.ctx.snapshot.filtersets[kind.cls]
    check_class(frame.ctx, found)
    if kind.function != frame.function.name or any(frame.env.get(n) is not v for n, v in kind.named.items()):
        why = "What it was given may be something else by now."
        raise frame.refuse("filterset", ast.unparse(node), why, node)
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
            reads_it = not sort.several and sort.base in _READ  # a range has its values under other names
            given = types.get(item.name)
            if given is None and reads_it:
                _never_given(frame, kind.data.kind, item.name, node)
                continue
            if not reads_it or given not in _READ[sort.base]:
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


def _never_given(frame: Frame, data: Kind, key: str, node: ast.AST) -> None:
    """Refuse where code may put ``key`` in validated data; it may not from here on."""
    if isinstance(data, ValidatedData) and not never_there(frame.ctx, data.serializer, key):
        raise frame.refuse("filterset", key, "Code may have put it into the validated data.", node)


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
