"""The ledger: per operation, who serves it, at what weight, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


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
    """Evidence as the ledger keeps it: the run's digest and its figures.

    ``code`` is the digest of the generated code it was made with; evidence whose ``code`` is not
    today's is stale.
    """

    digest: str
    code: str
    cases: int
    differences: int
    at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One (method, route). ``key`` is ``"GET /api/articles/{pk}/"``.

    ``weight`` is FastAPI's share in percent, 0 to 100. ``function`` is the generated path
    operation (empty when refused), ``reasons`` the refusals as ``code file:line``.
    """

    method: str
    route: str
    state: State = State.LEGACY
    weight: int = 0
    function: str = ""
    reasons: tuple[str, ...] = ()
    explore: Proof | None = None
    suite: Proof | None = None
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
        """The entry with ``changes`` and ``event`` appended to its history (last 50 are kept)."""
        return replace(self, history=(*self.history, event)[-50:], **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every operation of the project, in Django's matching order. ``code`` is the digest of the
    generated code, ``snapshot`` that of the snapshot."""

    entries: dict[str, Entry] = field(default_factory=dict)
    snapshot: str = ""
    code: str = ""

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
