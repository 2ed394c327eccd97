"""The ledger: per operation, who serves it, at what weight, and on what evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from segue.ledger.owners import Handover

Kind = Literal["explore", "suite", "http", "replay", "shadow"]
KINDS: tuple[Kind, ...] = ("explore", "suite", "http", "replay", "shadow")
AGAINST_ONLY: tuple[Kind, ...] = ("shadow",)
"""Evidence that speaks against an operation and never for it: equal live reads are as many as happened to come."""
HISTORY = 50
"""Events that an operation keeps."""


class State(StrEnum):
    """Where an operation stands on its way from Django to FastAPI."""

    LEGACY = "legacy"
    TRANSLATED = "translated"
    VERIFIED = "verified"
    SHIFTING = "shifting"
    SHIFTED = "shifted"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history. ``at`` is UTC, ISO 8601 with seconds."""

    at: str
    what: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence as the ledger keeps it: the run's digest and figures, and what it was about.

    ``own`` is the digest of the generated code that the operation runs (:mod:`segue.ledger.closure`), ``code`` that of
    the whole package, ``snapshot`` that of the snapshot of the legacy project. Ledgers of earlier versions have neither
    ``own`` nor ``snapshot`` (both ''). ``ran`` says what was run: ``seed 1, 5000 cases or 300 s, joined``.
    """

    digest: str
    code: str
    cases: int
    differences: int
    at: str
    own: str = ""
    snapshot: str = ""
    ran: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """What evidence made now would be about: digests of the snapshot, of the package, and by operation of the
    code that it runs."""

    snapshot: str
    code: str
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One (method, route). ``key`` is ``"GET /api/articles/{pk}/"``.

    ``weight`` is FastAPI's share in percent, 0 to 100. ``function`` is the generated path
    operation (empty when refused), ``reasons`` the refusals as ``code file:line``. ``proofs`` is its
    evidence by kind of run.
    """

    method: str
    route: str
    state: State = State.LEGACY
    weight: int = 0
    function: str = ""
    reasons: tuple[str, ...] = ()
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    history: tuple[Event, ...] = ()

    @property
    def key(self) -> str:
        """``METHOD route``."""
        return f"{self.method} {self.route}"

    @property
    def native(self) -> bool:
        """Whether FastAPI can answer it."""
        return bool(self.function)

    def record(self, event: Event, **changes: object) -> Entry:
        """The entry with ``changes`` and ``event`` appended to its history (the last :data:`HISTORY` are kept)."""
        return replace(self, history=(*self.history, event)[-HISTORY:], **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every operation of the project, in Django's matching order. ``code`` is the digest of the
    generated code, ``snapshot`` that of the snapshot. ``handovers`` say who owns which table, the last one counts."""

    entries: dict[str, Entry] = field(default_factory=dict)
    snapshot: str = ""
    code: str = ""
    handovers: tuple[Handover, ...] = ()

    def with_entry(self, entry: Entry) -> Ledger:
        """The ledger with that entry replaced."""
        return replace(self, entries={**self.entries, entry.key: entry})

    def find(self, text: str) -> list[Entry]:
        """Entries that ``text`` names: a key, a route (all its methods), or a glob over keys/routes."""
        from fnmatch import fnmatchcase

        wanted = text.strip()
        if wanted in self.entries:
            return [self.entries[wanted]]
        exact = [e for e in self.entries.values() if e.route == wanted]
        if exact:
            return exact
        # "{" and "[" mean themselves in routes, so only * and ? are wild.
        pattern = wanted.replace("[", "[[]")
        return [
            e for e in self.entries.values() if fnmatchcase(e.key, pattern) or fnmatchcase(e.route, pattern)
        ]
