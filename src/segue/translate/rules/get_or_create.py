"""``Model.objects.get_or_create(**lookups, defaults={…})`` → ``db.get_or_create(Model, values, defaults)``; ``update_or_create`` too."""

from __future__ import annotations

import ast

from segue.refusal import Refused
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.members import has_members
from segue.translate.interp.value import Val, literal
from segue.translate.kinds import Const, DictOf, Instance, QuerySet, Scalar, ValidatedData
from segue.translate.load.models import concrete, field_of
from segue.translate.models.kinds import base_name, has_column
from segue.translate.models.writing import save_problem
from segue.translate.needs import Needs
from segue.translate.query.build import commit, query_of, root_of
from segue.translate.rules.instance import model_method
from segue.translate.rules.model_class import check_spread, column_value, spread_values
from segue.translate.rules.own_save import gives_key, own_save
from segue.translate.rules.receivers import before_insert, saved_by
from segue.translate.rules.registry import method
from segue.translate.rules.writes import parent_of_related, plain_where
from segue.translate.versions import since

_TEXTS = frozenset({"CharField", "TextField", "SlugField", "EmailField", "URLField"})
# Fields of Django with a ``pre_save`` of their own.
_PRE_SAVE = frozenset({"DateField", "DateTimeField", "TimeField", "FileField", "ImageField"})


@method(QuerySet, "get_or_create", "update_or_create")
def get_or_create(frame: Frame, owner: Val, call: CallSite) -> Val:
    """Equality of columns only; the rows of a manager that filters by itself are not this simple."""
    query = query_of(owner)
    model = concrete(frame.ctx, query.model)
    label = model.label
    found = model_method(frame, model.cls, "save")
    if found is not None or model.parents:
        raise frame.refuse(
            "overridden-write",
            found.name if found is not None else label,
            "The model overrides save(), or has a parent table; that is not translated yet.",
            call.node,
        )
    own_save(frame.ctx, label)  # refuses one whose source is not known
    before = before_insert(frame, label)
    spread = spread_values(frame, label, call)
    _check_spread_columns(frame, label, call)
    related = parent_of_related(frame, owner, call)
    rows = commit(frame, owner).node
    conditions = plain_where(rows) if rows is not None else None
    if (
        conditions is None
        or (conditions and related is None)
        or query.annotations
        or query.distinct
        or query.sliced
    ):
        raise frame.refuse(
            f"queryset-{call.name}",
            ast.unparse(call.node),
            "The rows to look in are narrowed already.",
            call.node,
        )
    defaults = call.kwargs.pop("defaults", None)
    if related is not None:
        call.kwargs.update(related)  # over what is given (``RelatedManager.get_or_create``)
    site = Needs(label, written=True)
    values = _columns(frame, label, dict(call.kwargs), call, site)
    values.keys[:0] = [None] * len(spread)
    values.values[:0] = [k.value for k in spread]
    extra = _defaults(frame, label, defaults, call, site)
    named = extra.keys if isinstance(extra, ast.Dict) else []
    given = {*call.kwargs, *(str(k.value) for k in named if isinstance(k, ast.Constant))}
    problem = save_problem(frame.ctx, label, given)
    if problem is not None:
        raise Refused(problem)
    arguments: list[ast.expr] = [root_of(frame, label), values]
    if named or not isinstance(extra, ast.Dict):
        arguments.append(extra)
    frame.is_async = True
    keywords = [ast.keyword("before", before)] if before is not None else []
    if call.name == "update_or_create":
        also = _written_too(frame, label, extra, call)
        keywords = [ast.keyword("also", literal(also))] if also else []
    node = ast.Await(ast.Call(ast.Attribute(frame.db, call.name, ast.Load()), arguments, keywords))
    made = Instance(label, site, "entity")
    return Val(DictOf((("0", made), ("1", Scalar("bool")))), node)


def _written_too(frame: Frame, label: str, defaults: ast.expr, call: CallSite) -> tuple[str, ...]:
    """The columns that ``QuerySet.update_or_create`` writes besides ``defaults``: their fields have a ``pre_save``.

    Raises ``Refused`` where it would write all columns, or call receivers.
    """
    model = concrete(frame.ctx, label)
    if (
        not isinstance(defaults, ast.Dict)
        or not defaults.keys
        or not since(frame.ctx.snapshot.versions.django, 4, 2)
    ):
        raise frame.refuse(
            "queryset-update_or_create",
            ast.unparse(call.node),
            "Segue does not see which columns it writes.",
            call.node,
        )
    if saved_by(frame.ctx, label) or gives_key(frame.ctx, label):
        raise frame.refuse(
            "queryset-update_or_create",
            ast.unparse(call.node),
            "Receivers listen to what it saves.",
            call.node,
        )
    named = {str(key.value) for key in defaults.keys if isinstance(key, ast.Constant)}
    columns = [item for item in model.fields if has_column(item)]
    if any(item.primary_key and item.attname in named for item in columns):
        raise frame.refuse(
            "queryset-update_or_create", ast.unparse(call.node), "It writes the key.", call.node
        )
    dated = [item for item in columns if base_name(item) in _PRE_SAVE and not item.primary_key]
    return tuple(item.attname for item in dated if item.attname not in named)


def _columns(frame: Frame, label: str, values: dict[str, Val], call: CallSite, site: Needs) -> ast.Dict:
    out = ast.Dict([], [])
    for key, value in values.items():
        field = field_of(concrete(frame.ctx, label), key)
        if field is None:
            raise frame.refuse(
                f"queryset-{call.name}",
                f"{label}.{key}",
                "Only columns of the model are looked up yet.",
                call.node,
            )
        if value.kind == Scalar("Any") and base_name(field) in _TEXTS:
            # The column's type makes text of it when it is bound, as get_prep_value does; the object keeps it as given.
            value = Val(Scalar("str"), value.node)
        column, node = column_value(frame, label, key, value, call.node)
        if has_members(value.kind):
            site.members.add(column)
        out.keys.append(literal(column))
        out.values.append(node)
    return out


def _defaults(frame: Frame, label: str, defaults: Val | None, call: CallSite, site: Needs) -> ast.expr:
    if defaults is None or (isinstance(defaults.kind, Const) and defaults.kind.value is None):
        return ast.Dict([], [])
    node = defaults.node
    if isinstance(defaults.kind, ValidatedData) and node is not None:
        check_spread(frame, label, defaults, call, every=True)
        return node
    if (
        not isinstance(defaults.kind, DictOf)
        or not isinstance(node, ast.Dict)
        or not all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys)
    ):
        raise frame.refuse(
            f"queryset-{call.name}", ast.unparse(call.node), "defaults= is not written in place.", call.node
        )
    kinds = dict(defaults.kind.items)
    values = {
        str(k.value): Val(kinds[str(k.value)], v)
        for k, v in zip(node.keys, node.values, strict=True)
        if isinstance(k, ast.Constant)
    }
    return _columns(frame, label, values, call, site)


def _check_spread_columns(frame: Frame, label: str, call: CallSite) -> None:
    """``**validated``: a key that is a relation would be compared as an object."""
    from segue.translate.serializers.values import kinds_by_source

    model = concrete(frame.ctx, label)
    for keyword in call.node.keywords:
        kind = frame.eval(keyword.value).kind if keyword.arg is None else None
        serializer = (
            frame.ctx.snapshot.serializers.get(kind.serializer) if isinstance(kind, ValidatedData) else None
        )
        for key in kinds_by_source(frame.ctx, serializer) if serializer is not None else ():
            item = field_of(model, key)
            if item is None or item.relation is not None:
                raise frame.refuse(
                    f"queryset-{call.name}",
                    f"{label}.{key}",
                    "Only plain columns are looked up yet.",
                    call.node,
                )
