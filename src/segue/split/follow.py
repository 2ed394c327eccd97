"""Making both directions, and how far the one that is at work has come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from segue.errors import EnvironmentProblem
from segue.split import ddl, fence, needs, polling
from segue.split import link as links
from segue.split.link import Link, TableState
from segue.split.sides import session
from segue.split.state import Split
from segue.split.tables import Table, read


def begin(split: Split, say: Callable[[str], None], making: Callable[[], None] = lambda: None) -> list[Table]:
    """Check both servers, build the tables on the target, fence them there, and start the way there. Every step may have been done before.
    ``making`` is called before the first change.

    Raises :class:`EnvironmentProblem` with everything that is missing, before anything is made.
    """
    with session(split.source) as source, session(split.target) as target:
        tables = read(source, split.tables)
        if links.attached(target, split.there):
            links.require_whole(source, target, split.there)
            making()
            links.publish(source, split.there)
            links.subscribe(target, split.there, copy=True)
            return tables
        found = needs.missing(source, target, (split.source, split.target), tables, polled=split.polled)
        if found:
            raise EnvironmentProblem(
                f"{found[0]}" if len(found) == 1 else f"{len(found)} things are missing for a split.",
                hint="Nothing was changed yet.",
                detail="" if len(found) == 1 else "\n".join(found),
            )
        making()
        with target.transaction():
            built = ddl.build(target, tables)
            fence.close(target, split.tables)
        say(
            f"Target: {len(built)} of {len(tables)} tables built, the others were there; all are fenced until the cut-over."
        )
        links.publish(source, split.there)
        links.subscribe(target, split.there, copy=True)
        say(
            "The rows are copied. `segue split follow` carries changes over, as long as it runs."
            if split.polled
            else "PostgreSQL copies the rows and follows changes."
        )
    return tables


def way_back(split: Split) -> None:
    """Start the way back, which has nothing to carry until the cut-over. Every step may have been done before."""
    with session(split.source) as source, session(split.target) as target:
        links.require_whole(target, source, split.back)
        links.publish(target, split.back)
        links.subscribe(source, split.back, copy=False)


@dataclass(slots=True)
class Meter:
    """How old what the other side has is, from positions of the log seen at each look.

    ``seconds``: how long ago the written side was first seen further than the other side is now; 0 if the other has everything that was seen. Never more
    exact than the time between two looks.
    """

    seconds: list[float] = field(default_factory=list)
    _seen: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=100_000))

    def look(self, now: float, written: int, confirmed: int) -> float:
        """Seconds behind, from both positions at ``now``."""
        if not self._seen or self._seen[-1][1] < written:
            self._seen.append((now, written))
        while self._seen and self._seen[0][1] <= confirmed:
            self._seen.popleft()
        late = now - self._seen[0][0] if self._seen else 0.0
        self.seconds.append(late)
        del self.seconds[:-100_000]
        return late

    def share(self, part: float) -> float:
        """The lag that ``part`` of the looks did not exceed, 0 without looks."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a link is now. ``bytes`` of log and ``seconds`` behind; ``connected``: the publisher sends; ``errors`` of applying and copying so far."""

    tables: tuple[TableState, ...]
    bytes: int
    seconds: float
    connected: bool
    errors: int

    @property
    def ready(self) -> bool:
        """Whether the initial copy of every table is finished."""
        return all(table.state == "ready" for table in self.tables)


def look(link: Link, meter: Meter) -> Look:
    """Ask both servers."""
    with session(link.publisher) as publisher, session(link.subscriber) as subscriber:
        written, confirmed, connected = links.behind(publisher, link)
        late = meter.look(time.monotonic(), written, confirmed)
        return Look(
            tuple(links.table_states(subscriber, link)),
            max(0, written - confirmed),
            late,
            connected,
            links.problems(subscriber, link),
        )


def carry(split: Split, *, seconds: float = 2.0) -> None:
    """Carry over what is committed, in both directions, for so long (``split.polled``)."""
    until = time.monotonic() + seconds
    with polling.Poller(split.there) as there, polling.Poller(split.back) as back:
        while time.monotonic() < until:
            if not there.once() + back.once():
                time.sleep(0.05)


def stop(split: Split, say: Callable[[str], None], *, without: str = "") -> None:
    """Take away what was made on both servers but the rows: subscriptions, slots, publications. The fence of the side that is not written stays.

    ``without``: the name of a side that is gone for good.
    """
    for link in (split.there, split.back):
        gone = {side.name for side in (link.publisher, link.subscriber) if side.name == without}
        if link.publisher.name in gone:
            with session(link.subscriber) as subscriber:
                links.remove(None, subscriber, link, say)
        elif link.subscriber.name in gone:
            with session(link.publisher) as publisher:
                links.remove(publisher, None, link, say)
        else:
            with session(link.publisher) as publisher, session(link.subscriber) as subscriber:
                links.remove(publisher, subscriber, link, say)
