"""What code touches of the objects that a query gives."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.refusal import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.snapshot.model import Where
    from segue.translate.kinds import Kind


@dataclass(slots=True, eq=False)
class Needs:
    """What code touches of the objects that one *fetch site* returns; grows during translation.

    ``columns`` are column attribute names; ``one`` to-one relations by name, joined; ``many``
    to-many relations by accessor, each loaded by one further statement; ``annotations`` are
    names the query computes, with their kinds in SELECT order. A site is finalised (its SELECT
    written) after all users ran. ``written`` makes the objects entities (something assigns to,
    saves or deletes them); ``prefetched`` are relations that the legacy query prefetches, so that
    their ``count()`` costs it nothing; ``selected`` are to-one relations that it joins (``select_related``), so that
    they cost it nothing after a write either. ``hint`` goes into the row's name. ``told`` is the signal receiver that
    the objects were given to, ``stale`` the one whose object leads to them: Django has them in memory as its
    sender left them, so that of their columns only the key is sure to be what a query finds, unless they are ``live``: then
    they lead to the very objects that Django has (:mod:`segue.translate.rules.following`). ``copied``: they are copies, so
    that what they lead to must not be changed. ``kept`` are relations that are fetched as entities because such code looks
    into them. ``uploads`` are columns of
    files that may hold an upload until the object is saved, ``unsaved`` those of them that no save has stored yet. ``united`` are the
    sites whose objects may stand in the same variable. ``fetched``: they are what a queryset gives, not the end of a relation.
    ``classes`` are the multi-table children (labels) of a polymorphic model as whose objects they are made, those further
    down first; ``exact``: all are of the model's own class; ``whole``: all are entities of it or of a class below, with the columns of
    all their tables. ``noted`` is where code puts an attribute of its own on the rows,
    ``asked`` what they were asked for of that kind (:mod:`segue.translate.rules.own_attributes`).
    ``keyless``: they are made by code (``Model(…)``), so that one may have no row, and no key, when it is used. ``refreshed`` is where
    ``refresh_from_db()`` has made one forget its relations, ``expressions`` columns that hold an expression and where they got it.
    ``shown`` are relations
    that are loaded by a queryset of a ``Prefetch`` (:class:`segue.translate.query.ir.Prefetch`), by the name that they are read by;
    ``unshown`` those of objects that are written, which code must not read. ``reread``: code has Django forget what was prefetched.
    ``held``: to-many relations whose rows are in memory with written objects, as they were before the write. ``assigned``: relations
    that code has put another object into. ``known`` are to-one relations that lead to the
    very object that the related set began with, by the serial of its needs. ``bare``: no query has computed anything on them.
    ``late``: it is asked for when code comes to it, not joined; ``perhaps``: it is joined, and code comes to it on some ways only.
    ``members`` are columns that code has put a member of an enumeration into, whose text is not its value.
    ``shown_for``: fields for which alone a relation is looked into, all of which may be hidden (``serializers.only_for``).
    ``back`` is the foreign key by which the rows of a related set lead back to its owner, and the serial of that one's needs.
    ``unordered``: all rows of a statement without an order are asked for somewhere; ``firsts``: the first of each group of them
    (``DISTINCT ON``), which takes no order that begins otherwise.
    """

    model: str
    columns: set[str] = field(default_factory=set)
    one: dict[str, Needs] = field(default_factory=dict)
    many: dict[str, Needs] = field(default_factory=dict)
    annotations: set[str] = field(default_factory=set)
    computed: dict[str, Kind] = field(default_factory=dict)
    written: bool = False
    prefetched: set[str] = field(default_factory=set)
    selected: set[str] = field(default_factory=set)
    hint: str = ""
    told: Where | None = None
    stale: Where | None = None
    live: bool = False
    copied: bool = False
    kept: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    unsaved: set[str] = field(default_factory=set)
    united: list[Needs] = field(default_factory=list)
    fetched: bool = False
    classes: tuple[str, ...] = ()
    exact: bool = False
    whole: bool = False
    asked: set[str] = field(default_factory=set)
    noted: Where | None = None
    keyless: bool = False
    refreshed: Where | None = None
    expressions: dict[str, Where] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    shown_for: dict[str, list[str]] = field(default_factory=dict)
    unshown: dict[str, Any] = field(default_factory=dict)
    reread: bool = False
    held: frozenset[str] = frozenset()
    assigned: set[str] = field(default_factory=set)
    known: dict[str, int] | None = None
    bare: bool = False
    late: bool = False
    perhaps: bool = False
    back: tuple[str, int] | None = None
    members: set[str] = field(default_factory=set)
    unordered: bool = False
    firsts: bool = False
    # Tells sites apart for good: ``id()`` of one that is gone may be given to the next.
    serial: int = field(default_factory=itertools.count().__next__, init=False, repr=False)

    def __setattr__(self, name: str, value: object) -> None:
        noted: Where | None = getattr(self, "noted", None) if name == "written" and value else None
        if noted is not None:
            raise refuse(
                "model-field",
                self.model,
                "Code puts an attribute on it that is no column, and then it is saved.",
                noted,
            )
        if name == "written" and value and getattr(self, "shown", None):
            for prefetch in self.shown.values():
                if prefetch.name in self.many:
                    raise refuse(
                        "prefetch",
                        self.model,
                        "Objects that show the rows of a Prefetch are written.",
                        prefetch.where,
                    )
            self.unshown.update(self.shown)
            self.shown.clear()
        object.__setattr__(self, name, value)
        if name == "written":
            for other in getattr(self, "united", ()):
                if other.written != value:
                    other.written = bool(value)

    def below(self) -> Iterator[Needs]:
        """The sites of what its objects lead to, at whatever distance, as far as a statement brings it."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            site = waiting.pop()
            for child in (*site.one.values(), *site.many.values()):
                if child.serial not in seen and not child.late:
                    seen.add(child.serial)
                    waiting.append(child)
                    yield child

    def unite(self, other: Needs) -> bool:
        """Let what either place is asked for be loaded by both: their objects meet in one variable.

        False where their statements bring different things.
        """
        if self is other or any(known is other for known in self.united):
            return True
        if other in self.below() or self in other.below():
            return False  # ``note = note.parent``: a statement would join its own rows for ever
        if self.model != other.model or self.computed != other.computed or self.told or other.told:
            return False
        if self.noted or other.noted or self.asked or other.asked:
            return False
        if self.classes != other.classes:
            return False
        if self.live != other.live:
            # Entities keep what they lead to, wherever they are from.
            if not (self.written and other.written):
                return False
            self.live = other.live = True
        if self.shown or other.shown or self.unshown or other.unshown:
            return False
        if self.stale or other.stale or set(self.one) & set(other.one) or set(self.many) & set(other.many):
            return False
        mine, theirs = [self, *self.united], [other, *other.united]
        for attribute in ("columns", "one", "many", "annotations", "kept", "assigned", "members"):
            shared = getattr(self, attribute)
            shared.update(getattr(other, attribute))
            for needs in theirs:
                setattr(needs, attribute, shared)
        for attribute in ("prefetched", "selected"):
            shared = getattr(self, attribute) & getattr(other, attribute)
            for needs in (*mine, *theirs):
                setattr(needs, attribute, shared)
        for needs in mine:
            needs.united.extend(theirs)
        for needs in theirs:
            needs.united.extend(mine)
        self.refreshed = other.refreshed = self.refreshed or other.refreshed
        self.reread = other.reread = self.reread or other.reread
        self.expressions.update(other.expressions)
        other.expressions = self.expressions
        self.keyless = other.keyless = self.keyless or other.keyless
        written = self.written or other.written
        for needs in (*mine, *theirs):
            object.__setattr__(needs, "written", written)
        return True
