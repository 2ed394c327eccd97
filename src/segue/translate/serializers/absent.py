"""Fields whose source no object has: an annotation that this query does not compute, a name that was left over.

``Field.get_attribute`` takes the ``AttributeError`` for a missing key: the field is null where it may be null, and is left out
where it is not required (``read_only=True`` is so). A required one is an error on every answer, and one with a default shows
that as the field's class would: both stay refused. Source: ``rest_framework/fields.py``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from segue.snapshot.model import Serializer, SerializerField
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance, Kind
from segue.translate.load.models import concrete, field_of
from segue.translate.load.needs import to_one
from segue.translate.rules.attributes_by_name import lacks
from segue.translate.rules.own_attributes import is_computed, is_end_of_relation, may_be_put
from segue.translate.serializers.facts import base_name, overridden

_BARE = ("kernel", "bare object")
# Those that look up in another way than ``Field``, or show no attribute.
_OTHERWISE = frozenset(
    {
        "SerializerMethodField",
        "HiddenField",
        "ModelField",
        "ManyRelatedField",
        "PrimaryKeyRelatedField",
        "StringRelatedField",
        "SlugRelatedField",
        "HyperlinkedRelatedField",
        "HyperlinkedIdentityField",
    }
)
# ``get_FOO_display`` and its kin, and what ``authenticate()`` puts on users.
_OF_DJANGO = ("get_", "set_", "backend")


def is_absent(frame: Frame, item: SerializerField, instance: Val) -> bool:
    """Whether ``instance`` surely has no attribute that ``item`` begins with, and DRF shows null or nothing for it."""
    ctx = frame.ctx
    if item.source == "*" or base_name(item) in _OTHERWISE:
        return False
    if item.default.kind != "empty" or (item.required and not item.allow_null):
        return False
    *way, wanted = item.source.split(".")
    for name in way:
        if _surely_lacks(ctx, item, frame, instance, name):
            return True
        further = _behind(ctx, instance, name)
        if further is None:
            return False
        instance = further
    return _surely_lacks(ctx, item, frame, instance, wanted)


def _behind(ctx: Context, owner: Val, name: str) -> Val | None:
    """What the foreign key ``name`` leads to: no row, and there is no attribute either (``None.…`` is an ``AttributeError``)."""
    kind = owner.kind
    item = field_of(concrete(ctx, kind.model), name) if isinstance(kind, Instance) else None
    if item is None or item.relation is None or name != item.name or owner.node is None:
        return None
    if item.relation.kind not in ("fk", "o2o") or not item.relation.db_constraint:
        return None
    assert isinstance(kind, Instance)
    child = to_one(ctx, kind.site, name)
    return Val(Instance(child.model, child, kind.mode), ast.Attribute(owner.node, name, ast.Load()))


def _surely_lacks(ctx: Context, item: SerializerField, frame: Frame, owner: Val, wanted: str) -> bool:
    kind = owner.kind
    if wanted.startswith(_OF_DJANGO) or not isinstance(kind, Instance) or not lacks(frame, owner, wanted):
        return False
    site = kind.site
    if wanted in site.shown or wanted in site.unshown or wanted in site.asked:
        return False
    if is_computed(ctx, wanted) and not (site.fetched or site.keyless or site.bare):
        return False
    return not (
        may_be_put(ctx, wanted)
        or _made_otherwise(ctx, kind)
        or overridden(ctx, item.cls, "get_attribute")
        or overridden(ctx, item.cls, "bind")
    )


def _made_otherwise(ctx: Context, kind: Instance) -> bool:
    """Whether code of the project's puts attributes on every object of the model that is made."""
    model = concrete(ctx, kind.model)
    known = ctx.snapshot.classes.get(model.cls)
    makers = ("from_db", "__new__", "__init__")
    if (
        known is None
        or known.origin != "own"
        or any(known.methods.get(name, "") in ctx.snapshot.functions for name in makers)
    ):
        return True
    return any(
        receiver.signal in ("pre_init", "post_init") and receiver.sender in (model.label, "", "?")
        for receiver in ctx.snapshot.receivers
    )


def depends_on_query(ctx: Context, serializer: Serializer) -> bool:
    """Whether the serializer shows a name that some query computes, and others do not."""
    names = [item.source.partition(".")[0] for item in serializer.fields]
    return any(is_computed(ctx, name) for name in names)


def is_bare(ctx: Context, *kinds: Kind | None) -> bool:
    """Whether an object that was these, one after the other, has nothing that a query has computed: it was made by code, or it
    is what a query gave that computes nothing."""
    sites = [kind.site for kind in kinds if isinstance(kind, Instance)]
    if any(site.computed or site.united or is_end_of_relation(ctx, site) for site in sites):
        return False
    return any(site.fetched or site.keyless or site.bare for site in sites)


@contextmanager
def bare_object(ctx: Context, bare: bool) -> Iterator[None]:
    """What is shown inside is an object of which :func:`is_bare` holds."""
    before = shows_bare(ctx)
    ctx.memo[_BARE] = bare
    try:
        yield
    finally:
        ctx.memo[_BARE] = before


def shows_bare(ctx: Context) -> bool:
    """Whether :func:`bare_object` holds here."""
    return bool(ctx.memo.get(_BARE))
