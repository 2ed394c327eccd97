"""Moments in tables that Django keeps for itself, whatever ``USE_TZ`` says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Dialect

from segue_bridge import zone
from segue_bridge.db.types.times import UtcDateTime


class AwareDateTime(UtcDateTime):
    """Aware moments, in and out, also with ``USE_TZ = False``: SQLite then holds them in the project's zone."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "sqlite" and zone.default() is None:
            return str(zone.naive(value))
        return super().process_bind_param(value, dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        usual = super().result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            if zone.default() is None and dialect.name == "sqlite":
                return datetime.fromisoformat(value).replace(tzinfo=zone.clock())
            return value if usual is None else usual(value)

        return read
