"""Relations that only fields need which some requests are not shown: nobody is asked for them then, as in Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segue.snapshot.model import SerializerField
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Scalar
from segue.translate.load.models import concrete, field_of
from segue.translate.needs import Needs
from segue.translate.serializers.facts import field_refusal

HIDDEN = "hidden"


@contextmanager
def only_for(ctx: Context, site: Needs, item: SerializerField) -> Iterator[None]:
    """Around what shows ``item``, which may be hidden, after all that is never hidden. Raises ``Refused`` where the rows of a set
    come by a statement of their own that is sent before it is known."""
    before, sets = _relations(site), _sets(site)
    yield
    new = _relations(site) - before
    for accessor in new:
        site.shown_for.setdefault(accessor, []).append(item.name)
    first = item.source.partition(".")[0]
    plain = field_of(concrete(ctx, site.model), first) is not None or first in before
    for accessor in site.shown_for.keys() & before:
        if not plain or accessor == first:
            site.shown_for[accessor].append(item.name)
    asked = {path for path in _sets(site) - sets if path not in site.prefetched}
    if site.written:
        asked = {path for path in asked if path.partition("__")[0] not in new}
    if asked:
        path = min(asked)
        why = (
            f"Some requests are not shown it, and Django does not ask for {path} then. Prefetch it in the view's queryset "
            f"(prefetch_related({path!r})), or show it by a serializer of its own."
        )
        raise field_refusal(item, "serializer-fields", why)


@contextmanager
def where_shown(frame: Frame, site: Needs, accessor: str) -> Iterator[None]:
    """Around what loads a relation of an object that was saved."""
    names = site.shown_for.get(accessor)
    if not names:
        yield
        return
    hidden = frame.extra_state(HIDDEN, lambda: "set[str]", Scalar("set[str]"))
    with frame.capture() as lines:
        yield
    if lines:
        frame.emit_block(
            f"if not {hidden.text}.issuperset({set(names)!r}):"
            if len(names) > 1
            else f"if {names[0]!r} not in {hidden.text}:",
            lines,
        )


def _relations(site: Needs) -> set[str]:
    return {*site.one, *site.many}


def _sets(site: Needs, before: str = "") -> set[str]:
    found = {f"{before}{accessor}" for accessor in site.many}
    for accessor, child in (*site.one.items(), *site.many.items()):
        found |= _sets(child, f"{before}{accessor}__")
    return found


__all__ = ["only_for", "where_shown"]
