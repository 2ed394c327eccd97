"""The methods of ``GenericAPIView`` with their built-in meaning, for one endpoint and frame."""

from __future__ import annotations

import ast
from typing import Any

from segue.snapshot.model import Function, GlobalRef
from segue.target.ir import Import
from segue.translate.functions.writing import may_write
from segue.translate.interp.expressions.calls import method_call
from segue.translate.interp.frame import Frame
from segue.translate.interp.leaving import LEAVABLE, WRITTEN, leavable
from segue.translate.interp.value import Val, is_pure, literal, name, quote
from segue.translate.kinds import Instance, QuerySet, ViewSelf
from segue.translate.load.fetch import fetch_all, limit_one, site_of
from segue.translate.permissions.access import for_call, possible_permissions
from segue.translate.permissions.conditions import object_condition
from segue.translate.permissions.denied import statements
from segue.translate.query.at_import import check_at_import
from segue.translate.query.build import model_queryset, settle
from segue.translate.query.transforms import asks_for_years
from segue.translate.serializers.synthetic import evaluate
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, call_method, plain
from segue.translate.specialise.registered import Registered, registered
from segue.translate.views import jwt_views, serializer_object


def self_of(endpoint: Endpoint) -> Val:
    """``self`` of the view."""
    return Val(ViewSelf(endpoint))


def call_own(frame: Frame, endpoint: Endpoint, text: str) -> Val:
    """Evaluate a call on ``self``, such as ``self.get_queryset()``: overrides are found by the kernel."""
    node = ast.parse(text, mode="eval").body
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Attribute)
    return method_call(frame, self_of(endpoint), node.func.attr, node)


def serializer_class(endpoint: Endpoint) -> str:
    """``get_serializer_class()``: the key into ``snapshot.serializers``. Raises ``Refused``."""
    if endpoint.chosen is not None:
        return _known_serializer(endpoint, endpoint.chosen.cls)
    if endpoint.overridden("get_serializer_class") == jwt_views.SERIALIZER_CLASS:
        found: Any = jwt_views.serializer_class(endpoint)
    elif endpoint.overridden("get_serializer_class"):
        looked_up = registered(endpoint, "get_serializer_class")
        if looked_up is not None:
            return _known_serializer(endpoint, looked_up[1])
        found = call_method(endpoint, "get_serializer_class")
    else:
        found = plain(endpoint.attribute("serializer_class"))
    if not isinstance(found, Ref):
        raise endpoint.refuse(
            "serializer-class", "serializer_class", "The view has no serializer class here."
        )
    return _known_serializer(endpoint, found.name)


def _known_serializer(endpoint: Endpoint, dotted: str) -> str:
    if dotted not in endpoint.ctx.snapshot.serializers:
        raise endpoint.refuse("serializer-class", dotted, "The snapshot has no fields of this serializer.")
    return dotted


def asked_serializer_class(
    frame: Frame, endpoint: Endpoint, data: Val | None = None
) -> tuple[str, Val | None]:
    """``self.get_serializer_class()`` where the view asks for it: requests that it gives another class are left to Django.

    ``data`` is what the serializer is given, which is read before it is asked (``get_serializer(data=request.data)``).
    """
    looked_up = _looked_up(endpoint)
    if looked_up is not None:
        if may_write(frame.ctx, frame.lines) or frame.ctx.memo.get(WRITTEN):
            raise endpoint.refuse_method("get_serializer_class", "Something was written before it is asked.")
        choices, native = looked_up
        if data is not None and data.node is not None and not is_pure(data.node):
            data = Val(data.kind, frame.hoist("data", data.node))
        with leavable(frame.ctx):
            value = call_property(frame, endpoint, choices.by.name)
        only = choices.values(native)
        test = (
            quote("{0} != {1}", value, literal(only[0]))
            if len(only) == 1
            else quote("{0} not in {1}", value, literal(tuple(only)))
        )
        frame.use(Import("segue_bridge.leaving", "left_to_django"))
        raised = quote("left_to_django({0}, {1})", frame.db, literal(f"another {native.rpartition('.')[2]}"))
        frame.emit_block(f"if {ast.unparse(test)}:", [f"raise {ast.unparse(raised)}"])
    return serializer_class(endpoint), data


def _looked_up(endpoint: Endpoint) -> tuple[Registered, str] | None:
    chosen = endpoint.chosen
    if chosen is not None:
        return (chosen.looked_up, chosen.cls) if isinstance(chosen.looked_up, Registered) else None
    return (
        registered(endpoint, "get_serializer_class") if endpoint.overridden("get_serializer_class") else None
    )


def call_property(frame: Frame, endpoint: Endpoint, attribute: str) -> ast.expr:
    """``self.<attribute>`` of the view, as code. Raises ``Refused``."""
    before = frame.env.get("self")
    frame.env["self"] = self_of(endpoint)
    try:
        value = frame.eval(ast.parse(f"self.{attribute}", mode="eval").body)
    finally:
        if before is None:
            del frame.env["self"]
        else:
            frame.env["self"] = before
    if value.node is None:
        raise endpoint.refuse("serializer-class", f"self.{attribute}", "Segue does not know what it gives.")
    return value.node


def framework_queryset(frame: Frame, endpoint: Endpoint) -> Val:
    """``GenericAPIView.get_queryset``: the class attribute ``queryset``."""
    view = endpoint.view
    if view.queryset_sql_simple and view.queryset_model:
        return model_queryset(frame, view.queryset_model)
    if not view.queryset_source:
        raise endpoint.refuse("queryset", "queryset", "The view has no queryset whose source is known.")
    known = endpoint.klass()
    attribute = known.attributes.get("queryset") if known is not None else None
    where = attribute.where if attribute is not None and attribute.where is not None else endpoint.where
    return in_globals(frame, view.queryset_source, view.queryset_globals, where)


def in_globals(frame: Frame, source: str, names: Any, where: Any) -> Val:
    """Evaluate a class-level expression with the names of its module."""
    before = frame.function
    merged: dict[str, GlobalRef] = dict(names)
    frame.function = Function(before.name, where, source, "function", merged)
    try:
        value = evaluate(frame, source, where)
        if isinstance(value.kind, QuerySet):  # a manager makes one for each request
            check_at_import(frame, value, source[:60])
        return value
    finally:
        frame.function = before


def queryset(frame: Frame, endpoint: Endpoint) -> Val:
    """``self.get_queryset()``."""
    found = call_own(frame, endpoint, "self.get_queryset()")
    if not isinstance(found.kind, QuerySet):
        raise endpoint.refuse("queryset", "get_queryset()", "It does not return a queryset that Segue knows.")
    return found


def filtered(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """``self.filter_queryset(queryset)``."""
    if not endpoint.overridden("filter_queryset"):
        return framework_filtered(frame, endpoint, value)
    frame.env["#unfiltered"] = settle(frame, value)
    node = ast.Call(
        ast.Attribute(ast.Name("self", ast.Load()), "filter_queryset", ast.Load()),
        [ast.Name("#unfiltered", ast.Load())],
        [],
    )
    found = method_call(frame, self_of(endpoint), "filter_queryset", ast.copy_location(node, _PLACE))
    del frame.env["#unfiltered"]
    if not isinstance(found.kind, QuerySet):
        raise endpoint.refuse_method("filter_queryset", "It gives something else than a queryset.")
    return found


_PLACE = ast.Pass(lineno=1, col_offset=0)


def framework_filtered(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """``GenericAPIView.filter_queryset``: the filter backends."""
    from segue.translate.filters.backends import apply

    return apply(frame, endpoint, value)


def get_object(frame: Frame, endpoint: Endpoint, *, write: bool) -> Val:
    """``self.get_object()``: look-up, 404, object permissions."""
    if endpoint.overridden("get_object"):
        found = call_own(frame, endpoint, "self.get_object()")
        # Before the body is read, and once.
        return serializer_object.in_local(frame, found) if found.node is not None else found
    return framework_object(frame, endpoint, write=write)


def framework_object(frame: Frame, endpoint: Endpoint, *, write: bool) -> Val:
    """``GenericAPIView.get_object``."""
    again = _selected_before(frame)
    # Nothing was written before a look-up that stands first in the operation.
    first = frame.scope is not None and not may_write(frame.ctx, frame.lines)
    with leavable(frame.ctx, first or bool(frame.ctx.memo.get(LEAVABLE))):
        value = again or settle(frame, filtered(frame, endpoint, queryset(frame, endpoint)))
    kind = value.kind
    assert isinstance(kind, QuerySet)
    if kind.query.compound:
        raise endpoint.refuse("combined-queryset", "get_object()", "Django filters no combined queryset.")
    view = endpoint.view
    keyword = view.lookup_url_kwarg or view.lookup_field
    kinds = endpoint.url_arguments
    if keyword not in kinds:
        raise endpoint.refuse("lookup", keyword, "The URL has no such argument: DRF fails here.")
    given = frame.url_argument(keyword, kinds[keyword], getattr(kinds[keyword], "type", "str"))
    if value.node is not None and not isinstance(value.node, ast.Name | ast.Attribute):
        # Errors of get_queryset() and of filters are errors; only those of the look-up are a 404.
        value = Val(kind, frame.hoist("objects", value.node))
        frame.selected = value, frame.lines, len(frame.lines)
    frame.env["#objects"] = value
    before = len(frame.lines)
    statement = _lookup(frame, endpoint, value, given)
    assert len(frame.lines) == before
    model = frame.ctx.model(kind.query.model)
    title = model.cls.rpartition(".")[2]
    frame.use(Import("segue_bridge.http.lookup", "key"), Import("segue_bridge.http.lookup", "found"))
    local = frame.fresh("statement")
    limited = limit_one(frame, Val(statement.kind, name(local)), 21)
    needs = site_of(frame, value, hint="")
    needs.written = needs.written or write
    rows = fetch_all(frame, limited, needs)
    between = frame.lines[before:]
    del frame.lines[before:]
    steps = [f"{local} = {statement.text}"]
    if asks_for_years(frame, *steps, *between):
        # DRF's ``get_object_or_404`` runs the statement as well.
        run = frame.fresh("rows")
        frame.emit_block("with key():", [*steps, *between, f"{run} = {rows.text}"])
        rows = Val(rows.kind, name(run))
    else:
        frame.emit_block("with key():", steps)
        frame.lines.extend(between)
    from segue.translate.load.models import snake

    target = frame.fresh(snake(title))
    frame.emit(f"{target} = found({rows.text}, {title!r})")
    instance = Val(Instance(kind.query.model, needs, "entity" if write else "row"), name(target))
    check_object(frame, endpoint, instance)
    return instance


def _selected_before(frame: Frame) -> Val | None:
    """The rows that an earlier ``self.get_object()`` of this request chose, where nothing was written since: the same again."""
    if frame.selected is None or frame.selected[1] is not frame.lines:
        return None
    value, lines, at = frame.selected
    return None if may_write(frame.ctx, lines[at:]) else value


def _lookup(frame: Frame, endpoint: Endpoint, value: Val, given: Val) -> Val:
    """``queryset.filter(**{lookup_field: value})``."""
    frame.env["objects_"], frame.env["value_"] = value, given
    try:
        return evaluate(frame, f"objects_.filter({endpoint.view.lookup_field}=value_)", endpoint.where)
    finally:
        frame.env.pop("objects_", None)
        frame.env.pop("value_", None)


def check_object(frame: Frame, endpoint: Endpoint, instance: Val) -> None:
    """``self.check_object_permissions(self.request, obj)``."""
    if not endpoint.overridden("check_object_permissions"):
        framework_check_object(frame, endpoint, instance)
        return
    frame.env["#checked"] = instance
    node = ast.parse("self.check_object_permissions(self.request)", mode="eval").body
    assert isinstance(node, ast.Call)
    node.args.append(ast.Name("#checked", ast.Load()))
    before = frame.env.get("self")
    frame.env["self"] = self_of(endpoint)
    result = method_call(frame, self_of(endpoint), "check_object_permissions", node)
    del frame.env["#checked"]
    if before is None:
        del frame.env["self"]
    else:
        frame.env["self"] = before
    perform(frame, result)


def perform(frame: Frame, result: Val) -> None:
    """A call whose result is not used."""
    if result.node is not None and any(isinstance(n, ast.Call | ast.Await) for n in ast.walk(result.node)):
        frame.emit(result.text)


def framework_check_object(frame: Frame, endpoint: Endpoint, instance: Val) -> None:
    """``APIView.check_object_permissions``."""
    assert isinstance(instance.kind, Instance)
    possible = possible_permissions(endpoint)
    wanted = [
        [
            c
            for p in permissions
            if (c := object_condition(endpoint, p, instance.kind, instance.text)).statement
        ]
        for permissions in possible
    ]
    if any([c.statement for c in other] != [c.statement for c in wanted[0]] for other in wanted):
        raise endpoint.refuse_method(
            "get_permissions", "Its choice decides which permission is asked about the object."
        )
    for condition in wanted[0]:
        lines, needed = statements(endpoint, condition)
        frame.use(*condition.imports, *needed)
        for line in lines:
            frame.emit(for_call(frame, line))
            if "await " in line:
                frame.is_async = True


__all__ = [
    "check_object",
    "filtered",
    "framework_object",
    "framework_queryset",
    "get_object",
    "literal",
    "queryset",
    "quote",
    "serializer_class",
]
