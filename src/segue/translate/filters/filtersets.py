"""``DjangoFilterBackend``: a FilterSet's form, then one narrowing per filter that was given."""

from __future__ import annotations

import ast
import keyword
from dataclasses import replace

from segue.refusal import Refusal, Refused, refuse
from segue.snapshot.model import FilterField, FilterSet, Value, Where
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.filters.backends import DJANGO, may_raise, ready
from segue.translate.filters.classes import FilterClass, class_of, text_limits
from segue.translate.filters.csv import RANGES, read_keys, read_many, read_range
from segue.translate.filters.formats import own_formats
from segue.translate.filters.left import can_be_left, leave, left_parameters, view_parameters
from segue.translate.filters.own_backend import falls_back
from segue.translate.filters.own_init import narrowed
from segue.translate.filters.several import order_by, read_choices, read_order
from segue.translate.filters.targets import compared_type
from segue.translate.filters.untouched import leave_whole
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, const, name
from segue.translate.kinds import Kind, ListOf, Object, QuerySet, Scalar
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import pk_field, python_type
from segue.translate.query.build import commit, query_of, settle
from segue.translate.rules import scopes
from segue.translate.serializers import flex_fields
from segue.translate.serializers.synthetic import evaluate
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain

_F = "django_filters.filters."
_R = "django_filters.rest_framework.filters."
_FORM = {
    "CharFilter": ("text", "str"),
    "ChoiceFilter": ("choice", "str"),
    "DateFilter": ("date", "date"),
    "DateTimeFilter": ("datetime", "datetime"),
    "IsoDateTimeFilter": ("iso_datetime", "datetime"),
    "TimeFilter": ("time", "time"),
    "DurationFilter": ("duration", "timedelta"),
    "UUIDFilter": ("uuid", "UUID"),
    "BooleanFilter": ("boolean", "bool"),
    "NumberFilter": ("number", "Decimal"),
    "ModelChoiceFilter": ("", ""),
}
_REPEATED = ("MultipleChoiceFilter", "ModelMultipleChoiceFilter")


_FRAMEWORK = ("django_filters.", "rest_framework.", "django.")
_DRIVERS = frozenset(
    {"__init__", "qs", "filter_queryset", "get_form_class", "form", "is_valid", "errors", "get_filters", "filter_for_lookup",
     "filter_for_field", "get_fields"}
)  # fmt: skip


def filter_by_set(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """The queryset narrowed by the view's FilterSet; as it is when the view has none."""
    found = _filterset(endpoint)
    if found is None:
        return value
    if found.error:
        raise refuse("filterset", found.name, f"The FilterSet could not be built: {found.error}", found.where)
    if _overridden(endpoint.ctx, found) == ["form"]:
        leave_whole(endpoint, found, "An overridden form of a FilterSet is not translated yet.")
        return value
    narrower = _narrowed(frame, found)
    if narrower is None:
        check_class(endpoint.ctx, found)
    kinds = _kinds(frame, found, narrower or frozenset())
    # A method may order; otherwise the order stays open, so that a later distinct() need not keep it.
    ordered = any(
        item.method or kinds[item.name].base == "OrderingFilter"
        for item in found.filters
        if item.name in kinds
    )
    value = ready(frame, value) if ordered else commit(frame, value)
    assert isinstance(value.kind, QuerySet)
    if not kinds:
        return value
    if not found.model:  # declared filters only: they look at the view's model
        found = replace(found, model=value.kind.query.model)
    frame.use(Import("segue_bridge.filters.forms", "FilterForm"))
    form, local = frame.fresh("form"), frame.fresh("statement")
    # ``FilterSet.qs`` begins with ``queryset.all()``.
    current = Val(QuerySet(replace(value.kind.query, held=False)), name(local))
    reads: list[str] = []
    steps: list[str] = []
    for item in found.filters:
        if item.name not in kinds:
            continue
        imports = set(frame.imports)
        try:
            with frame.capture() as reading:
                given = read(frame, endpoint, found, item, kinds[item.name], form)
            with frame.capture() as narrowing:
                current = narrow(frame, endpoint, found, item, kinds[item.name], given, current, local)
        except Refused as refused:
            if not can_be_left(frame.ctx, item):
                raise
            frame.imports = imports
            leave(frame.ctx, found, item, refused.refusal)
            continue
        reads += reading
        steps += narrowing
    if not reads:
        return value
    asked = [
        f"{form} = FilterForm({ast.unparse(frame.state('call'))}.query)",
        *reads,
        f"{form}.raise_invalid()",
    ]
    made = f"{local} = {value.text}"
    frame.lines += [made, *asked, *steps] if may_raise(value) else [*asked, made, *steps]
    return current


def left_to_django(endpoint: Endpoint) -> dict[str, Refusal]:
    """Query parameters of the view's filters that only Django knows, and why: after its operations were translated."""
    own = {**flex_fields.left_to_django(endpoint.ctx), **view_parameters(endpoint.ctx, endpoint.cls)}
    backends = plain(endpoint.policy("filter_backends")) or plain(endpoint.attribute("filter_backends")) or []
    if not any(isinstance(b, Ref) and (b.name in DJANGO or falls_back(endpoint, b.name)) for b in backends):
        return own
    try:
        found = _filterset(endpoint)
    except Refused:
        return own
    return {**own, **left_parameters(endpoint.ctx, found.name)} if found is not None else own


def leave_filters(endpoint: Endpoint, why: str) -> None:
    """Leave requests with any parameter of the view's FilterSet to Django. Raises ``Refused``."""
    found = _filterset(endpoint)
    if found is not None:
        leave_whole(endpoint, found, why)


def _overridden(ctx: Context, found: FilterSet) -> list[str]:
    """Names of the methods that drive a FilterSet and that the project has overridden."""
    known = ctx.snapshot.classes.get(found.name)
    methods = {f.method for f in found.filters if f.method}
    return [
        method
        for method, dotted in (known.methods if known is not None else {}).items()
        if method in _DRIVERS and method not in methods and not dotted.startswith(_FRAMEWORK)
    ]


def _narrowed(frame: Frame, found: FilterSet) -> frozenset[str] | None:
    """The filters that an ``__init__`` gives other querysets, where that is all that the set overrides; they can be left to Django."""
    known = frame.ctx.snapshot.classes.get(found.name)
    if known is None or found.error or _overridden(frame.ctx, found) != ["__init__"]:
        return None
    function = frame.ctx.snapshot.functions.get(known.methods["__init__"])
    names = narrowed(frame, function) if function is not None else None
    items = {item.name: item for item in found.filters}
    if names is None or any(name not in items or not can_be_left(frame.ctx, items[name]) for name in names):
        return None
    return names


def _kinds(frame: Frame, found: FilterSet, narrower: frozenset[str] = frozenset()) -> dict[str, FilterClass]:
    """What each filter is underneath; those that are left to Django are not in it, such as those that are made ``narrower``."""
    kinds: dict[str, FilterClass] = {}
    for item in found.filters:
        if item.name in narrower:
            why = "The __init__ of its set gives it another queryset."
            leave(frame.ctx, found, item, refuse("filter", item.name, why, item.where or found.where).refusal)
            continue
        try:
            kinds[item.name] = class_of(frame.ctx, found, item)
        except Refused as refused:
            if not can_be_left(frame.ctx, item):
                raise
            leave(frame.ctx, found, item, refused.refusal)
    return kinds


def _filterset(endpoint: Endpoint) -> FilterSet | None:
    for hook in ("get_filterset_class", "get_filterset_kwargs", "get_filterset", "filterset"):
        if endpoint.overridden(hook):
            raise endpoint.refuse_method(hook, f"An overridden {hook} is not translated yet.")
    given = plain(endpoint.attribute("filterset_class"))
    sets = endpoint.ctx.snapshot.filtersets
    if isinstance(given, Ref):
        if given.name not in sets:
            raise endpoint.refuse("filterset", given.name, "The snapshot does not know this FilterSet.")
        return sets[given.name]
    known = endpoint.klass()
    attribute = known.attributes.get("filterset_fields") if known is not None else None
    if attribute is None or plain(attribute.value) in (None, [], {}):
        return None
    for owner in (endpoint.cls, attribute.defined_in):
        if f"{owner}.filterset_fields" in sets:
            return sets[f"{owner}.filterset_fields"]
    raise endpoint.refuse("filterset", "filterset_fields", "The snapshot has no FilterSet for these fields.")


def check_class(ctx: Context, found: FilterSet) -> None:
    """Refuse a FilterSet that could not be built, or whose driving methods the project has overridden."""
    if found.error:
        raise refuse("filterset", found.name, f"The FilterSet could not be built: {found.error}", found.where)
    known = ctx.snapshot.classes.get(found.name)
    for method in _overridden(ctx, found):
        assert known is not None
        function = ctx.snapshot.functions.get(known.methods[method])
        raise refuse(
            "filterset-override",
            known.methods[method],
            "An overridden method of a FilterSet is not translated yet.",
            function.where if function else found.where,
        )


def read(
    frame: Frame, endpoint: Endpoint | None, found: FilterSet, item: FilterField, sort: FilterClass, form: str
) -> Val:
    """``value = form.integer("name")`` and what the value is."""
    base = sort.base
    if base not in _FORM and base not in RANGES and base not in (*_REPEATED, "OrderingFilter"):
        raise _refuse(found, item, f"{item.cls} is not translated yet.")
    if plain(item.kwargs.get("null_label", Value("const", None))) is not None:
        raise _refuse(found, item, "A null choice is not translated yet.")
    stem = item.name.replace("__", "_")
    local = frame.fresh(f"{stem}_" if keyword.iskeyword(stem) else stem)
    required = bool(plain(item.kwargs.get("required", Value("const", False))))
    extra = ", required=True" if required else ""
    if sort.several:
        return read_many(frame, found, item, sort, form, local, extra)
    if base in RANGES:
        return read_range(frame, found, item, base, form, local, extra)
    if base == "MultipleChoiceFilter":
        return read_choices(frame, found, item, form, local)
    if base == "ModelMultipleChoiceFilter":
        if plain(item.kwargs.get("conjoined", Value("const", False))):
            raise _refuse(found, item, "Choices that must all hold are not translated yet.")
        return read_keys(frame, found, item, form, local, extra, reader="find_choices")
    if base == "OrderingFilter":
        if item.method or required or endpoint is None:
            raise _refuse(found, item, "This order is not translated yet.")
        return read_order(frame, endpoint, found, item, form, local)
    if base == "ModelChoiceFilter":
        return _read_choice(frame, found, item, form, local, extra)
    reader, kind = _FORM[base]
    if base == "NumberFilter":
        kind = "Decimal"
        if not item.method:
            kind = compared_type(frame.ctx, found.model, item.field_name, item.lookup_expr)
        if kind not in ("int", "Decimal", "float"):
            raise _refuse(found, item, f"A number meets a {kind} column.")
        reader = "integer" if kind == "int" else "number"
        extra += _bounds(found, item)
    elif base == "CharFilter":
        extra += text_limits(item)
    elif base == "ChoiceFilter":
        values = [str(_plain_choice(found, item, v)) for v, _ in item.choices]
        extra = f", {tuple(values)!r}{extra}"
    elif base == "BooleanFilter":
        plain_form = not item.form_field.startswith("django_filters.rest_framework")
        if not item.cls.startswith(_R) and plain_form:
            widget = plain(item.kwargs.get("widget", Value("const", None)))
            if not (isinstance(widget, Ref) and "rest_framework" in widget.name):
                extra = ', widget="select"' if item.cls.startswith(_F) and not _rest_set(frame, found) else ""
    formats = own_formats(frame.ctx, reader)
    if formats is not None:
        extra = f", formats={formats[0]}{extra}"
        frame.use(*formats[1])
    frame.emit(f'{local} = {form}.{reader}("{item.name}"{extra})')
    return Val(Scalar(kind, True), name(local))


def _rest_set(frame: Frame, found: FilterSet) -> bool:
    """Whether the set is one of ``django_filters.rest_framework`` (it changes boolean widgets)."""
    known = frame.ctx.snapshot.classes.get(found.name)
    return known is None or any(m.startswith("django_filters.rest_framework.") for m in known.mro)


def _plain_choice(found: FilterSet, item: FilterField, value: Value) -> object:
    data = plain(value)
    if isinstance(data, list | dict | Value):
        raise _refuse(found, item, "Grouped choices are not translated yet.")
    return data


def _bounds(found: FilterSet, item: FilterField) -> str:
    for limit in ("min_value", "max_value", "decimal_places", "max_digits"):
        if plain(item.kwargs.get(limit, Value("const", None))) is not None:
            raise _refuse(found, item, f"{limit} of a filter is not translated yet.")
    return ""


def _read_choice(frame: Frame, found: FilterSet, item: FilterField, form: str, local: str, extra: str) -> Val:
    label = item.queryset_model
    given = item.kwargs.get("queryset")
    if not label or label not in frame.ctx.snapshot.models or (given is not None and len(given.pairs) > 1):
        raise _refuse(found, item, "The filter's choices are computed.")
    if scopes.has_scoped_rows(frame.ctx, label):
        raise _refuse(found, item, "The filter's choices are the rows of a scope (django-scopes).")
    pk = pk_field(frame.ctx, label)
    field_name = plain(item.kwargs.get("to_field_name", Value("const", None)))
    if field_name not in (None, "pk", pk.name):
        raise _refuse(found, item, "Choices by another field than the key are not translated yet.")
    cls, imported = entity_type(frame.ctx, label)
    frame.use(imported, Import("segue_bridge.filters.related", "find_choice"), Import("sqlalchemy", "select"))
    db = ast.unparse(frame.db)
    column = f"{cls}.{pk.attname}"
    frame.emit(f'{local} = await find_choice({form}, {db}, "{item.name}", select({column}), {column}{extra})')
    return Val(Scalar(python_type(frame.ctx, pk), True), ast.parse(f"{local}[0]", mode="eval").body)


def narrow(
    frame: Frame,
    endpoint: Endpoint | None,
    found: FilterSet,
    item: FilterField,
    sort: FilterClass,
    given: Val,
    current: Val,
    local: str,
) -> Val:
    assert given.node is not None
    base = sort.base
    plain_name = given.node.value if isinstance(given.node, ast.Subscript) else given.node
    assert isinstance(plain_name, ast.Name)
    if base == "OrderingFilter" and endpoint is not None:
        return order_by(frame, endpoint, found, item, current, plain_name.id, local)
    if sort.several == "range" or base in RANGES:
        return _narrow_range(frame, found, item, sort, given, current, local)
    if sort.several:
        if not item.method and item.lookup_expr != "in":
            raise _refuse(found, item, f"Several values with {item.lookup_expr} are not translated yet.")
        step = _method if item.method else _step
        lines, after = step(frame, found, item, given, current)
        frame.emit_block(f"if {plain_name.id}:", [*lines, f"{local} = {after.text}"])
        return _joined(found, item, current, after, local)
    if base in _REPEATED:
        if item.method or item.lookup_expr != "exact":
            raise _refuse(found, item, "Only equality of several choices is translated.")
        lines, after = _step(frame, found, replace(item, lookup_expr="in"), given, current)
        frame.emit_block(f"if {plain_name.id}:", [*lines, f"{local} = {after.text}"])
        return _joined(found, item, current, after, local)
    test = plain_name.id if base in ("CharFilter", "ChoiceFilter") else f"{plain_name.id} is not None"
    assert isinstance(given.kind, Scalar)
    kind: Kind = Scalar(given.kind.type)
    assert isinstance(current.kind, QuerySet)
    if item.lookup_expr == "isnull" and not item.method:
        yes = _step(frame, found, item, const(True), current)
        no = _step(frame, found, item, const(False), current)
        frame.emit_block(f"if {plain_name.id} is True:", [*yes[0], f"{local} = {yes[1].text}"])
        frame.emit_block(f"elif {plain_name.id} is False:", [*no[0], f"{local} = {no[1].text}"])
        return _joined(found, item, current, no[1], local)
    if item.method:
        lines, after = _method(frame, found, item, Val(kind, given.node), current)
    else:
        lines, after = _step(frame, found, item, Val(kind, given.node), current)
    frame.emit_block(f"if {test}:", [*lines, f"{local} = {after.text}"])
    return _joined(found, item, current, after, local)


def _narrow_range(
    frame: Frame, found: FilterSet, item: FilterField, sort: FilterClass, given: Val, current: Val, local: str
) -> Val:
    """Both ends: ``BETWEEN``; one of a ``RangeFilter``: ``gte`` or ``lte``, whatever the filter's own lookup."""
    if item.method:
        raise _refuse(found, item, "A method that gets a range is not translated yet.")
    if sort.several and item.lookup_expr != "range":
        raise _refuse(found, item, f"Several values with {item.lookup_expr} are not translated yet.")
    assert isinstance(given.kind, ListOf)
    ends = [ast.parse(f"{given.text}.{end}", mode="eval").body for end in ("start", "stop")]
    pair = Val(given.kind, ast.Tuple(elts=list(ends), ctx=ast.Load()))
    both, after = _step(frame, found, replace(item, lookup_expr="range"), pair, current)
    whole = [*both, f"{local} = {after.text}"]
    if sort.several:
        frame.emit_block(f"if {given.text} is not None:", whole)
        return _joined(found, item, current, after, local)
    low = _step(frame, found, replace(item, lookup_expr="gte"), Val(given.kind.item, ends[0]), current)
    high = _step(frame, found, replace(item, lookup_expr="lte"), Val(given.kind.item, ends[1]), current)
    start, stop = (f"{given.text}.{end} is not None" for end in ("start", "stop"))
    frame.emit_block(f"if {given.text} is not None and {start} and {stop}:", whole)
    frame.emit_block(f"elif {given.text} is not None and {start}:", [*low[0], f"{local} = {low[1].text}"])
    frame.emit_block(f"elif {given.text} is not None and {stop}:", [*high[0], f"{local} = {high[1].text}"])
    return _joined(found, item, current, after, local)


def _step(
    frame: Frame, found: FilterSet, item: FilterField, value: Val, current: Val
) -> tuple[list[str], Val]:
    lookup = "" if item.lookup_expr == "exact" else f"__{item.lookup_expr}"
    verb = "exclude" if item.exclude else "filter"
    distinct = ".distinct()" if item.distinct else ""
    frame.env["objects_"], frame.env["value_"] = current, value
    before = query_of(current)
    try:
        with frame.capture() as lines:
            after = evaluate(
                frame, f"objects_{distinct}.{verb}({item.field_name}{lookup}=value_)", _where(found, item)
            )
            after = commit(frame, after) if before.order == query_of(after).order else settle(frame, after)
    except Refused as refused:
        raise _refuse(found, item, refused.refusal.why) from refused
    finally:
        frame.env.pop("objects_", None)
        frame.env.pop("value_", None)
    return lines, after


def _method(
    frame: Frame, found: FilterSet, item: FilterField, value: Val, current: Val
) -> tuple[list[str], Val]:
    from segue.translate.interp.expressions.calls import method_call

    if item.cls.endswith(".ModelChoiceFilter"):
        raise _refuse(found, item, "A method that gets a model instance is not translated yet.")
    frame.env.update({"objects_": current, "value_": value})
    try:
        with frame.capture() as lines:
            node = ast.parse(f"self.{item.method}(objects_, {item.name!r}, value_)", mode="eval").body
            assert isinstance(node, ast.Call)
            after = method_call(frame, Val(Object(found.name)), item.method, node)
    finally:
        frame.env.pop("objects_", None)
        frame.env.pop("value_", None)
    if not isinstance(after.kind, QuerySet):
        raise _refuse(found, item, "The method does not return a queryset that Segue knows.")
    return lines, settle(frame, after)


def _joined(found: FilterSet, item: FilterField, before: Val, after: Val, local: str) -> Val:
    """The statement may or may not be narrowed: what is known of it is what both have in common."""
    assert isinstance(before.kind, QuerySet)
    assert isinstance(after.kind, QuerySet)
    query = before.kind.query.joined(after.kind.query)
    if query is None:
        raise _refuse(found, item, "The filter changes the shape of the rows.")
    return Val(QuerySet(query), name(local))


def _where(found: FilterSet, item: FilterField) -> Where:
    return found.where


def _refuse(found: FilterSet, item: FilterField, why: str) -> Refused:
    return refuse("filter", f"{found.name.rpartition('.')[2]}.{item.name}", why, found.where)
