"""What an event loop suffers from, seen from outside: stalls, blocking calls, requests that wait for the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from segue_bridge.watch.blocking import no_blocking_calls
from segue_bridge.watch.stalls import StallWatch

__all__ = ["StallWatch", "no_blocking_calls", "watching"]


@asynccontextmanager
async def watching(
    *, stall_after: float | None = 0.2, forbid_blocking: bool = False
) -> AsyncIterator[StallWatch]:
    """For the lifespan of an application: :class:`StallWatch` with ``stall_after`` seconds (None: no watch), and
    :func:`no_blocking_calls` where ``forbid_blocking`` is set."""
    watch = StallWatch(after=stall_after or 1)
    with ExitStack() as stack:
        if forbid_blocking:
            stack.enter_context(no_blocking_calls())
        if stall_after is None:
            yield watch
        else:
            async with watch:
                yield watch
