"""``source="author.profile.city"`` → expression, what it is, and where it may be missing.

Follows ``rest_framework.fields.get_attribute``: ``None`` in the middle is an ``AttributeError``
(the field is then skipped, null or its default), a missing reverse one-to-one gives ``None``.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, Where
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.scope import field_source
from segue.translate.interp.value import Val, name
from segue.translate.kinds import BoundMethod, DictOf, Instance, ListOf, Money, ValidatedData
from segue.translate.load import needs
from segue.translate.load.models import concrete, field_of, pk_field, reverse_of, target_field
from segue.translate.models.money import read_money
from segue.translate.query.paths import generic_hop
from segue.translate.rules.instance import as_member
from segue.translate.rules.scopes import active_value
from segue.translate.serializers.synthetic import evaluate

_OWNER = "segue__owner"
# Methods of ``AbstractUser`` that have rules, but no source in the snapshot.
_NAMES = ("get_full_name", "get_short_name", "get_username")


@dataclass(slots=True)
class Guard:
    """``text`` must not be ``None`` to go on. ``missing``: the attribute is missing then (DRF's
    ``AttributeError``); otherwise the whole value is ``None``."""

    text: str
    missing: bool


@dataclass(slots=True)
class Found:
    """The value at the end of a source."""

    val: Val
    guards: list[Guard] = field(default_factory=list)


def follow(frame: Frame, start: Val, attributes: list[str], where: Where) -> Found:
    """Walk ``attributes`` from ``start``."""
    found = Found(start)
    wanted = list(attributes)
    while wanted:
        attribute = wanted.pop(0)
        last = not wanted
        kind = found.val.kind
        missing_is_none = _reverse_one(frame.ctx, kind, attribute)
        try:
            found.val = step(frame, found.val, attribute, where)
        except Refused as refused:
            chain = _chain(frame.ctx, kind, attribute)
            if refused.refusal.code != "nullable" or not chain:
                raise
            # What the property raises on the way, DRF takes as it takes a missing attribute of the source's own.
            wanted = [*chain, *wanted]
            continue
        kind = found.val.kind
        if isinstance(kind, Instance) and kind.nullable and not last:
            found.guards.append(Guard(found.val.text, missing=not missing_is_none))
            found.val = Val(Instance(kind.model, kind.site, kind.mode), found.val.node)
    return found


def _chain(ctx: Context, kind: object, attribute: str) -> list[str]:
    """``["user", "username"]`` for a property that is ``return self.user.username``."""
    cls = ctx.snapshot.classes.get(ctx.model(kind.model).cls) if isinstance(kind, Instance) else None
    function = ctx.snapshot.functions.get(cls.methods.get(attribute, "")) if cls is not None else None
    if function is None or function.role != "property":
        return []
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or len(tree.args.args) != 1:
        return []
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    node = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    own = tree.args.args[0].arg
    return names if isinstance(node, ast.Name) and node.id == own and len(names) > 1 else []


def _reverse_one(ctx: Context, kind: object, attribute: str) -> bool:
    if not isinstance(kind, Instance):
        return False
    item = reverse_of(concrete(ctx, kind.model), attribute)
    return item is not None and item.kind == "o2o"


def step(frame: Frame, owner: Val, attribute: str, where: Where) -> Val:
    """One attribute: column, relation, or anything else the kernel knows (properties, methods)."""
    kind = owner.kind
    if isinstance(kind, DictOf):
        inner = dict(kind.items).get(attribute, kind.value)
        if inner is not None:
            return Val(inner, name(f"{owner.text}[{attribute!r}]"))
    if isinstance(kind, ValidatedData):
        raise refuse("present-values", attribute, "Validated data is presented without being saved.", where)
    if not isinstance(kind, Instance):
        raise refuse("source", attribute, "Segue does not know what the source is looked up on.", where)
    model = concrete(frame.ctx, kind.model)
    known = _field(frame, owner, kind, model, attribute)
    if known is not None:
        return known
    return custom(frame, owner, kind, attribute, where)


def _field(frame: Frame, owner: Val, kind: Instance, model: Model, attribute: str) -> Val | None:
    from segue.translate.load.models import column_kind
    from segue.translate.rules.shared_objects import check_saved

    ctx = frame.ctx
    item = pk_field(ctx, kind.model) if attribute == "pk" else field_of(model, attribute)
    if item is not None and item.tags is not None:
        return None
    if item is not None and item.relation is not None and attribute in (item.name, "pk"):
        if item.relation.kind in ("fk", "o2o") and attribute != "pk":
            check_saved(ctx, kind.site, attribute, frame.where())
            child = needs.to_one(ctx, kind.site, attribute)
            return Val(Instance(child.model, child, kind.mode, item.null), name(f"{owner.text}.{attribute}"))
        if item.relation.kind == "generic_relation":
            generic_hop(frame, kind.model, item, ast.Pass())
        if item.relation.kind in ("m2m", "generic_relation"):
            return in_scope(frame, owner, attribute)
        if attribute != "pk":
            return None
    if item is not None:
        needs.column(ctx, kind.site, item.attname)
        if item.money is not None:
            column_kind(ctx, item)
            needs.column(ctx, kind.site, item.money.currency)
            made, imports = read_money(ctx, ast.parse(owner.text, mode="eval").body, item, item.null)
            frame.use(*imports)
            return Val(Money(item.null), made)
        found = as_member(kind.site, item, column_kind(ctx, item))
        return Val(found, name(f"{owner.text}.{item.attname}"))
    reverse = reverse_of(model, attribute)
    if reverse is None:
        return None
    if reverse.kind == "o2o":
        child = needs.to_one(ctx, kind.site, attribute)
        return Val(Instance(child.model, child, kind.mode, True), name(f"{owner.text}.{attribute}"))
    return in_scope(frame, owner, attribute)


def in_scope(frame: Frame, owner: Val, attribute: str) -> Val:
    """The list behind a to-many relation; of objects that belong to scopes (django-scopes) those of the active one."""
    from segue.translate.query.related_sets import scoped_set

    kind = owner.kind
    assert isinstance(kind, Instance)
    own = attribute in kind.site.shown or attribute in kind.site.unshown
    model = needs.many_target(frame.ctx, kind.site.model, attribute) if not own else ""
    condition = scoped_set(frame.ctx, model) if model else None
    child = needs.to_many(frame.ctx, kind.site, attribute, narrowed=condition is not None)
    text = f"{owner.text}.{attribute}"
    if condition:
        one, tests = frame.fresh("item"), []
        reverse = reverse_of(concrete(frame.ctx, kind.model), attribute)
        for (*path, item), given in condition:
            site, near = child, one
            for number, link in enumerate(path):
                back = number == 0 and reverse is not None and reverse.field == link.name
                site = kind.site if back else needs.to_one(frame.ctx, site, link.name)
                near = owner.text if back else f"{near}.{link.name}"
            needs.column(frame.ctx, site, item.attname)
            value = active_value(frame, given, ast.Pass(lineno=1))
            key = target_field(frame.ctx, item).attname
            assert isinstance(value.kind, Instance)
            needs.column(frame.ctx, value.kind.site, key)
            tests.append(f"{near}.{item.attname} == {value.text}.{key}")
        text = f"[{one} for {one} in {text} if {' and '.join(tests)}]"
    listed = ast.parse(text, mode="eval").body
    return Val(ListOf(Instance(child.model, child, kind.mode)), listed)


def custom(frame: Frame, owner: Val, kind: Instance, attribute: str, where: Where) -> Val:
    """A property, an annotation of the query, or a method (which DRF calls)."""
    cls = frame.ctx.snapshot.classes.get(frame.ctx.model(kind.model).cls)
    function = frame.ctx.snapshot.functions.get(cls.methods.get(attribute, "")) if cls is not None else None
    is_method = function is not None and function.role in ("method", "classmethod", "staticmethod")
    display = attribute.startswith("get_") and attribute.endswith("_display")
    # The object by a name, so that what is known of it counts: the way to it was checked for None.
    frame.env[_OWNER], text = owner, f"{_OWNER}.{attribute}"
    called = is_method or display or attribute in _NAMES
    try:
        with field_source(frame.ctx):
            result = evaluate(frame, f"{text}()" if called else text, where)
            if isinstance(result.kind, BoundMethod):
                result = evaluate(frame, f"{text}()", where)
    finally:
        del frame.env[_OWNER]
    text = f"{owner.text}.{attribute}"
    if result.node is None:
        raise refuse("source", text, "Segue does not know what this attribute gives.", where)
    return result
