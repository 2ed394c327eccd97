"""Sentry's events name the request: ``sentry_sdk.init(before_send=named, …)``, on both sides."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from segue_bridge.trace.context import current


def named(event: MutableMapping[str, Any], hint: object = None) -> Any:
    """Tag ``request_id``, and ``trace_id`` as the other services log it (Sentry's own trace keeps its place in ``contexts``).
    The event as it is outside of requests. Gives the same event, as ``before_send`` has to."""
    del hint
    trace = current()
    if trace is not None:
        tags = event.setdefault("tags", {})
        for name, value in (("request_id", trace.request_id), ("trace_id", trace.trace_id)):
            if isinstance(tags, dict):
                tags.setdefault(name, value)
    return event
