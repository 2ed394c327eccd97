"""The trace as a comment at the end of a statement, as the *sqlcommenter* format has it: the log of the database names it."""

from __future__ import annotations

from urllib.parse import quote

from segue_bridge.trace.context import current


def comment(sql: str) -> str:
    """`` /*request_id='…',traceparent='…'*/`` to put after ``sql``; '' outside of requests, in traces that nobody records,
    and where a comment stands in ``sql`` already (it could not be told from ours).

    A statement with a comment of its own each time is planned anew each time: comments are for traces that are sampled.
    """
    trace = current()
    if trace is None or not trace.sampled or "/*" in sql or "--" in sql:
        return ""
    return f" /*request_id='{quote(trace.request_id, safe='')}',traceparent='{trace.traceparent}'*/"
