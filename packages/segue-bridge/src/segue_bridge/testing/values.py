"""Values as people write them in tests, as columns take them: ``Field.to_python`` where Django would call it when it saves."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from segue_bridge.db.base import Base, mapper_of
from segue_bridge.db.fixtures.values import to_python
from segue_bridge.db.types import Json, Money
from segue_bridge.db.types.text import _Text


def taken(model: type[Base], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` by attribute; ``"2024-02-29"`` for a date is that date, a number for a text its digits, a member of an enumeration its
    value. Raises ``ValueError`` for a text that is none of the column's values."""
    columns = mapper_of(model).columns
    return {name: _taken(columns.get(name), value) for name, value in values.items()}


def _taken(column: Any, value: Any) -> Any:
    if isinstance(value, enum.Enum) and isinstance(value, (str, int)):
        value = value.value
    if column is None or value is None or isinstance(value, Base):
        return value
    kind = column.type
    text = isinstance(kind, _Text)
    if isinstance(kind, Json) or isinstance(value, str) == text:
        wanted = isinstance(kind, Money) and not isinstance(value, Decimal)
        return to_python(kind, value) if wanted else value
    return to_python(kind, value)
