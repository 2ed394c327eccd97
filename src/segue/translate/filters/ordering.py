"""``rest_framework.filters.OrderingFilter`` over columns of the model and its to-one relations' keys."""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.translate.filters.backends import local, names, ready
from segue.translate.filters.left import leave_parameter
from segue.translate.filters.parameters import param
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import QuerySet
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import field_of, pk_field
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

_BACKEND = "rest_framework.filters.OrderingFilter"


def order(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """``?ordering=`` over ``ordering_fields``, else ``ordering``, else as it is."""
    for hook in ("get_ordering", "get_default_ordering", "get_valid_fields"):
        if endpoint.overridden(hook):
            raise endpoint.refuse_method(hook, f"An overridden {hook} is not translated yet.")
    value = ready(frame, value)
    assert isinstance(value.kind, QuerySet)
    if value.kind.query.sliced:
        raise endpoint.refuse("ordering", "OrderingFilter", "A sliced query is ordered: DRF fails here.")
    model = value.kind.query.model
    allowed = _allowed(frame, endpoint, value)
    default = names(endpoint.attribute("ordering"))
    if any(d.startswith("?") or not isinstance(d, str) for d in default):
        raise endpoint.refuse("ordering", "ordering", "Random order is not translated.")
    columns = _columns(frame, endpoint, model, allowed)
    extra = {
        d.lstrip("-"): ordering_column(frame, endpoint, model, d.lstrip("-"))
        for d in default
        if d.lstrip("-") not in columns
    }
    if value.kind.query.distinct and any(
        "scalar_subquery" in ast.unparse(c) for c in (*columns.values(), *extra.values())
    ):
        why = "Rows that are told apart (distinct) are ordered by a column of another table: PostgreSQL does not take it as it is written here."
        raise endpoint.refuse("ordering", "distinct()", why)
    call = quote(
        "{0}({1}, {2}, {3})",
        frame.imported("segue_bridge.filters.ordering", "ordering"),
        value.node or literal(None),
        frame.state("call"),
        _mapping(columns),
    )
    assert isinstance(call, ast.Call)
    if default:
        call.args.append(literal(tuple(default)))
    call.keywords += param(endpoint, _BACKEND, "ordering_param", "ORDERING_PARAM", "ordering")
    if extra:
        call.keywords.append(ast.keyword("columns", _mapping(extra)))
    loose = value.kind.query.open_order and not default
    return local(frame, value, call, order="done", meta_written=False, loose=loose)


def _columns(frame: Frame, endpoint: Endpoint, model: str, allowed: list[str]) -> dict[str, ast.expr]:
    """What each name orders by; where that is not known of one, requests that name an order are left to Django."""
    found: dict[str, ast.expr] = {}
    for text in allowed:
        try:
            found[text] = ordering_column(frame, endpoint, model, text)
        except Refused as refused:
            leave_parameter(endpoint.ctx, endpoint.cls, ordering_param(endpoint), refused.refusal)
    return found


def ordering_param(endpoint: Endpoint) -> str:
    """The name of ``?ordering=`` in this project."""
    named = param(endpoint, _BACKEND, "ordering_param", "ORDERING_PARAM", "ordering")
    return str(getattr(named[0].value, "value", "ordering")) if named else "ordering"


def _mapping(columns: dict[str, ast.expr]) -> ast.expr:
    return ast.Dict([literal(n) for n in columns], list(columns.values()))


def _allowed(frame: Frame, endpoint: Endpoint, value: Val) -> list[str]:
    """``get_valid_fields``: the names clients may use."""
    assert isinstance(value.kind, QuerySet)
    given = plain(endpoint.attribute("ordering_fields"))
    if given is None:
        return _from_serializer(frame, endpoint)
    if given == "__all__":
        model = frame.ctx.model(value.kind.query.model)
        annotated = [a.name for a in value.kind.query.annotations]
        if annotated:
            raise endpoint.refuse("ordering", "__all__", "Ordering by annotations is not translated yet.")
        return [
            f.name for f in model.fields if f.column or (f.relation is not None and f.relation.kind == "m2m")
        ]
    if isinstance(given, str):
        given = list(
            given
        )  # DRF goes through it as through any other list: a name of several letters allows none
    if isinstance(given, list):
        out = []
        for item in given:
            if isinstance(item, str):
                out.append(item)
            elif isinstance(item, list) and item and isinstance(item[0], str):
                out.append(item[0])
            else:
                raise endpoint.refuse("ordering", repr(item), "Segue does not know this ordering field.")
        return out
    raise endpoint.refuse("ordering", "ordering_fields", "Segue does not know these ordering fields.")


def _from_serializer(frame: Frame, endpoint: Endpoint) -> list[str]:
    """``get_default_valid_fields``: the serializer's readable fields by source, but for properties of the model.

    What is no column either fails in ``order_by`` (a ``cached_property``, a method): no order that clients ask for is ours then.
    """
    from segue.translate.views.generic import serializer_class

    serializer = frame.ctx.snapshot.serializers[serializer_class(endpoint)]
    out = []
    for item in serializer.fields:
        if item.write_only or item.source == "*":
            continue
        source = item.source.replace(".", "__") or item.name
        if source not in out:
            out.append(source)
    model = frame.ctx.model(serializer.model) if serializer.model else None
    return [n for n in out if model is None or not _is_property(frame, model.cls, n)]


def _is_property(frame: Frame, cls: str, attribute: str) -> bool:
    known = frame.ctx.snapshot.classes.get(cls)
    function = (
        frame.ctx.snapshot.functions.get(known.methods.get(attribute, "")) if known is not None else None
    )
    return function is not None and function.role == "property"


def ordering_column(frame: Frame, endpoint: Endpoint, model: str, text: str) -> ast.expr:
    """The column that ``order_by(text)`` means. Raises ``Refused`` for what is no column of the model."""
    found = pk_field(frame.ctx, model) if text == "pk" else field_of(frame.ctx.model(model), text)
    if found is None and "__" in text:
        return _behind(frame, endpoint, model, text)
    if found is None or not found.column:
        raise endpoint.refuse("ordering", text, "Only columns of the model itself are ordered by yet.")
    if found.relation is not None and text == found.name and frame.ctx.model(found.relation.to).ordering:
        return _by_related(frame, endpoint, model, found.name, found.relation.to)
    cls, item = entity_type(frame.ctx, model)
    frame.use(item)
    return name(f"{cls}.{found.attname}")


def _behind(frame: Frame, endpoint: Endpoint, model: str, text: str) -> ast.expr:
    """``order_by("author__name")``: a column of a model behind foreign keys, which Django joins."""
    from segue.translate.filters.search import scalar

    *relations, last = text.split("__")
    label = model
    for relation in relations:
        link = field_of(frame.ctx.model(label), relation)
        if link is None or link.relation is None or link.relation.kind not in ("fk", "o2o"):
            raise endpoint.refuse("ordering", text, "It is no column behind foreign keys of the model.")
        label = link.relation.to
    column = pk_field(frame.ctx, label) if last == "pk" else field_of(frame.ctx.model(label), last)
    if column is None or not column.column or (column.relation is not None and last == column.name):
        raise endpoint.refuse("ordering", text, "It is no column behind foreign keys of the model.")
    return scalar(frame, endpoint, model, relations, column.attname, label)


def _by_related(frame: Frame, endpoint: Endpoint, model: str, relation: str, target: str) -> ast.expr:
    """``order_by("author")``: the ``Meta.ordering`` of the other model, which Django joins."""
    from segue.translate.filters.search import scalar

    parts: list[ast.expr] = []
    for term in frame.ctx.model(target).ordering:
        text = term.data if term.kind == "const" else None
        column = field_of(frame.ctx.model(target), text) if isinstance(text, str) and text != "pk" else None
        if column is None or not column.column or column.relation is not None:
            raise endpoint.refuse(
                "ordering", relation, f"The Meta.ordering of {target} is more than columns, ascending."
            )
        parts.append(scalar(frame, endpoint, model, [relation], column.attname, target))
    return parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
