"""``segue shadow``: live reads asked of the other side as well, until Ctrl-C."""

from __future__ import annotations

import contextlib
import re
import resource
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from rich.markup import escape

from segue import digest, ledger
from segue.commands import shift
from segue.commands.common import (
    basis,
    console,
    count,
    errors,
    find_entries,
    now,
    print_json,
    read_ledger,
    read_snapshot,
)
from segue.commands.shadow_record import Record
from segue.commands.shadow_shown import as_json as told
from segue.commands.shadow_shown import show
from segue.config import Config
from segue.errors import DamagedFile, EnvironmentProblem, UsageError
from segue.gateway import control, table, tapping
from segue.gateway.control import Running
from segue.ledger import Entry, Event, Ledger
from segue.rollout.log import Reader
from segue.shadow import reads
from segue.shadow.judge import SideName
from segue.shadow.tap import NoTap, Tap
from segue.shadow.worker import Limits, Worker

SHARE = 10
"""Percent of the reads, where neither the command line nor segue.toml says."""

_SAVE = 60.0  # seconds between two records of what is equal; a difference is recorded at once
_LOOK = 1.0  # seconds that Envoy collects reads for one answer
_PATIENCE = 15.0  # seconds in which a gateway takes the tap


def run(
    settings: Config, routes: list[str], *, share: int | None, seconds: float | None, as_json: bool
) -> int:
    """Compare live reads until Ctrl-C, or for ``seconds``. Exit code 1 if there was a difference.

    Raises :class:`UsageError` where nothing may be repeated, :class:`EnvironmentProblem` without a gateway, with one that never takes the tap, and
    beside another ``segue shadow``.
    """
    book, snapshot = read_ledger(settings), read_snapshot(settings)
    chosen, refused = choose(settings, book, routes)
    today = basis(settings, book)
    shift.require_loaded(settings, today)
    running = _running(settings)
    percent = share if share is not None else settings.shadow_share or SHARE
    # Credentials of users are in memory from here on: a crash leaves none of it in a file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with _only_one(settings.state), contextlib.ExitStack() as stack:
        stopping = stack.enter_context(_signals())
        record = Record(settings, today, {e.key: e for e in chosen}, errors if as_json else console)
        worker = Worker(
            table.build(snapshot, book.entries),
            frozenset(e.key for e in chosen),
            sides(running),
            Limits(settings.shadow_rate, settings.shadow_timeout),
            settings.noise,
            settings.redact,
            record.found,
        )
        folder = control.folder(settings.state)
        stack.callback(tapping.put, folder, on=False)
        tapping.put(folder, on=True)
        thread = threading.Thread(target=worker.run, daemon=True)
        stack.callback(worker.stop)
        thread.start()
        if not as_json:
            _announce(chosen, refused, percent, settings)
        until = time.monotonic() + seconds if seconds is not None else float("inf")
        ended: EnvironmentProblem | None = None
        try:
            _Loop(settings, worker, record, percent, stopping).run(running, until)
        except EnvironmentProblem as error:
            ended = error
        worker.stop()
        thread.join(1.0)  # a side that hangs is not waited for
        record.finish(worker.tallies)
        if ended or worker.failed:
            raise ended or worker.failed or AssertionError
    if as_json:
        print_json(told(worker.tallies, refused, percent))
    else:
        show(worker.tallies, console)
        if any(t.different for t in worker.tallies.values()):
            console.print(f"Examples: {record.file}", soft_wrap=True)
    return 1 if any(t.different for t in worker.tallies.values()) else 0


def forget(settings: Config, routes: list[str]) -> int:
    """Take the evidence of live reads out of the ledger: after a false alarm, or once the cause was removed outside of the generated code."""
    with ledger.locked(settings.state):
        book = read_ledger(settings)
        entries = {e.key: e for text in routes or ["*"] for e in find_entries(book, text)}
        having = [e for e in entries.values() if "shadow" in e.proofs]
        for entry in having:
            rest = {kind: proof for kind, proof in entry.proofs.items() if kind != "shadow"}
            proof = entry.proofs["shadow"]
            what = f"{proof.differences} differences in {proof.cases} live reads"
            book = book.with_entry(entry.record(Event(now(), "live reads forgotten", what), proofs=rest))
        if having:
            ledger.write(settings.ledger_file, book)
    for entry in having:
        console.print(f"{escape(entry.key)}: what live reads showed is forgotten.")
    if not having:
        console.print("Nothing to forget: no evidence of live reads is recorded for these.")
    return 0


def choose(settings: Config, book: Ledger, routes: Sequence[str]) -> tuple[list[Entry], dict[str, str]]:
    """The operations whose reads may be repeated, and why the others among the native reads that ``routes`` name may not.

    Raises :class:`UsageError` where one was named exactly that may not, and where none is left.
    """
    named = {e.key: e for text in routes or ["*"] for e in find_entries(book, text)}
    exact = [text.strip() for text in routes if text.strip() in book.entries]
    asked = {
        key: entry for key, entry in named.items() if key in exact or (entry.native and entry.method == "GET")
    }
    why = reads.refusals(
        asked,
        read_snapshot(settings),
        settings.output,
        settings.package,
        settings.accepted_middleware,
        reads.seen_effects(
            settings.state / "evidence" / "explore.json", digest.of_file(settings.snapshot_file)
        ),
    )
    refused = {key: reason for key, reason in why.items() if reason}
    for key in exact:
        if key in refused:
            raise UsageError(
                f"{key} is never repeated: {refused[key]}.",
                hint="Only reads that write nothing are asked twice; leave it out.",
            )
    chosen = [entry for key, entry in asked.items() if key not in refused]
    if not chosen:
        first = next((f"{key}: {reason}" for key, reason in refused.items()), "none is a translated read")
        raise UsageError(
            f"None of these operations may be repeated ({first}).",
            hint="`segue status` lists the operations.",
        )
    return chosen, refused


class _Loop:
    """Fetches reads while there is room, and follows a gateway that is started anew."""

    def __init__(
        self, settings: Config, worker: Worker, record: Record, share: float, stopping: threading.Event
    ) -> None:
        self.settings, self.worker, self.record, self.share = settings, worker, record, share
        self.stopping, self.tap = stopping, Tap()
        routes = {entry.route for entry in record.entries.values()}
        self.beginnings = [re.split(r"[{(?\[\\*+^$|<]", route)[0] for route in routes]
        self.reader = Reader(control.folder(settings.state) / "access.jsonl")

    def run(self, running: Running, until: float) -> None:
        """Until ``until`` (of the monotonic clock), or the event."""
        with contextlib.closing(self.tap):
            self._run(running, until)

    def _run(self, running: Running, until: float) -> None:
        saved = time.monotonic()
        lost: float | None = None
        while not self.stopping.is_set() and time.monotonic() < until and self.worker.failed is None:
            most = self.worker.room()
            if not most:
                self.stopping.wait(0.2)
            else:
                try:
                    for read in self.tap.fetch(running.ports, self.beginnings, self.share, most, _LOOK):
                        self.worker.offer(read)
                    lost = None
                except NoTap as error:
                    lost = lost or time.monotonic()
                    running = self._again(running, str(error), time.monotonic() - lost)
            for line in self.reader.read():
                if line.key in self.worker.tallies:
                    self.worker.tallies[line.key].reads += 1
            due = self.record.news or time.monotonic() - saved > _SAVE
            if due and self.record.save(self.worker.tallies):
                saved = time.monotonic()

    def _again(self, running: Running, why: str, seconds: float) -> Running:
        """The gateway as it is now: it may have been started anew, with other ports and without the tap."""
        if seconds > _PATIENCE:
            gone = False
            with contextlib.suppress(EnvironmentProblem, DamagedFile):
                gone = control.find_running(self.settings.state) is None
            if gone:
                raise EnvironmentProblem(
                    "The gateway has stopped.", hint="Start `segue serve`, then `segue shadow` again."
                )
            raise EnvironmentProblem(
                f"Envoy does not let live reads be seen: {why}.",
                hint="Start `segue serve` again; one of an earlier version has no place for it.",
            )
        self.stopping.wait(0.3)
        found = None
        with contextlib.suppress(EnvironmentProblem, DamagedFile):  # busy, or about to start
            found = control.find_running(self.settings.state)
        if found is None:  # it may be about to be started again
            return running
        if found != running:
            self.record.require_same(found)
            self.worker.sides = sides(found)
            tapping.put(control.folder(self.settings.state), on=True)
        return found


def _announce(chosen: list[Entry], refused: dict[str, str], share: int, settings: Config) -> None:
    console.print(
        f"{share} % of the reads of {count(len(chosen), 'operation')} are asked of the other side as well, at most "
        f"{count(settings.shadow_rate, 'question')} a second. Users notice nothing. Ctrl-C stops."
    )
    for key, why in refused.items():
        console.print(f"[dim]{escape(key)} is never repeated: {escape(why)}[/]", soft_wrap=True)


def _running(settings: Config) -> Running:
    running = control.find_running(settings.state)
    if running is None:
        raise EnvironmentProblem(
            "No gateway is running, so there are no live reads.", hint="Start `segue serve` first."
        )
    if running.in_process:
        raise EnvironmentProblem(
            "Both sides are served in one process: live reads can be seen only in Envoy.",
            hint="Start `segue serve` without --in-process.",
        )
    return running


def sides(running: Running) -> dict[SideName, str]:
    """Base URLs of both sides."""
    return {
        "django": f"http://127.0.0.1:{running.ports.django}",
        "fastapi": f"http://127.0.0.1:{running.ports.fastapi}",
    }


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C, SIGTERM and the end of the terminal set; `nohup` keeps the last from it."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Hold the lock of the one that looks; the system gives it back when the process ends, however it ends."""
    with contextlib.ExitStack() as stack:
        until = (
            time.monotonic() + 0.5
        )  # `segue serve` holds it for a moment when it takes out a tap that was left
        while not stack.enter_context(tapping.asking(control.folder(state))):
            if time.monotonic() > until:
                raise EnvironmentProblem(
                    "Another `segue shadow` of this project is running.",
                    hint="Stop that one first; `segue serve --shadow` runs one itself.",
                )
            time.sleep(0.05)
        yield
