"""The result of an assessment: plain data that the renderers show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segue.refusal import Refusal
from segue.snapshot.model import Where


def short_place(place: str) -> str:
    """A place in an installed package without the path of its environment."""
    return place.rpartition("/site-packages/")[2]


Verdict = Literal["native", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One DRF operation (route, method).

    ``kind`` is the view's flavour; ``app`` the label of the app whose code answers.
    ``models`` are the labels that its code, queryset and serializers name, sorted; ``signals``
    the own receivers that its writes may reach, ``transactional`` whether its code opens a
    transaction or the database has ``ATOMIC_REQUESTS``. ``overridden`` lists the hooks of DRF
    that the project wrote itself. ``risk`` is a small whole number; see :mod:`.waves`.
    ``verdict`` is ``unknown`` when nothing was translated.
    """

    route: str
    method: str
    view: str
    action: str
    kind: str
    app: str
    own: bool
    verdict: Verdict
    where: Where
    reasons: tuple[Refusal, ...] = ()
    models: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    transactional: bool = False
    overridden: tuple[str, ...] = ()
    risk: int = 0
    wave: int = 0

    @property
    def reads(self) -> bool:
        """True for methods that must not change anything (RFC 9110, safe methods)."""
        return self.method in ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class KindCount:
    """Operations of one kind by verdict."""

    kind: str
    total: int
    native: int
    refused: int


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """Refusals of one code.

    ``operations`` counts the operations that have it, ``main`` those that name it first,
    ``unblocks`` those for which it is the only reason found (translation may stop at the first
    reason that holds for a whole project, so what lies behind it is not known).
    """

    code: str
    why: str
    operations: int
    main: int
    unblocks: int
    places: tuple[str, ...]
    constructs: tuple[str, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One refusal (a construct at a place) with the ``operations`` (``METHOD /path/``) that it holds back.

    ``unblocks`` counts those for which it is the only reason found, ``advice`` is what to do about it.
    """

    code: str
    construct: str
    why: str
    place: str
    advice: str
    operations: tuple[str, ...]
    unblocks: int


@dataclass(frozen=True, slots=True)
class AppNode:
    """An app in the coupling graph."""

    label: str
    origin: str
    models: int
    operations: int
    native: int


@dataclass(frozen=True, slots=True)
class AppEdge:
    """Relations from models of one app to models of another; ``fields`` as ``Model.field``."""

    source: str
    target: str
    weight: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """An installed app of a distribution other than Django and DRF themselves.

    ``models`` it brings; ``routes`` (operations) of its own views that the project serves.
    """

    distribution: str
    version: str
    apps: tuple[str, ...]
    models: int
    operations: int


@dataclass(frozen=True, slots=True)
class Effect:
    """A place that does more than read and write rows: ``kind`` is ``atomic``, ``on_commit``,
    ``select_for_update``, ``signal``, ``task``, ``mail`` or ``cache``."""

    kind: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Wave:
    """Operations to move together. ``number`` 0 is what stays on Django for now."""

    number: int
    title: str
    why: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything ``segue assess`` shows. Counts are of own DRF operations unless they say otherwise: ``plain`` are the operations of
    Django's plain views that answer with data, ``pages`` counts the plain routes that are left to Django (templates, forms)."""

    project: str
    django: str
    drf: str
    python: str
    databases: tuple[str, ...]
    translated: bool
    endpoints: tuple[Endpoint, ...]
    kinds: tuple[KindCount, ...]
    reasons: tuple[ReasonGroup, ...]
    apps: tuple[AppNode, ...]
    edges: tuple[AppEdge, ...]
    third_party: tuple[ThirdParty, ...]
    effects: tuple[Effect, ...]
    waves: tuple[Wave, ...]
    models_own: int
    models_all: int
    django_routes: int
    admin_routes: int
    inventory: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    plain: tuple[Endpoint, ...] = ()
    pages: int = 0

    @property
    def plain_native(self) -> int:
        """Operations of plain views that translate."""
        return sum(e.verdict == "native" for e in self.plain)

    @property
    def own(self) -> tuple[Endpoint, ...]:
        """Operations on the project's own views."""
        return tuple(e for e in self.endpoints if e.own)

    @property
    def native(self) -> int:
        """Own operations that translate."""
        return sum(e.verdict == "native" for e in self.own)

    @property
    def refused(self) -> int:
        """Own operations that stay on Django."""
        return sum(e.verdict == "refused" for e in self.own)
