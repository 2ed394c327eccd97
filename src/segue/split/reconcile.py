"""Whether both databases have the same rows, while the one is being written.

Ranges of the primary key are compared by digest, both servers at the same time. What differs there is looked at row by row, and what differs there
is only suspect: it may be on its way. A suspect is a difference when the written side has had the same version of the row, and the other side
had everything that had been written until then, and still has another row.

Bounds of ranges are keys of the written side. When both servers order texts differently the ranges hold different rows, which makes suspects
and no differences: suspects are looked up by key. No row is left out for that: ranges up to a key, between two, and behind the last cover
every row in any order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from segue.split import link as links
from segue.split.link import Link
from segue.split.rows import Key, Rows, Seen
from segue.split.sides import Connection, session
from segue.split.tables import Name, read

_ROUNDS = 40
_BATCH = 5000  # suspects that are held


@dataclass(frozen=True, slots=True)
class Difference:
    """A row. ``kind``: ``differs``, ``only on source``, ``only on target``."""

    table: Name
    key: Key
    kind: str


@dataclass(slots=True)
class Compared:
    """What was found in a table. ``unsettled``: rows that were written anew every time they were looked at. ``suspects``: looked at again."""

    table: Name
    rows: int = 0
    ranges: int = 0
    suspects: int = 0
    unsettled: int = 0
    differences: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Reconciler:
    """Compares the tables of ``link``, whose publisher is the side that is written.

    ``found`` is called for each difference, with both sides' rows at hand (written side first); ``progress`` after each range. ``patience``: seconds that
    the other side may take until it has what was written. ``until``: a moment (``time.monotonic``) at which it gives up with :class:`TimeoutError`.
    """

    link: Link
    found: Callable[[Difference, Rows, Rows], None]
    progress: Callable[[Compared], None] = lambda _: None
    size: int = 5000
    patience: float = 60.0
    until: float = float("inf")
    _looker: Connection | None = field(default=None)

    def run(self) -> list[Compared]:
        """Every table of the link. Holds at most some ten thousand keys at a time."""
        timeout = self.until - time.monotonic() if self.until != float("inf") else 0.0
        with (
            session(self.link.publisher, texts=True, timeout=timeout) as ahead,
            session(self.link.subscriber, texts=True, timeout=timeout) as behind,
            session(self.link.publisher) as looker,
            ThreadPoolExecutor(1) as second,
        ):
            self._looker = looker
            tables = read(ahead, self.link.tables)
            return [self._table(Rows(ahead, t), Rows(behind, t), second) for t in tables]

    def _table(self, ahead: Rows, behind: Rows, second: ThreadPoolExecutor) -> Compared:
        result, begun = Compared(ahead.table.name), time.monotonic()
        suspects: list[Key] = []
        for after, last in self._ranges(ahead):
            self._in_time()
            other = second.submit(behind.digest, after, last)
            try:
                mine = ahead.digest(after, last)
            finally:
                theirs = other.result()
            result.ranges += 1
            result.rows += mine.count
            if mine != theirs:
                for key in _differing(ahead, behind, after, last):
                    suspects.append(key)
                    if len(suspects) >= _BATCH:
                        self._settle(suspects, ahead, behind, result)
                        suspects = []
            result.seconds = time.monotonic() - begun
            self.progress(result)
        self._settle(suspects, ahead, behind, result)
        result.seconds = time.monotonic() - begun
        self.progress(result)
        return result

    def _ranges(self, rows: Rows) -> Iterator[tuple[Key | None, Key | None]]:
        after: Key | None = None
        while True:
            last = rows.boundary(after, self.size)
            yield after, last
            if last is None:
                return
            after = last

    def _settle(self, suspects: Sequence[Key], ahead: Rows, behind: Rows, result: Compared) -> None:
        """Look at ``suspects`` until each is equal, a difference, or has changed every time."""
        result.suspects += len(suspects)
        pending = list(suspects)
        before: dict[Key, tuple[Seen | None, Seen | None, int]] = {}
        for _ in range(_ROUNDS):
            if not pending:
                return
            self._in_time()
            mine = ahead.by_key(pending)
            self._wait()
            theirs, again = behind.by_key(pending), ahead.by_key(pending)
            left: list[Key] = []
            for key in pending:
                one, other, later = mine.get(key), theirs.get(key), again.get(key)
                if (later and later.digest) == (other and other.digest):
                    continue
                last = before.get(key)
                same = last[2] + 1 if last is not None and one == later and last[:2] == (one, other) else 0
                # A row that is not there has no version: one that came and went in between looks the same. Then it has to be so three times.
                if same >= (1 if one and other else 3):
                    result.differences += 1
                    self.found(Difference(ahead.table.name, key, self._kind(one, other)), ahead, behind)
                    continue
                before[key] = (one, other, same)
                left.append(key)
            pending = left
        result.unsettled += len(pending)

    def _kind(self, written: Seen | None, other: Seen | None) -> str:
        if written and other:
            return "differs"
        return f"only on {(self.link.publisher if written else self.link.subscriber).name}"

    def _wait(self) -> None:
        """Until the other side has what the written one has now."""
        assert self._looker is not None
        until = min(self.until, time.monotonic() + self.patience)
        if not links.wait_for(self._looker, self.link, links.position(self._looker), until=until):
            raise TimeoutError(
                f"the {self.link.subscriber.name} does not get what is written on the {self.link.publisher.name}"
            )

    def _in_time(self) -> None:
        if time.monotonic() > self.until:
            raise TimeoutError("comparing the rows took too long")


def _differing(ahead: Rows, behind: Rows, after: Key | None, last: Key | None) -> Iterator[Key]:
    """Keys of rows of the range that only one side has, or that are different. Holds the keys of the written side's range."""
    mine = dict(ahead.range(after, last))
    for key, digest in behind.range(after, last):
        if mine.pop(key, None) != digest:
            yield key
    yield from mine
