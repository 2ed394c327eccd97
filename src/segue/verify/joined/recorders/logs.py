"""Log records of level ERROR and above: ``[level, message, type of the exception]``.

Which logger it was is not compared: it is named after the module, and modules have other names in the generated
code. Records of the frameworks on either side are left out: what they report (an uncaught exception) shows in the answer.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

_FRAMEWORKS = (
    "django", "rest_framework", "segue_bridge", "segue_joined", "sqlalchemy", "asyncio", "uvicorn", "fastapi", "starlette",
)  # fmt: skip


_IN_DJANGO = {
    "Invalid": "ValidationError",
    "Forbidden": "PermissionDenied",
    "ObjectDoesNotExist": "DoesNotExist",
}


class ErrorLog:
    """Patches ``logging.Logger.handle``, which every record of an enabled level goes through."""

    def __init__(self) -> None:
        self._done: list[Any] = []
        original = logging.Logger.handle
        recorder = self

        @functools.wraps(original)
        def handle(logger: logging.Logger, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR and record.name.partition(".")[0] not in _FRAMEWORKS:
                recorder._done.append(described(record))
            original(logger, record)

        logger_class: Any = logging.Logger
        logger_class.handle = handle

    def start(self) -> None:
        """Forget what was noted."""
        self._done = []

    def take(self) -> list[Any]:
        """The records, in their order."""
        return self._done


def described(record: logging.LogRecord) -> list[Any]:
    """What is compared of a record."""
    error = record.exc_info[0] if record.exc_info else None
    return [record.levelname, record.getMessage(), _name(error) if error is not None else ""]


def _name(error: type[BaseException]) -> str:
    """The class as Django calls it: those of models share one in the bridge, and Django's own have another name beside DRF's."""
    for base in error.__mro__:
        if base.__module__.startswith("segue_bridge.") and base.__name__ in _IN_DJANGO:
            return _IN_DJANGO[base.__name__]
    return error.__name__
