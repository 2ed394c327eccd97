"""Objects that Django has once where several rows lead to them: a change of one shows in all.

The rows of a related set lead back to the very object that the set begins with (``QuerySet._known_related_objects``, and the
``get_prefetch_querysets`` of ``django.db.models.fields.related_descriptors``), ``prefetch_related("press")`` of a foreign key gives one
object to all rows with that key, the two ends of a one-to-one relation remember each other, and ``Model(press=press)`` keeps what it was
given. Generated rows have objects of their own there, which nobody can tell apart as long as none of them is changed.
"""

from __future__ import annotations

import ast
import re

from segue.refusal import refuse
from segue.snapshot.model import Class, Where
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of, reverse_of
from segue.translate.needs import Needs
from segue.translate.rules.following import remembers
from segue.translate.rules.own_attributes import is_joined, way_to
from segue.translate.rules.receivers import saved_by

_UNSAVED = "Django shows the object that the rows were read from, which the code has changed and not saved."
_LOST = "Django keeps the object there and changes that one; here each look at the relation gives another."
_WHY = "Django has one object there that other objects lead to as well, and the change shows in all of them."


def check_unshared(frame: Frame, owner: Val, node: ast.AST, *, at_once: bool = False) -> None:
    """``owner`` is changed. Raises ``Refused`` (``shared-object``) where Django's object may be reached in another way too.

    ``at_once``: the change is in the database behind it (``request.user.auth_token.delete()``), so that nothing is lost where the
    object was fetched for it alone.
    """
    assert isinstance(owner.kind, Instance)
    way = way_to(frame.ctx, owner.kind.site)
    if way is None:
        return
    parent, relation = way
    asked = [n for n in ast.walk(owner.node) if isinstance(n, ast.Await)] if owner.node is not None else []
    if not at_once and any(
        "or_none(" in ast.unparse(n.value) or "_rows" in ast.unparse(n.value) for n in asked
    ):
        raise frame.refuse("shared-object", f"{parent.model}.{relation}", _LOST, node)
    if is_joined(frame.ctx, parent, relation) and not _leads_back(frame, parent, relation):
        return
    # Its objects are given what they lead to, and keep it, as in Django (:mod:`segue.translate.rules.following`).
    kept = owner.kind.site.live and (parent.live or remembers(frame.ctx, parent.model))
    if (
        relation in parent.prefetched
        or relation in _led_back(parent)
        or (
            not kept
            and (relation in parent.assigned or parent.keyless or _leads_back(frame, parent, relation))
        )
    ):
        raise frame.refuse("shared-object", f"{parent.model}.{relation}", _WHY, node)


def check_told(frame: Frame, owner: Val, node: ast.AST) -> None:
    """``owner`` is saved. Raises ``Refused`` where receivers, or the model's own ``save``, change what it shares with other objects."""
    assert isinstance(owner.kind, Instance)
    ctx, site = frame.ctx, owner.kind.site
    model = concrete(ctx, owner.kind.model)
    ends = {
        item.name
        for item in model.fields
        if item.relation is not None and item.relation.kind in ("fk", "o2o")
    }
    shared = {*_led_back(site), *(site.prefetched & ends)} - site.selected
    if not shared:
        return
    cls = ctx.snapshot.classes.get(model.cls)
    names = [receiver.function for receiver in saved_by(ctx, model.label) if receiver.own]
    names += [cls.methods[hook] for hook in ("save", "clean") if cls is not None and hook in cls.methods]
    for name in _reached(ctx, names, cls):
        function = ctx.snapshot.functions.get(name)
        for relation in shared if function is not None else ():
            assert function is not None
            if re.search(
                rf"\.{relation}(\.\w+\s*(\(|[-+*/%|&]?=[^=])|\s*$|\s*\))", function.source, re.MULTILINE
            ):
                raise frame.refuse("shared-object", f"{model.label}.{relation}", _WHY, node)


def _reached(ctx: Context, names: list[str], cls: Class | None) -> list[str]:
    """The functions, and those of the project that they name, or call on an object of the class, as far as that goes."""
    found, left = dict.fromkeys(names), list(names)
    while left:
        function = ctx.snapshot.functions.get(left.pop())
        if function is None:
            continue
        more = [ref.name for ref in function.globals.values() if ref.name in ctx.snapshot.functions]
        called = re.findall(r"\.(\w+)\(", function.source) if cls is not None else []
        more += [cls.methods[one] for one in called if cls is not None and one in cls.methods]
        left += [one for one in more if one not in found]
        found |= dict.fromkeys(more)
    return list(found)


def note_changed(frame: Frame, owner: Val, node: ast.AST) -> None:
    """An attribute of ``owner`` is set, and no row has it yet."""
    assert isinstance(owner.kind, Instance)
    _changed(frame.ctx)[owner.kind.site.serial] = frame.where(node)


def note_saved(frame: Frame, owner: Val) -> None:
    """``owner`` is what its row is."""
    assert isinstance(owner.kind, Instance)
    _changed(frame.ctx).pop(owner.kind.site.serial, None)


def check_saved(ctx: Context, site: Needs, relation: str, where: Where) -> None:
    """``relation`` of an object of ``site`` is read. Raises ``Refused`` where it leads back to an object that has changed since it was
    read or saved: Django shows that one, and a statement its row."""
    serial = _led_back(site).get(relation)
    if serial in _changed(ctx) and not is_joined(ctx, site, relation):
        raise refuse("shared-object", f"{site.model}.{relation}", _UNSAVED, where)


def _led_back(site: Needs) -> dict[str, int]:
    """Relations that lead the rows of a related set to its owner, by the serial of the owner's needs."""
    return {**(site.known or {}), **dict([site.back] if site.back is not None else [])}


def _changed(ctx: Context) -> dict[int, Where]:
    found = ctx.memo.setdefault(("kernel", "changed and not saved"), {})
    assert isinstance(found, dict)
    return found


def _leads_back(frame: Frame, parent: Needs, relation: str) -> bool:
    """Whether ``relation`` is the other side of the one-to-one relation that led to the objects of ``parent``."""
    way = way_to(frame.ctx, parent)
    if way is None:
        return False
    before, name = way
    model = concrete(frame.ctx, before.model)
    item = field_of(model, name)
    if item is None:
        reverse = reverse_of(model, name)
        return reverse is not None and reverse.field == relation
    back = reverse_of(concrete(frame.ctx, parent.model), relation)
    return back is not None and back.field == name and concrete(frame.ctx, back.model) is model


__all__ = ["check_saved", "check_told", "check_unshared", "note_changed", "note_saved"]
