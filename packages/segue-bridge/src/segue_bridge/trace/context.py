"""The id of the request that is being worked on, and its place in a distributed trace (W3C Trace Context)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}", re.ASCII)
_LONGEST_STATE = 512
SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """``request_id`` as the gateway gave it (Envoy's ``x-request-id``), else the trace id. ``trace_id`` (32 hex digits),
    ``span_id`` of this service's part and ``parent_id`` of the caller's (16 each; '' for none); ``flags`` of the
    caller (:data:`SAMPLED`), ``state`` is ``tracestate``, handed on as it came."""

    request_id: str
    trace_id: str
    span_id: str
    parent_id: str = ""
    flags: int = SAMPLED
    state: str = ""

    @property
    def traceparent(self) -> str:
        """The header for calls that this request makes."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    @property
    def sampled(self) -> bool:
        """Whether the caller records this trace."""
        return bool(self.flags & SAMPLED)

    def headers(self) -> dict[str, str]:
        """Headers for HTTP calls and messages made in the name of this request."""
        found = {"x-request-id": self.request_id, "traceparent": self.traceparent}
        if self.state:
            found["tracestate"] = self.state
        return found


def trace_of(
    request_id: str | None = None, traceparent: str | None = None, tracestate: str | None = None
) -> Trace:
    """The trace of a request with these headers; a new one where they are missing or damaged.

    As the W3C recommendation says: versions above 00 are read as 00, version ``ff``, zero ids and upper case are
    damaged, and a damaged ``traceparent`` drops ``tracestate`` too. A request id that could break a log line or a header
    is dropped: it comes from outside.
    """
    trace_id, parent, flags, state = secrets.token_hex(16), "", SAMPLED, ""
    found = _TRACEPARENT.fullmatch((traceparent or "").strip(" \t"))
    if found is not None:
        version, given_trace, given_parent, given_flags, more = found.groups()
        whole = version != "ff" and (more is None or version != "00")
        if whole and given_trace.strip("0") and given_parent.strip("0"):
            trace_id, parent, flags = given_trace, given_parent, int(given_flags, 16) & SAMPLED
            state = (tracestate or "").strip(" \t")
            if len(state) > _LONGEST_STATE or not state.isprintable() or not state.isascii():
                state = ""
    own = (request_id or "").strip(" \t")
    if _REQUEST_ID.fullmatch(own) is None:
        own = trace_id
    return Trace(own, trace_id, secrets.token_hex(8), parent, flags, state)


_current: ContextVar[Trace | None] = ContextVar("segue_trace", default=None)


def current() -> Trace | None:
    """The trace of what runs now; None outside of requests and tasks."""
    return _current.get()


@contextmanager
def tracing(trace: Trace) -> Iterator[Trace]:
    """Work for ``trace``: log lines, SQL comments, calls and messages made inside name it."""
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def outgoing() -> dict[str, str]:
    """Headers for a call made now: ``client.get(url, headers=outgoing())``; empty outside of requests."""
    trace = _current.get()
    return {} if trace is None else trace.headers()
