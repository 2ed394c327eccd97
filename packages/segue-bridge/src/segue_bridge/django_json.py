"""``django.core.serializers.json.DjangoJSONEncoder``: what it writes for values that JSON has not."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from segue_bridge.schema.output import duration_iso


def encoded(value: Any) -> str:
    """``default`` of ``json.dumps``. Raises ``TypeError`` for what the encoder does not know, ``ValueError`` for aware times."""
    if isinstance(value, datetime.datetime):
        text = value.isoformat()
        if value.microsecond:
            text = text[:23] + text[26:]
        return f"{text[:-6]}Z" if text.endswith("+00:00") else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        if value.utcoffset() is not None:
            raise ValueError("JSON can't represent timezone-aware times.")
        text = value.isoformat()
        return text[:12] if value.microsecond else text
    if isinstance(value, datetime.timedelta):
        return duration_iso(value)
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
