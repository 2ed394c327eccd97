"""OpenTelemetry's spans beside :mod:`segue_bridge.trace.context`: in the same trace, with the request's id.

Where OpenTelemetry's own instrumentation of the framework runs, it reads the same ``traceparent``; :class:`RequestIds` is
enough then. Without it, spans begun by hand belong to the request by :func:`parent`.
"""

from __future__ import annotations

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor

from segue_bridge.trace.context import current


class RequestIds(SpanProcessor):
    """``provider.add_span_processor(RequestIds())``: the attribute ``request.id`` of spans begun inside of a request."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        trace = current()
        if trace is not None:
            span.set_attribute("request.id", trace.request_id)


def parent() -> Context | None:
    """``tracer.start_as_current_span("work", context=parent())``: a span whose parent is the request's own. None, which is
    OpenTelemetry's current span, where there is one already or no request is worked on."""
    trace = current()
    if trace is None or api.get_current_span().get_span_context().is_valid:
        return None
    known = api.SpanContext(
        int(trace.trace_id, 16),
        int(trace.span_id, 16),
        is_remote=True,
        trace_flags=api.TraceFlags(trace.flags),
        trace_state=api.TraceState.from_header([trace.state] if trace.state else []),
    )
    return api.set_span_in_context(api.NonRecordingSpan(known))
