"""Attributes that code puts on a model's object and that nothing reads: no part of the row, and left out."""

from __future__ import annotations

import re

from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.load.models import concrete, field_of, reverse_of

# What Django itself looks for on objects that it is given: ``login`` the backend of a user.
_OF_DJANGO = frozenset({"backend", "pk"})


def is_unread(frame: Frame, label: str, name: str) -> bool:
    """Whether ``name`` is nothing of the model's own, and no source in the snapshot reads or names it.

    Sources are those of functions, of class attributes and of serializer fields. ``getattr`` with a computed name and
    templates are taken for reading.
    """
    ctx = frame.ctx
    model = concrete(ctx, label)
    known = ctx.snapshot.classes.get(model.cls)
    if known is None or field_of(model, name) is not None or reverse_of(model, name) is not None:
        return False
    if name in known.methods or name in known.attributes or name.startswith("_") or name in _OF_DJANGO:
        return False
    table = ctx.memo.setdefault(("kernel", "unread"), {})
    assert isinstance(table, dict)
    if name not in table:
        table[name] = not is_read(ctx, name)
    return bool(table[name])


def is_read(ctx: Context, name: str) -> bool:
    """Whether some source in the snapshot reads or names the attribute."""
    snapshot = ctx.snapshot
    read = re.compile(rf"\.{re.escape(name)}\b(?!\s*=[^=])|['\"]{re.escape(name)}['\"]")
    texts = [f.source for f in snapshot.functions.values() if name in f.source]
    texts += [
        a.source for c in snapshot.classes.values() for a in c.attributes.values() if name in (a.source or "")
    ]
    if any(read.search(text) for text in texts):
        return True
    return any(name in item.source.split(".") for s in snapshot.serializers.values() for item in s.fields)
