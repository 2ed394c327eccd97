"""Rows of a to-many relation that were prefetched with an object, once they are written through its manager.

The manager begins with the very queryset that was prefetched: ``update()`` and ``delete()`` empty it (``note.pages.all().delete()``), and
``create()`` of Django 5.1 and later drops it (``django.db.models.fields.related_descriptors``). What is narrowed first is another queryset.
"""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.query.build import query_of, root_of


def forget_prefetched(frame: Frame, owner: Val) -> None:
    """Have the object read the rows of ``owner``, all that its manager has, again."""
    from segue.translate.rules.queryset_evaluate import related_owner

    query = query_of(owner)
    if query.related is None or query.pending:
        return
    instance, accessor = query.related
    holder = related_owner(owner)
    if accessor not in {path.partition("__")[0] for path in instance.site.prefetched} or holder is None:
        return
    instance.site.written = True  # its rows are asked for by ``in_memory``
    frame.use(Import("segue_bridge.db.base", "forget_rows"))
    frame.emit(
        f"forget_rows({Val(owner.kind, holder).text}, {Val(owner.kind, root_of(frame, query.model)).text}.__table__)"
    )


__all__ = ["forget_prefetched"]
