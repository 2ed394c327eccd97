"""The outbox under fire: writers and relays are killed with SIGKILL while events flow; then everything is counted.

``python -m bench.outbox [--events 10000] [--kills 50]`` starts its own PostgreSQL. Writers commit events (some are undone), each
with its number in its key, and write down what was committed *after* COMMIT; relays append what they publish to a file, which stands for
the broker, and sync it. Lost: committed and never published. Invented: published and never begun. Out of order: the first
publication of an event after that of a later one of its key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_KEYS = 20
_DEADLINE = 600.0


@dataclass
class Found:
    """What a course came to."""

    committed: int = 0
    published: int = 0
    lost: int = 0
    invented: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    kills: int = 0
    seconds: float = 0.0


@dataclass
class Course:
    """``events`` committed by two writers, ``kills`` of writers and relays at random moments. ``fault``: relays that ``forget-first``, and end
    themselves between the two at their 15th event."""

    url: str
    folder: Path
    events: int
    kills: int
    seed: int = 1
    fault: str = ""
    batch: int = 20
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self) -> Found:
        """Start, kill, wait for the outbox to be empty, count."""
        asyncio.run(_create(self.url))
        pick, begun = random.Random(self.seed), time.monotonic()
        names = ["writer 0", "writer 1", "relay 0", "relay 1"]
        found = Found()
        try:
            for name in names:
                self._start(name)
            while time.monotonic() - begun < _DEADLINE:
                time.sleep(pick.uniform(0.3, 0.9) if found.kills < self.kills else 0.2)
                for name, process in list(self._running.items()):
                    code = process.poll()
                    if code == -signal.SIGKILL:  # by its own hand
                        self._start(name)
                    elif code:
                        raise RuntimeError(f"{name} ended with {code}")
                if found.kills < self.kills:
                    name = pick.choice(names)
                    self._kill(name)
                    found.kills += 1
                    self._start(name)
                elif self._written() >= self.events and asyncio.run(_left(self.url)) == 0:
                    break
        finally:
            for name in names:
                self._kill(name)
        found.seconds = time.monotonic() - begun
        return self._count(found)

    def _start(self, name: str) -> None:
        role, number = name.split()
        options = [
            self.url,
            str(self.folder),
            number,
            str(self.events // 2),
            str(self.batch),
            self.fault or "-",
        ]
        self._running[name] = subprocess.Popen(
            [sys.executable, "-m", "bench.outbox", f"--{role}", *options],
            cwd=Path(__file__).resolve().parents[1],
        )

    def _kill(self, name: str) -> None:
        process = self._running[name]
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait(10)

    def _lines(self, stem: str) -> Iterator[str]:
        for path in sorted(self.folder.glob(f"{stem} *")):
            text = path.read_text()
            # A killed process may leave half a line.
            yield from text[: text.rfind("\n") + 1].splitlines()

    def _written(self) -> int:
        return sum(1 for _ in self._lines("committed"))

    def _count(self, found: Found) -> Found:
        committed, begun = set(self._lines("committed")), set(self._lines("begun"))
        published = [json.loads(line) for line in (self.folder / "broker").read_text().splitlines()]
        events = [p["event"] for p in published]
        found.committed, found.published = len(committed), len(set(events))
        found.lost = len(committed - set(events))
        found.invented = len(set(events) - begun)
        found.duplicates = len(events) - len(set(events))
        last: dict[str, int] = {}
        seen: set[str] = set()
        for item in published:
            if item["event"] in seen:
                continue
            seen.add(item["event"])
            if item["id"] < last.get(item["key"], 0):
                found.out_of_order += 1
            last[item["key"]] = max(item["id"], last.get(item["key"], 0))
        return found


async def _create(url: str) -> None:
    from segue_bridge.db.database import Database
    from segue_bridge.outbox.table import Outbox

    database = Database(url)
    await Outbox().create(database)
    await database.close()


async def _left(url: str) -> int:
    from sqlalchemy import text

    from segue_bridge.db.database import Database

    database = Database(url, pool_size=1)
    async with database.session() as db:
        count: int = await db.scalar(text("SELECT count(*) FROM segue_outbox"))
    await database.close()
    return count


async def _write(url: str, folder: Path, number: int, events: int) -> None:
    """Commit events until ``events`` of this writer's are written down."""
    from segue_bridge.db.database import Database
    from segue_bridge.outbox.table import Outbox

    database, outbox, pick = Database(url, pool_size=2), Outbox(), random.Random()
    done = folder / f"committed {number}"
    written = len(done.read_text().splitlines()) if done.exists() else 0
    with done.open("a") as committed, (folder / f"begun {number}").open("a") as begun:
        if done.stat().st_size and not done.read_text().endswith("\n"):
            committed.write("\n")
        while written < events:
            async with database.session() as db:
                with suppress(InterruptedError):
                    async with db.atomic():
                        name = f"{number}-{os.getpid()}-{written}-{pick.random()}"
                        begun.write(f"{name}\n")
                        begun.flush()
                        await outbox.add(
                            db, "t", None, key=f"key {pick.randrange(_KEYS)}", event_id=name[:36]
                        )
                        if pick.random() < 0.1:
                            raise InterruptedError
                    committed.write(f"{name}\n")
                    committed.flush()
                    written += 1
    await database.close()


async def _relay(url: str, folder: Path, batch: int, fault: str) -> None:
    from sqlalchemy import text

    from segue_bridge.db.database import Database
    from segue_bridge.outbox.relay import Relay
    from segue_bridge.outbox.table import Event

    database = Database(url, pool_size=2)
    broker = os.open(folder / "broker", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    forgotten = 0

    async def publish(event: Event) -> None:
        nonlocal forgotten
        if fault == "forget-first":
            async with database.session() as db:
                await db.execute(text("DELETE FROM segue_outbox WHERE id = :id"), {"id": event.id})
            # Counted and not left to chance: two relays cannot share 40 events without one of them coming to its 15th.
            forgotten += 1
            if forgotten == 15:
                os.kill(os.getpid(), signal.SIGKILL)
        line = json.dumps({"event": event.event_id, "key": event.key, "id": event.id})
        os.write(broker, f"{line}\n".encode())  # one write: whole or not at all
        await asyncio.sleep(0)

    await Relay(database, publish, batch=batch, idle=0.02, retry=0.05).run()


def main() -> int:
    arguments = sys.argv[1:]
    if arguments and arguments[0] in ("--writer", "--relay"):
        role, url, folder, number, events, batch, fault = arguments
        if role == "--writer":
            asyncio.run(_write(url, Path(folder), int(number), int(events)))
        else:
            asyncio.run(_relay(url, Path(folder), int(batch), fault))
        return 0
    from tests.services import running_postgres

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with running_postgres() as postgres:
        with tempfile.TemporaryDirectory() as folder:
            found = Course(
                postgres.create("outbox"), Path(folder), given.events, given.kills, given.seed
            ).run()
        sys.stdout.write(
            f"{found.committed} events committed, {found.kills} kills, {found.seconds:.0f} s: lost {found.lost}, invented "
            f"{found.invented}, out of order {found.out_of_order}, duplicates {found.duplicates}\n"
        )
        return int(bool(found.lost or found.invented or found.out_of_order))


if __name__ == "__main__":
    raise SystemExit(main())
