"""``segue split``: the project, its two databases and what was set out to do with them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from segue.commands.common import interpreter, read_snapshot
from segue.config import Config
from segue.errors import EnvironmentProblem, UsageError
from segue.gateway.shared import shared_environment
from segue.snapshot.model import Snapshot
from segue.split import state as states
from segue.split.sides import Side, checked, without_password
from segue.split.state import Split, State
from segue.split.tables import Name, named


@dataclass(frozen=True, slots=True)
class Given:
    """Addresses from the command line, '' where they were not given."""

    source: str = ""
    target: str = ""
    source_route: str = ""
    target_route: str = ""


def chosen(settings: Config, apps: str, tables: str) -> tuple[Name, ...]:
    """Tables of ``apps`` and ``tables`` (each with commas between), sorted. Raises :class:`UsageError` for an app without tables."""
    found = {named(t.strip()) for t in tables.split(",") if t.strip()}
    labels = [a.strip() for a in apps.split(",") if a.strip()]
    if labels:
        found |= tables_of(read_snapshot(settings), labels)
    if not found:
        raise UsageError("No tables are named.", hint="Give --apps catalog,orders or --tables NAME,NAME.")
    return tuple(sorted(found))


def tables_of(snapshot: Snapshot, labels: list[str]) -> set[Name]:
    """Tables of the models of ``labels``, with those of their many-to-many fields."""
    found = set()
    for label in labels:
        own = {
            named(m.table)
            for m in snapshot.models.values()
            if m.app == label and m.table and m.managed and not (m.proxy or m.abstract or m.swapped)
        }
        if not own:
            known = sorted({m.app for m in snapshot.models.values()})
            raise UsageError(f"No app {label!r} has tables.", hint=f"Apps with tables: {', '.join(known)}.")
        found |= own
    return found


def own_database(settings: Config) -> str:
    """The address of the database that the project's settings name. Raises :class:`UsageError` unless that is a PostgreSQL."""
    snapshot = read_snapshot(settings)
    environment = {**os.environ, **settings.environment}
    url = shared_environment(interpreter(settings), settings.root, snapshot.settings.module, environment)[
        "DATABASE_URL"
    ]
    if not url.startswith("postgresql"):
        raise UsageError(
            "The project's own database is no PostgreSQL.", hint="Name the database to move from: --from URL."
        )
    return url


def new(
    settings: Config, tables: tuple[Name, ...], given: Given, *, polled: bool = False
) -> tuple[State, Split]:
    """A split that begins."""
    if not given.target:
        raise UsageError(
            "No database to move to is named.", hint="Give --to postgresql://user@host:5432/name."
        )
    own = not given.source
    source = own_database(settings) if own else given.source
    state = State(
        phase="copying",
        tables=tables,
        source=without_password(checked(source)),
        target=without_password(checked(given.target)),
        source_route=without_password(given.source_route),
        target_route=without_password(given.target_route),
        own=own,
        name=states.name_of(source, given.target),
        polled=polled,
    )
    return state, _split(state, replace(given, source=source))


def kept(settings: Config, given: Given) -> tuple[State, Split]:
    """The split that is under way, with passwords from ``given``, the project's settings, or where libpq finds them."""
    state = states.load(settings.state)
    if state is None:
        raise UsageError("No split is under way.", hint="Begin one: `segue split copy --apps APP --to URL`.")
    for url, known, what in ((given.source, state.source, "--from"), (given.target, state.target, "--to")):
        if url and without_password(checked(url)) != known:
            raise UsageError(
                f"{what} is not the database of the split that is under way.",
                hint="Leave it out, or end that one first: `segue split stop`.",
            )
    source = given.source or (own_database(settings) if state.own else state.source)
    return state, _split(state, replace(given, source=source))


def _split(state: State, given: Given) -> Split:
    return Split(
        Side("source", given.source or state.source, given.source_route or state.source_route),
        Side("target", given.target or state.target, given.target_route or state.target_route),
        state.tables,
        state.name,
        state.polled,
    )


def require_settled(state: State) -> None:
    """Raises :class:`EnvironmentProblem` while a cut is half-way."""
    if state.phase.startswith("cutting"):
        raise EnvironmentProblem(
            f"A command was ended while it was {state.phase}.",
            hint="Bring that to its end first: `segue split cut --resume`.",
        )
