"""Log lines of one shape on both sides: one JSON object a line.

``ts`` (RFC 3339, UTC, microseconds), ``level``, ``logger``, ``message``, ``side``; inside of a request ``request_id``,
``trace_id``, ``span_id``; ``exception`` (the traceback) where there is one; then what the call gave as ``extra``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from segue_bridge.trace.context import current

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = ("ts", "level", "logger", "message", "side", "request_id", "trace_id", "span_id", "exception")


class JsonFormatter(logging.Formatter):
    """For ``logging``: ``{"()": "segue_bridge.trace.logs.JsonFormatter", "side": "django"}`` in ``LOGGING["formatters"]``."""

    def __init__(self, side: str = "fastapi") -> None:
        super().__init__()
        self._side = side

    def format(self, record: logging.LogRecord) -> str:
        line = _begun(record.created, record.levelname, record.name, record.getMessage(), self._side)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        extra = {k: v for k, v in vars(record).items() if k not in _STANDARD and not k.startswith("_")}
        return _text(line, extra)


class StructlogRenderer:
    """The last processor of ``structlog``: ``structlog.configure(processors=[StructlogRenderer()])`` gives the same lines.

    ``logger_name`` comes from ``structlog.get_logger(logger_name="app.orders")``.
    """

    def __init__(self, side: str = "fastapi") -> None:
        self._side = side

    def __call__(self, logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        extra = dict(event)
        error = extra.pop("exc_info", None)
        level = {"warn": "WARNING", "exception": "ERROR", "msg": "INFO"}.get(method, method.upper())
        line = _begun(
            datetime.now(UTC).timestamp(), level, str(extra.pop("logger_name", "")), str(extra.pop("event", "")),
            self._side,
        )  # fmt: skip
        if error is None and method == "exception":
            error = True
        if error:
            line["exception"] = _traceback(error)
        return _text(line, extra)


def _begun(created: float, level: str, name: str, message: str, side: str) -> dict[str, Any]:
    moment = datetime.fromtimestamp(created, UTC).isoformat(timespec="microseconds")
    line = {
        "ts": moment.replace("+00:00", "Z"),
        "level": level,
        "logger": name,
        "message": message,
        "side": side,
    }
    trace = current()
    if trace is not None:
        line |= {"request_id": trace.request_id, "trace_id": trace.trace_id, "span_id": trace.span_id}
    return line


def _traceback(error: Any) -> str:
    import sys

    if isinstance(error, BaseException):
        error = (type(error), error, error.__traceback__)
    elif not isinstance(error, tuple):
        error = sys.exc_info()
    return logging.Formatter().formatException(error)


def _text(line: dict[str, Any], extra: dict[str, Any]) -> str:
    """One line of JSON. ``extra`` cannot take the place of a key of ours; what is no JSON is shown by ``repr``."""
    for name, value in extra.items():
        line[f"{name}_" if name in _OURS else name] = value
    return json.dumps(line, default=repr, ensure_ascii=False)
