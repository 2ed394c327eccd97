"""Reads that a rollout sends itself where users send too few (:mod:`segue.shadow.synthetic`), as lines for its controller."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from rich.markup import escape

from segue.commands import shadow
from segue.commands.common import console, count, read_ledger, read_snapshot
from segue.config import Config
from segue.errors import UsageError
from segue.gateway import control
from segue.gateway.control import Running
from segue.rollout.log import Line
from segue.rollout.plan import Plan
from segue.shadow.synthetic import Asked, Synthetic, headers_of
from segue.shadow.worker import Limits
from segue.verify.replay import files
from segue.verify.replay.recorded import Recorded

HEADERS = "SEGUE_SYNTHETIC_HEADERS"
"""Environment variable with more headers, a JSON object: credentials stand in no file of Segue's."""

_MOST = 10_000  # recorded reads that are kept
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t -~\xa0-\xff]*")


@dataclass(slots=True)
class Sending:
    """What is sent; nothing, where nothing is asked for. ``different`` says of an operation that FastAPI answered something else, and where."""

    worker: Synthetic | None = None
    different: dict[str, str] = field(default_factory=dict)
    _none: set[str] = field(default_factory=set)

    def lines(self) -> list[Line]:
        """What was asked since the last call, as the gateway would have logged it. What ends the sending ends no guard on users' traffic."""
        if self.worker is None:
            return []
        if self.worker.failed is not None:
            console.print(
                f"[yellow]No more synthetic reads: {escape(repr(self.worker.failed))}.[/] Users are waited for."
            )
            self.worker = None
            return []
        for key, paths in list(self.worker.found.items()):
            if not paths and key not in self._none:
                self._none.add(key)
                console.print(
                    f"{escape(key)}: no path is known that Django answers with 2xx, so it waits for users; recorded traffic (--reads) or headers may help.",
                    soft_wrap=True,
                )
        return [line for asked in self.worker.results() for line in self._both(asked)]

    def want(self, wanting: Mapping[str, int]) -> None:
        """Which operations want reads, at which weight."""
        if self.worker is not None:
            self.worker.wanted = {key: weight for key, weight in wanting.items() if key not in self.different}

    def follow(self, running: Running) -> None:
        """The gateway was started anew, and the sides with it."""
        if self.worker is not None:
            self.worker.sides = shadow.sides(running)

    def start(self) -> None:
        """Send from now on what is wanted."""
        if self.worker is not None:
            threading.Thread(target=self.worker.run, daemon=True).start()

    def stop(self) -> None:
        """Send no more."""
        if self.worker is not None:
            self.worker.stop()

    def _both(self, asked: Asked) -> Iterator[Line]:
        if asked.different:
            self.different.setdefault(
                asked.key, f"synthetic reads: FastAPI answers {asked.different} otherwise than Django"
            )
        yield Line(asked.key, asked.weight, "django", 200, False, asked.django)
        yield Line(asked.key, asked.weight, "fastapi", asked.status or 504, False, asked.fastapi)


def begin(settings: Config, plan: Plan, running: Running, recorded: Sequence[Path]) -> Sending:
    """What sends ``rollout.synthetic`` reads a second for the operations of ``plan``, once it is started.

    Raises :class:`UsageError` where none of them may be repeated, for both sides in one process, and for files and headers that cannot be read.
    """
    if not settings.rollout_synthetic:
        if recorded:
            raise UsageError("--reads needs --synthetic N.", hint="N is how many reads a second are sent.")
        return Sending()
    if running.in_process:
        raise UsageError(
            "Synthetic reads are asked of each side, and both are one process here.",
            hint="Start `segue serve` without --in-process, or leave out --synthetic.",
        )
    try:
        more = headers_of(os.environ.get(HEADERS) or "{}")
    except ValueError as error:
        raise UsageError(
            f"{HEADERS} is no JSON object of texts: {error}.", hint='Write {"Authorization": "Token …"}.'
        ) from error
    headers = {**settings.rollout_headers, **more}
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise UsageError(
                f"The header {name!r} of synthetic reads cannot be sent.",  # its value may be a secret
                hint=f"See to rollout.synthetic_headers and {HEADERS}: a value is one line of Latin-1.",
            )
    if not any(name.lower() == "host" for name in headers):
        headers["Host"] = urlsplit(running.url).netloc
    book = read_ledger(settings)
    chosen, refused = shadow.choose(settings, book, [])
    routes = {entry.key: entry.route for entry in chosen}
    for key in plan.active:
        if key not in routes:
            why = refused.get(key, "it is no read")
            console.print(
                f"{escape(key)}: nothing is sent, it waits for users: {escape(why)}", soft_wrap=True
            )
    # Paths only: what else was recorded is much, and others' credentials.
    gets = (r for r in files.requests(recorded) if r.method == "GET")
    reads = [Recorded("GET", r.path, r.query) for r in islice(gets, _MOST)]
    worker = Synthetic(
        control.rules(settings, read_snapshot(settings), book.entries),
        routes,
        shadow.sides(running),
        Limits(float(settings.rollout_synthetic), settings.shadow_timeout),
        headers,
        reads,
        settings.noise,
        settings.redact,
    )
    console.print(f"{count(settings.rollout_synthetic, 'synthetic read')} a second where users send too few.")
    return Sending(worker)
