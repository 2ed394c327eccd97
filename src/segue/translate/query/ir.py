"""What is known of a lazy queryset while its ``Select`` is being written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from segue.target.ir import Import
from segue.translate.kinds import Instance, Kind

if TYPE_CHECKING:
    from segue.snapshot.model import Where
    from segue.translate.query.where import Node


@dataclass(frozen=True, slots=True)
class Column:
    """An item of the SELECT list beside the primary key: annotation or ``values()`` item.

    ``text`` is the SQLAlchemy expression, ``aggregate`` tells that it needs GROUP BY, ``window`` that it is
    computed over the rows that are selected. ``over`` are the to-many relations that an aggregate is over, ``steady`` tells that it
    stays the same where another join repeats its rows.
    """

    name: str
    text: str
    kind: Kind = field(compare=False)
    aggregate: bool = False
    window: bool = False
    over: tuple[str, ...] = ()
    steady: bool = False


@dataclass(frozen=True, slots=True)
class Prefetch:
    """``prefetch_related(path)``. ``own``: by a queryset of its own, ``query``, which ``text`` writes behind ``select(…)`` with
    ``imports``; ``attribute`` is the list that it is kept in, if it has a name of its own."""

    path: str
    attribute: str = ""
    own: bool = False
    text: str = ""
    imports: frozenset[Import] = frozenset()
    query: Query | None = field(default=None, compare=False)
    where: Where | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What the rows are read by."""
        return self.attribute or self.path


@dataclass(frozen=True, slots=True)
class Query:
    """A queryset over ``model``.

    ``order``: ``meta`` (Meta.ordering holds and is not in the code yet), ``terms`` (``terms``, turned
    round if ``flip``, not in the code yet), ``none`` (no order, as ``order_by()`` or a model
    without ordering), ``done`` (in the code).
    ``values``: ``None`` for instances, else ``dict``, ``tuple`` or ``flat`` over ``columns``.
    ``annotations`` follow the primary key in the SELECT list. ``many`` tells that a join of the
    code may repeat rows. ``related`` is set while the queryset is ``instance.accessor.all()``
    and nothing else. ``hidden`` are ``alias()``es, ``pending`` are condition trees (:class:`segue.translate.query.where.Node`)
    whose joins may repeat rows: a later ``distinct()`` decides how they are written.
    ``meta_written`` tells that the order in the code is Meta.ordering, as it stands there.
    ``manager`` is the project's class of querysets that it is of, where a manager names one; ``begun`` the name of the
    manager that it began with, '' where that is not known.
    ``grouped`` tells that the code has GROUP BY, of the columns ``group``; ``joins`` are its joins for columns (alias, condition).
    ``crossed`` tells that a filter looks over a to-many relation, ``crossing`` the model of the rows in between where that is the
    one which a related set (``user.teams``) begins with, and nothing else.
    ``selected`` are the paths of ``select_related``, ``loading`` the calls that change which columns Django reads besides. ``maybe_distinct`` tells that ``distinct()`` was called on one way to here and not on another.
    ``streamed`` tells that it is read by ``iterator()``, which keeps no rows.
    ``anew``: it has the code of another queryset, of which it is a copy without the rows that one keeps. ``read``: a function gives it back and may have evaluated it.
    ``known`` are to-one relations that lead to the very object that a related set began with, by the serial of that object's needs.
    ``compound`` tells of ``union()`` and its kin, ``repeated`` of ``union(all=True)``, ``elided`` that a part of it
    may turn out to have no rows and be left out. ``first_of`` tells of ``distinct(fields)``; ``surplus`` that the SELECT list ends with columns that only the order of distinct values
    has there. ``bounds`` are those of the slice, where they are known. ``held``: it is the very object that the view's class holds, which all
    requests share: DRF has its evaluation fail (``APIView.as_view``), and what another attribute holds would keep its rows.
    ``loose``: on some ways it has no order, though ``order`` is ``done``.
    """

    model: str
    order: str = "meta"
    distinct: bool = False
    sliced: bool = False
    values: str | None = None
    columns: tuple[Column, ...] = ()
    annotations: tuple[Column, ...] = ()
    many: bool = False
    grouped: bool = False
    prefetch: tuple[Prefetch, ...] = ()
    related: tuple[Instance, str] | None = None
    locked: bool = False
    compound: bool = False
    elided: bool = False
    repeated: bool = False
    manager: str = ""
    begun: str = ""
    pending: tuple[Node, ...] = ()
    hidden: tuple[Column, ...] = ()
    terms: tuple[Any, ...] = ()
    flip: bool = False
    meta_written: bool = False
    maybe_distinct: bool = False
    selected: tuple[str, ...] = ()
    loading: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    joins: tuple[tuple[str, str], ...] = ()
    crossed: bool = False
    crossing: str = ""
    streamed: bool = False
    loose: bool = False
    first_of: bool = False
    surplus: bool = False
    bounds: tuple[int, int | None] | None = None
    for_save: bool = False
    held: bool = False
    anew: bool = field(default=False, compare=False)
    read: bool = field(default=False, compare=False)
    known: tuple[tuple[str, int], ...] = field(default=(), compare=False)

    def with_(self, **changes: object) -> Query:
        """A copy with ``changes``; it is no longer the plain related set."""
        changes.setdefault("related", None)
        changes.setdefault("read", False)
        return replace(self, **changes)  # type: ignore[arg-type]

    def joined(self, other: Query) -> Query | None:
        """What two branches have in common; ``None`` when their rows differ in shape."""
        known = self.known if self.known == other.known else ()
        if self == other:
            return replace(self, known=known)
        same = (
            self.model == other.model
            and self.values == other.values
            and self.columns == other.columns
            and self.annotations == other.annotations
            and self.group == other.group
            and self.joins == other.joins
            and (self.first_of, self.surplus) == (other.first_of, other.surplus)
            and self.compound == other.compound
        )
        if not same or {p for p in self.prefetch if p.own} != {p for p in other.prefetch if p.own}:
            return None
        order = self.order if self.order == other.order else "done"
        if self.order != other.order and {self.order, other.order} & {"meta", "terms"}:
            return None
        return replace(
            self,
            order=order,
            begun=self.begun if self.begun == other.begun else "",
            distinct=self.distinct and other.distinct,
            maybe_distinct=self.distinct != other.distinct or self.maybe_distinct or other.maybe_distinct,
            meta_written=self.meta_written and other.meta_written,
            sliced=self.sliced or other.sliced,
            bounds=self.bounds if self.bounds == other.bounds else None,
            many=self.many or other.many,
            grouped=self.grouped or other.grouped,
            prefetch=tuple(p for p in self.prefetch if p in other.prefetch),
            loading=self.loading if self.loading == other.loading else ("?",),
            related=None,
            known=known,
            locked=self.locked or other.locked,
            crossed=self.crossed or other.crossed,
            crossing=self.crossing if self.crossing == other.crossing else "",
            compound=self.compound or other.compound,
            repeated=self.repeated or other.repeated,
            elided=self.elided or other.elided,
            held=self.held or other.held,
            loose=self.open_order or other.open_order,
        )

    @property
    def open_order(self) -> bool:
        """Whether the database may be left to give the rows in any order."""
        return self.order == "none" or self.loose

    def annotation(self, name: str) -> Column | None:
        """The annotation called ``name``."""
        for item in (*self.annotations, *self.hidden):
            if item.name == name:
                return item
        return None
