"""django-taggit: ``note.tags.all()`` and ``names()`` of an object, and ``set``, ``add``, ``remove``, ``clear``.

Source: ``taggit.managers._TaggableManager`` (6.x).
"""

from __future__ import annotations

import ast

from segue.snapshot.model import TagRelation
from segue.translate.context import Context
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, ListOf, RelatedManager
from segue.translate.load.fetch import fetch_all, site_of
from segue.translate.load.models import column_kind, concrete, field_of
from segue.translate.load.needs import column, to_many

_COLUMNS = {"names": "name", "slugs": "slug"}


def tags_of(ctx: Context, label: str, accessor: str) -> TagRelation | None:
    """What the snapshot says of the ``TaggableManager`` ``accessor``; None where it is something else."""
    item = field_of(concrete(ctx, label), accessor)
    return item.tags if item is not None and item.name == accessor else None


def on_tags(frame: Frame, owner: Val, call: CallSite) -> Val:
    """``instance.tags.method(...)``. Raises ``Refused``."""
    call.only(at_most=0)
    if call.name == "all":
        return listed(frame, owner, call.node)
    if call.name in _COLUMNS:
        tags = listed(frame, owner, call.node)
        assert isinstance(tags.kind, ListOf)
        assert isinstance(tags.kind.item, Instance)
        assert tags.node is not None
        wanted = _COLUMNS[call.name]
        column(frame.ctx, tags.kind.item.site, wanted)
        field = field_of(concrete(frame.ctx, tags.kind.item.model), wanted)
        assert field is not None
        one = frame.fresh("tag")
        made = ast.ListComp(
            ast.Attribute(name(one), wanted, ast.Load()), [ast.comprehension(name(one), tags.node, [], 0)]
        )
        return Val(ListOf(column_kind(frame.ctx, field)), made)
    why = "Of the tags of an object Segue has all(), names() and slugs()."
    raise frame.refuse("tags", ast.unparse(call.node), why, call.node)


def listed(frame: Frame, owner: Val, at: ast.AST) -> Val:
    """The tags of an object, in the order in which it got them."""
    from segue.translate.rules.instance import sure
    from segue.translate.rules.managers import related_queryset

    kind = owner.kind
    assert isinstance(kind, RelatedManager)
    instance = sure(frame, Val(kind.instance, owner.node), at)
    assert isinstance(instance.kind, Instance)
    if kind.accessor in instance.kind.site.unsaved:
        why = "In Django these are the names that were given, until the object is read again."
        raise frame.refuse("tags", ast.unparse(at), why, at)
    if instance.kind.mode == "row" and not instance.kind.site.written:
        child = to_many(frame.ctx, instance.kind.site, kind.accessor)
        assert instance.node is not None
        return Val(
            ListOf(Instance(child.model, child)), ast.Attribute(instance.node, kind.accessor, ast.Load())
        )
    value = related_queryset(frame, owner, at)
    return fetch_all(frame, value, site_of(frame, value, at=at), at)


__all__ = ["listed", "on_tags", "tags_of"]
