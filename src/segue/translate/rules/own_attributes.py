"""Attributes with a leading underscore that the project's code puts on a model's object, beside its columns.

The generated object has no place for them. What no code reads is left out. What some code reads (a ``save()``, a receiver) is
never put on an object that is saved: that refuses, so that reading it with a default gives the default. On a row that is only
read it may be put, where nothing asks that row for it; such a row cannot become one that is written.
"""

from __future__ import annotations

import re

from segue.snapshot.model import Where
from segue.translate.context import Context
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of, reverse_of
from segue.translate.needs import Needs
from segue.translate.rules.unread import is_read

# What Django, its authentication and DRF keep on objects themselves.
OF_FRAMEWORKS = frozenset(
    {
        "_state", "_meta", "_base_manager", "_default_manager", "_prefetched_objects_cache", "_fields_cache", "_perm_cache",
        "_user_perm_cache", "_group_perm_cache", "_password", "_wrapped", "_setupfunc", "_deferred", "_result_cache",
    }
)  # fmt: skip


def is_own_attribute(ctx: Context, label: str, name: str) -> bool:
    """Whether ``name`` is nothing of the model's, and code of the snapshot sets it on some object."""
    model = concrete(ctx, label)
    known = ctx.snapshot.classes.get(model.cls)
    if known is None or not name.startswith("_") or name.startswith("__") or name in OF_FRAMEWORKS:
        return False
    if field_of(model, name) is not None or reverse_of(model, name) is not None:
        return False
    if name in known.methods or name in known.attributes or name in model.managers:
        return False
    if any(m in known.methods for m in ("__getattr__", "__getattribute__", "__setattr__")):
        return False
    table = ctx.memo.setdefault(("kernel", "own attributes"), {})
    assert isinstance(table, dict)
    if name not in table:
        table[name] = _puts(ctx, name)
    return bool(table[name])


def is_never_there(ctx: Context, kind: Instance, name: str) -> bool:
    """Whether ``getattr(obj, name, default)`` is the default."""
    if not is_own_attribute(ctx, kind.model, name) or kind.site.noted is not None:
        return False
    kind.site.asked.add(name)
    return True


_COMPUTES = re.compile(r"\.(annotate|extra|raw)\(")


def note_way(ctx: Context, child: Needs, parent: Needs, relation: str) -> None:
    """Objects of ``child`` are what ``relation`` of those of ``parent`` leads to."""
    _ways(ctx)[child.serial] = parent, relation


def may_be_given(ctx: Context, kind: Instance, name: str) -> bool:
    """Whether some query computes ``name``, and the object may be one that it gave.

    The rows of a related set lead back to the very object that it begins with (``QuerySet._known_related_objects``), and what is
    assigned is kept; not so what the query has joined (``select_related``), which is an object of its own.
    """
    if not is_computed(ctx, name):
        return False
    site = kind.site
    way = _ways(ctx).get(site.serial)
    if way is None:
        return kind.mode == "entity" and not (site.fetched or site.keyless or site.bare)
    parent, relation = way
    # Rows of no related set: each leads to an object of its own.
    apart = is_joined(ctx, parent, relation) or (kind.mode == "row" and parent.fetched and parent.known == {})
    if not apart or site.united or parent.united:
        return True
    # Neither may meet objects of which this is not so.
    site.asked.add(name)
    parent.asked.add(f"known {relation}")
    return False


def is_computed(ctx: Context, name: str) -> bool:
    """Whether some query of the project's computes ``name``: one of a function, or of a class (``queryset = …``)."""
    table = ctx.memo.setdefault(("kernel", "computed names"), {})
    assert isinstance(table, dict)
    if name not in table:
        put = re.compile(rf"\b{re.escape(name)}\s*=[^=]|['\"]{re.escape(name)}['\"]\s*:")
        sources = (
            *(function.source for function in ctx.snapshot.functions.values()),
            *(one.source for cls in ctx.snapshot.classes.values() for one in cls.attributes.values()),
        )
        table[name] = any(put.search(one) and _COMPUTES.search(one) for one in sources if name in one)
    return bool(table[name])


def may_be_put(ctx: Context, name: str) -> bool:
    """Whether code of the snapshot, translated or not, puts an attribute called ``name`` on some object."""
    table = ctx.memo.setdefault(("kernel", "names put"), {})
    assert isinstance(table, dict)
    if name not in table:
        table[name] = _puts(ctx, name)
    return bool(table[name])


def _puts(ctx: Context, name: str) -> bool:
    put = re.compile(
        rf"\.{re.escape(name)}\s*(:[^=\n]+)?[-+*/%|&^@]?=[^=]|\bsetattr\([^\n]*['\"]{re.escape(name)}['\"]"
    )
    return any(put.search(f.source) for f in ctx.snapshot.functions.values() if name in f.source)


def way_to(ctx: Context, site: Needs) -> tuple[Needs, str] | None:
    """Of what objects, and by what relation, those of ``site`` are the end; None where they are none."""
    return _ways(ctx).get(site.serial)


def is_end_of_relation(ctx: Context, site: Needs) -> bool:
    """Whether objects of ``site`` are what a relation of others leads to."""
    return site.serial in _ways(ctx)


def is_joined(ctx: Context, parent: Needs, relation: str) -> bool:
    """Whether the query that gave ``parent``, or what leads to it, joins ``relation`` of it (``select_related("question__event")``)."""
    path = relation
    while path not in parent.selected:
        way = _ways(ctx).get(parent.serial)
        if way is None:
            return False
        parent, before = way
        path = f"{before}__{path}"
    return True


def _ways(ctx: Context) -> dict[int, tuple[Needs, str]]:
    found = ctx.memo.setdefault(("kernel", "ways"), {})
    assert isinstance(found, dict)
    return found


def is_left_out(ctx: Context, kind: Instance, name: str, where: Where) -> bool:
    """Whether ``obj.name = …`` at ``where`` can be left out."""
    if not is_own_attribute(ctx, kind.model, name):
        return False
    if not is_read(ctx, name):
        return True
    site = kind.site
    if kind.mode != "row" or site.written or site.united or name in site.asked:
        return False
    site.noted = where
    return True
