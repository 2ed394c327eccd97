"""JSON as Django's serializers write it: ``JSONField(encoder=DjangoJSONEncoder)``."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from typing import Any

from segue_bridge.translation import Lazy


class DjangoJSONEncoder(json.JSONEncoder):
    """``django.core.serializers.json.DjangoJSONEncoder``: moments to the millisecond, durations by ISO 8601, decimals, UUIDs and
    texts of later languages as text. Raises ``ValueError`` for an aware time, ``TypeError`` for what is not known."""

    def default(self, o: Any) -> Any:
        """What is written of a value that JSON does not know."""
        if isinstance(o, dt.datetime):
            text = o.isoformat(timespec="milliseconds" if o.microsecond else "seconds")
            return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
        if isinstance(o, dt.date):
            return o.isoformat()
        if isinstance(o, dt.time):
            if o.utcoffset() is not None:
                raise ValueError("JSON can't represent timezone-aware times.")
            return o.isoformat(timespec="milliseconds" if o.microsecond else "seconds")
        if isinstance(o, dt.timedelta):
            return _duration(o)
        if isinstance(o, decimal.Decimal | uuid.UUID | Lazy):
            return str(o)
        return super().default(o)


def _duration(value: dt.timedelta) -> str:
    size = abs(value)
    minutes, seconds = divmod(size.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f".{size.microseconds:06d}" if size.microseconds else ""
    return f"{'-' if size != value else ''}P{size.days}DT{hours:02d}H{minutes:02d}M{seconds:02d}{rest}S"


__all__ = ["DjangoJSONEncoder"]
