"""In development: a blocking call in the event loop is an error, at the line that makes it."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_blocking_calls() -> Iterator[None]:
    """``time.sleep``, sockets, files, ``sqlite3``, ``subprocess`` … raise ``blockbuster.BlockingError`` while a
    coroutine of an event loop makes them; in threads they are as ever.

    For development and tests (``with no_blocking_calls(): …``): it costs time at every such call. What the process reads
    to import modules and to show tracebacks is allowed. Needs the package ``blockbuster`` (``segue-bridge[watch]``); raises
    ``RuntimeError`` where it is missing.
    """
    try:
        from blockbuster import blockbuster_ctx
    except ImportError:
        raise RuntimeError(
            "no_blocking_calls needs the package blockbuster: install segue-bridge[watch]."
        ) from None
    with blockbuster_ctx() as found:
        for function in found.functions.values():
            function.can_block_in(linecache.__file__, {"updatecache", "checkcache"})
        yield
