"""What the handlers of ``LOGGING`` may see of a record.

An object in ``extra`` is an attribute of the record. Where every handler is one of Python's that only formats it, and no format
names the attribute, nothing can tell whether it is there.
"""

from __future__ import annotations

import re

from segue.snapshot.model import Value
from segue.translate.context import Context
from segue.translate.specialise.fold import Ref, plain

_HANDLERS = frozenset(
    {
        "logging.StreamHandler", "logging.FileHandler", "logging.NullHandler", "logging.handlers.RotatingFileHandler",
        "logging.handlers.TimedRotatingFileHandler", "logging.handlers.WatchedFileHandler", "logging.handlers.SysLogHandler",
    }
)  # fmt: skip
_FILTERS = frozenset({"django.utils.log.RequireDebugFalse", "django.utils.log.RequireDebugTrue"})
_SERVER = "django.utils.log.ServerFormatter"
# Code that gives loggers other handlers, filters or records than the settings say.
_OTHERWISE = re.compile(
    r"\b(addHandler|addFilter|setLogRecordFactory|setLoggerClass|dictConfig|fileConfig|basicConfig)\("
)
# Packages that look into records by themselves, as soon as they are begun.
_LOOKS = re.compile(
    r"sentry|raven|opentelemetry-instrumentation-logging|ddtrace|newrelic|rollbar|bugsnag|elastic-apm|honeybadger|airbrake|logfire|loguru|scout-apm|datadog",
    re.IGNORECASE,
)


def is_unseen(ctx: Context, key: str) -> bool:
    """Whether no handler sees the attribute ``key`` of a record."""
    values = ctx.snapshot.settings.values
    config = plain(values.get("LOGGING", Value("const")))
    used = plain(values.get("LOGGING_CONFIG", Value("const", "logging.config.dictConfig")))
    if not isinstance(config, dict) or not config.get("handlers") or used != "logging.config.dictConfig":
        return False
    parts = [config.get(name) or {} for name in ("formatters", "handlers", "filters")]
    if not all(
        isinstance(part, dict) and all(isinstance(one, dict) for one in part.values()) for part in parts
    ):
        return False
    formatters, handlers, filters = parts
    return (
        all(_is_plain(one, key) for one in formatters.values())
        and all("()" not in one and one.get("class") in _HANDLERS for one in handlers.values())
        and all(_named(one.get("()")) in _FILTERS for one in filters.values())
        and not any(_LOOKS.search(package) for package in ctx.snapshot.versions.packages)
        and not any(_OTHERWISE.search(function.source) for function in ctx.snapshot.functions.values())
    )


def _is_plain(formatter: dict[object, object], key: str) -> bool:
    made, text = formatter.get("()"), formatter.get("format")
    if (made is not None and _named(made) != _SERVER) or "class" in formatter or "validate" in formatter:
        return False
    return text is None or (isinstance(text, str) and re.search(rf"\b{re.escape(key)}\b", text) is None)


def _named(value: object) -> object:
    return value.name if isinstance(value, Ref) else value
