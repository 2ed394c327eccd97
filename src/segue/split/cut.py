"""Moving the writes from one side to the other, and finding out after a kill how far that came.

Both sides are fenced or one of them is; never none. The fence of the side that has been written goes up in one transaction that holds the
tables meanwhile: writers wait, the other side gets the rest, sequences are set, rows are compared, and only then the fence is committed. Whatever ends the
command before that commit ends the transaction as well, and the writers that waited go on as if nothing had been. From that commit on the writes belong to the
other side, whose fence is taken down last; a kill in between leaves both fenced until ``--resume``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from segue.errors import EnvironmentProblem
from segue.split import fence, sequences
from segue.split import link as links
from segue.split.link import Link
from segue.split.reconcile import Compared, Difference, Reconciler
from segue.split.sides import Connection, Unreachable, one, session

_LOCK = 7364626523917  # of pg_advisory_xact_lock: one cut at a time, and its successor waits for its end
_SLACK = 5.0


class Undone(EnvironmentProblem):
    """The cut did not come about; the side that was written still is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """``paused``: seconds that writers waited. ``compared`` is empty when that was not asked for."""

    paused: float
    sequences: tuple[str, ...]
    compared: tuple[Compared, ...]


class Different(Exception):
    """Rows differ; nothing was changed."""

    def __init__(self, differences: tuple[Difference, ...], compared: tuple[Compared, ...]) -> None:
        super().__init__(f"{sum(c.differences + c.unsettled for c in compared)} rows differ")
        self.differences = differences
        self.compared = compared


def cut(link: Link, *, within: float, compare: bool, say: Callable[[str], None]) -> Cut:
    """Move the writes from the publisher of ``link`` to its subscriber.

    Writers wait at most ``within`` seconds; what is not finished by then is undone. Raises :class:`Undone`, :class:`Different`, and
    :class:`EnvironmentProblem` when a server goes away in between.
    """
    writer, other = link.publisher, link.subscriber
    until = time.monotonic() + within
    with session(writer) as holding, session(writer) as looking, session(other) as there:
        _ready(link, looking, there)
        found = sequences.pairs(looking, there, link.tables)
        with _one_at_a_time(holding):
            limit = f"{int((within + _SLACK) * 1000)}ms"
            one(
                holding,
                "SELECT pg_catalog.set_config('idle_in_transaction_session_timeout', %s, true)",
                limit,
            )
            fence.hold(holding, link.tables, until=until)
            begun = time.monotonic()
            say(f"Writers of the {writer.name} wait.")
            if not links.wait_for(looking, link, links.position(looking), until=until):
                raise _late(writer.name, f"the {other.name} did not get everything within {within:g} seconds")
            carried = sequences.carry(looking, there, found)
            compared = _compare(link, until) if compare else ()
            fence.close(holding, link.tables)
            if time.monotonic() > until:
                raise _late(writer.name, f"it took longer than {within:g} seconds")
        paused = time.monotonic() - begun
    say(f"The {writer.name} is closed.")
    _open(link, until=time.monotonic() + within)
    return Cut(paused, tuple(carried), compared)


def settle(link: Link) -> bool:
    """After a kill: whether the writes went to the subscriber of ``link``. Goes to the end in the direction that had been decided."""
    with session(link.publisher) as writer, _one_at_a_time(writer):
        through = fence.closed(writer, link.tables)
    if through:
        _open(link, until=time.monotonic() + 10)
        return True
    with session(link.subscriber) as other:
        fence.close(other, link.tables)
    return False


@contextlib.contextmanager
def _one_at_a_time(connection: Connection) -> Iterator[None]:
    """A transaction that waits for the end of that of another cut, also of one whose command has been killed."""
    with connection.transaction():
        # For a server that would not notice that the command is gone while it waits for a lock.
        connection.execute("SET LOCAL client_connection_check_interval = '1s'")
        connection.execute("SET LOCAL lock_timeout = '30s'")
        one(connection, "SELECT pg_catalog.pg_advisory_xact_lock(%s)", _LOCK)
        connection.execute("SET LOCAL lock_timeout = 0")
        yield


def _ready(link: Link, writer: Connection, other: Connection) -> None:
    names = link.publisher.name, link.subscriber.name
    if fence.closed_of(writer) & set(link.tables):
        raise Undone(
            f"The {names[0]} is not the side that is written.", hint="`segue split status` says who is."
        )
    if not fence.closed(other, link.tables):
        raise Undone(
            f"The {names[1]} can be written already, so it may have rows of its own.",
            hint="Fence it: `segue split copy --resume`, then `segue split check`.",
        )
    links.require_whole(writer, other, link)
    waiting = [s.table for s in links.table_states(other, link) if s.state != "ready"]
    if waiting:
        raise Undone(
            f"The initial copy is not finished: {', '.join(map(str, waiting))}.",
            hint="Wait: `segue split follow`.",
        )


def _compare(link: Link, until: float) -> tuple[Compared, ...]:
    differences: list[Difference] = []

    def found(difference: Difference, _ahead: object, _behind: object) -> None:
        if len(differences) < 20:
            differences.append(difference)

    try:
        compared = tuple(Reconciler(link, found, until=until).run())
    except TimeoutError as error:
        raise _late(link.publisher.name, str(error)) from error
    if any(c.differences or c.unsettled for c in compared):
        raise Different(tuple(differences), compared)
    return compared


def _late(writer: str, why: str) -> Undone:
    return Undone(
        f"Nothing was changed, and the {writer} is written as before: {why}.",
        hint="Try again with a longer --within, at a quieter time, or with --no-check after a `segue split check`.",
    )


def _open(link: Link, *, until: float) -> None:
    """Take the fence of the subscriber down. A server that is away is asked again until ``until``."""
    while True:
        try:
            with session(link.subscriber) as other:
                fence.open(other, link.tables)
            return
        except Unreachable as error:
            if time.monotonic() > until:
                raise EnvironmentProblem(
                    f"The {link.publisher.name} is closed and the {link.subscriber.name} is not open yet, as it does not answer.",
                    hint="Writes are refused on both sides until you run `segue split cut --resume`.",
                ) from error
            time.sleep(0.2)
