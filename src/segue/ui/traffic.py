"""What the page says of traffic now: the gateway's state, and figures of the last minute."""

from __future__ import annotations

import time
from dataclasses import dataclass

from markupsafe import Markup

from segue.config import Config
from segue.errors import SegueError
from segue.gateway import control
from segue.gateway.control import Running
from segue.rollout.figures import Side
from segue.ui import pictures
from segue.ui.live import KEPT, WINDOW, Live, Seen


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one side over the last minute, as texts."""

    name: str
    rate: str
    requests: int
    failures: int
    fallbacks: int
    abandoned: int
    p50: str
    p95: str
    p99: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """``state`` is one sentence about the gateway, ``up`` whether it runs; ``share`` FastAPI's of the answers in percent, None
    without requests. ``totals`` is a sentence of what the gateway has counted since it began."""

    state: str
    up: bool
    seen: Seen
    rows: tuple[Row, ...]
    share: float | None
    rates: Markup
    histogram: Markup
    totals: str = ""
    running: Running | None = None


def traffic(settings: Config, live: Live, key: str = "") -> Traffic:
    """Of the whole gateway, or of one operation."""
    now = time.time()
    running, state, up = None, "", False
    try:
        running = control.find_running(settings.state)
    except SegueError as error:
        state = f"{error.message} {error.hint}"
    else:
        up = running is not None
        state = (
            f"The gateway runs at {running.url}."
            if running
            else "No gateway is running, so there is no traffic to see. Start `segue serve`."
        )
    live.look(control.folder(settings.state) / "access.jsonl", running.django if running else "", now)
    seen = live.seen(now, key)
    both = seen.figures
    totals = ""
    if running is not None and not running.in_process and not key:
        counted = control.statistics(running.ports)
        totals = (
            f"Since it began: {counted['total']} requests, {counted['fallbacks']} fell back to Django, "
            f"{counted['total_5xx']} answered with 5xx."
            if counted
            else "What it has counted since it began cannot be said: its admin page did not answer in time."
        )
    return Traffic(
        state,
        up,
        seen,
        (_row("FastAPI", seen.rate[1], both.fastapi), _row("Django", seen.rate[0], both.django)),
        100 * seen.answered / seen.requests if seen.requests else None,
        pictures.rates(seen.rates, WINDOW if key else KEPT),
        pictures.histogram(both.django, both.fastapi),
        totals,
        running,
    )


def _row(name: str, rate: float, side: Side) -> Row:
    p50, p95, p99 = (
        pictures.milliseconds(side.quantile(q)) if side.latencies else "–" for q in (0.5, 0.95, 0.99)
    )
    return Row(
        name,
        f"{rate:.1f}",
        side.requests,
        side.failures - side.fallbacks,
        side.fallbacks,
        side.abandoned,
        p50,
        p95,
        p99,
    )
