"""Attributes with a leading underscore that the project's code puts on a model's object, beside its columns.

The generated object has no place for them, so of each name only one half is translated: either it is never put there by what
is translated (then reading it with a default gives that), or it is put there and nothing that is translated reads it (then
that is left out). The second half to turn up refuses.
"""

from __future__ import annotations

import re

from segue.translate.context import Context
from segue.translate.load.models import concrete, field_of, reverse_of

# What Django, its authentication and DRF keep on objects themselves.
_OF_FRAMEWORKS = frozenset(
    {
        "_state", "_meta", "_base_manager", "_default_manager", "_prefetched_objects_cache", "_fields_cache", "_perm_cache",
        "_user_perm_cache", "_group_perm_cache", "_password", "_wrapped", "_setupfunc", "_deferred", "_result_cache",
    }
)  # fmt: skip


def is_own_attribute(ctx: Context, label: str, name: str) -> bool:
    """Whether ``name`` is nothing of the model's, and code of the snapshot sets it on some object."""
    model = concrete(ctx, label)
    known = ctx.snapshot.classes.get(model.cls)
    if known is None or not name.startswith("_") or name.startswith("__") or name in _OF_FRAMEWORKS:
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
        put = re.compile(
            rf"\.{re.escape(name)}\s*(:[^=\n]+)?=[^=]|\bsetattr\([^\n]*['\"]{re.escape(name)}['\"]"
        )
        table[name] = any(put.search(f.source) for f in ctx.snapshot.functions.values() if name in f.source)
    return bool(table[name])


def is_never_there(ctx: Context, label: str, name: str) -> bool:
    """Whether ``getattr(obj, name, default)`` is the default; from then on, putting it there refuses."""
    if not is_own_attribute(ctx, label, name) or name in _table(ctx, "put"):
        return False
    _table(ctx, "read").add(name)
    return True


def is_left_out(ctx: Context, label: str, name: str) -> bool:
    """Whether ``obj.name = …`` can be left out; from then on, reading it refuses."""
    if not is_own_attribute(ctx, label, name) or name in _table(ctx, "read"):
        return False
    _table(ctx, "put").add(name)
    return True


def _table(ctx: Context, half: str) -> set[str]:
    found = ctx.memo.setdefault(("kernel own attributes", half), set())
    assert isinstance(found, set)
    return found
