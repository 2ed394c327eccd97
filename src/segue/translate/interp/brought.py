"""``items = order.items.all()`` of rows that were prefetched: the list that has come with the row, wherever the local is read.

Django's ``all()`` of a prefetched relation is made of the rows at hand (``ManyRelatedManager.get_queryset``) and asks nothing.
"""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet
from segue.translate.trees import nodes, parsed

# What may have Django read the relation anew, or give the rows other values, in the function that holds the queryset.
_WRITING = frozenset(
    {
        "abulk_create", "add", "bulk_create", "bulk_update", "clear", "create", "delete", "get_or_create", "refresh_from_db", "remove", "save",
        "set", "update", "update_or_create",
    }
)  # fmt: skip


def always(frame: Frame, value: Val) -> bool:
    """Whether the queryset ``value`` is a prefetched relation of a row, in a function that neither writes nor names another row so."""
    if not isinstance(value.kind, QuerySet):
        return False
    query = value.kind.query
    if query.related is None or query.pending or query.order == "meta":
        return False
    instance, accessor = query.related
    site = instance.site
    if instance.mode != "row" or site.written or instance.aged or accessor not in site.prefetched:
        return False
    owner = _owner(value)
    if owner not in frame.parameters:
        return False
    found = list(nodes(parsed(textwrap.dedent(frame.function.source))))
    if any(isinstance(n, ast.Attribute) and n.attr in _WRITING for n in found):
        return False
    return not any(isinstance(n, ast.Name) and n.id == owner and isinstance(n.ctx, ast.Store) for n in found)


def _owner(value: Val) -> str:
    from segue.translate.rules.queryset_evaluate import related_owner

    owner = related_owner(value)
    return owner.id if isinstance(owner, ast.Name) else ""


__all__ = ["always"]
