"""Find what keeps the event loop from going on, while it does.

A thread asks the loop to answer and looks at the stack of the loop's thread when it does not: so a stall is told with
the code that causes it, not with the requests that suffer from it. The loop itself does next to nothing for this
(four callbacks a second); asyncio's debug mode, which wraps every callback, is far too slow for production.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

_log = logging.getLogger("segue_bridge.watch")
_LIBRARIES = tuple(
    {str(Path(sysconfig.get_path(name))) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_BRIDGE = str(Path(__file__).resolve().parent.parent)
_DEEPEST = 40
"""Frames that a report holds."""


@dataclass(frozen=True, slots=True)
class Stall:
    """The loop did nothing else for ``seconds``. ``route`` is ``GET /books/{pk}/``, '' outside of requests;
    ``function`` the innermost function of the service itself (``app.catalog.routes.book_list``), '' where none is on the stack;
    ``stack`` the frames, outermost first, as tracebacks show them, at the moment when the stall was noticed."""

    seconds: float
    route: str
    function: str
    stack: str


class StallWatch:
    """Reports stalls of the running loop of more than ``after`` seconds: ``async with StallWatch(): …``.

    ``every`` is the time between two looks, in seconds: a stall that begins and ends between two looks is not seen, one
    of ``every + after`` seconds or more always is. ``report`` is called in the watching thread; without it stalls are
    logged as warnings of ``segue_bridge.watch``. ``lag`` is how long the loop last took to answer, ``worst`` the most, in
    seconds; ``stalls`` counts.
    """

    def __init__(
        self, *, after: float = 0.2, every: float = 0.25, report: Callable[[Stall], object] | None = None
    ) -> None:
        if after <= 0 or every <= 0:
            raise ValueError("after and every are seconds, more than 0")
        self.after, self.every = after, every
        self.lag = self.worst = 0.0
        self.stalls = 0
        self._report = report or _warn
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> Self:
        loop, ident = asyncio.get_running_loop(), threading.get_ident()
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._run, args=(loop, ident), name="segue-stall-watch", daemon=True
        )
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            await asyncio.get_running_loop().run_in_executor(None, thread.join, 1)

    def _run(self, loop: asyncio.AbstractEventLoop, ident: int) -> None:
        while not self._stop.wait(self.every):
            answered = threading.Event()
            asked = time.monotonic()
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # the loop is closed
                return
            if not answered.wait(self.after):
                frame = sys._current_frames().get(ident)
                seen = None if frame is None else _seen(frame)
                del frame  # it would keep the locals of the request alive
                while not answered.wait(0.5):
                    if self._stop.is_set() or loop.is_closed():
                        return
                seconds = time.monotonic() - asked
                self.stalls += 1
                if seen is not None:
                    self._tell(Stall(seconds, *seen))
            self.lag = time.monotonic() - asked
            self.worst = max(self.worst, self.lag)

    def _tell(self, stall: Stall) -> None:
        try:
            self._report(stall)
        except Exception:  # noqa: BLE001 - the report is the user's code; the watch goes on
            _log.exception("The report of a stall failed.")


def _warn(stall: Stall) -> None:
    where = f" in {stall.function}" if stall.function else ""
    _log.warning(
        "The event loop stood still for %.2f s%s (%s).\n%s", stall.seconds, where, stall.route or "no request", stall.stack,
        extra={"route": stall.route, "function": stall.function, "seconds": round(stall.seconds, 3)},
    )  # fmt: skip


def _seen(frame: FrameType) -> tuple[str, str, str]:
    """Route, function and stack of what runs in ``frame``."""
    route = function = ""
    frames = list(_outwards(frame))
    for inner in frames:
        if not function and not inner.f_code.co_filename.startswith((*_LIBRARIES, _BRIDGE, "<")):
            function = f"{inner.f_globals.get('__name__', '')}.{inner.f_code.co_qualname}"
        if not route:
            route = _route(inner)
    shown = [(f, f.f_lineno) for f in reversed(frames[:_DEEPEST])]
    return route, function, "".join(traceback.StackSummary.extract(iter(shown), lookup_lines=True).format())


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _route(frame: FrameType) -> str:
    """The route that a function with an ASGI ``scope`` serves: FastAPI's and Segue's both keep it there."""
    if "scope" not in frame.f_code.co_varnames:
        return ""
    scope: Any = frame.f_locals.get("scope")
    if not isinstance(scope, dict) or scope.get("type") != "http":
        return ""
    resource = frame.f_locals.get("resource") if "resource" in frame.f_code.co_varnames else None
    template = getattr(resource, "path", None) or getattr(scope.get("route"), "path", None)
    return f"{scope.get('method', '')} {template}" if isinstance(template, str) else ""
