"""Column types: exactly what Django's backends create, write and read.

One class per Django field family; each says which. ``ddl`` texts are Django's, so that a
database made by the generated project equals the one Django's migrations made.
"""

from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.converted import Converted
from segue_bridge.db.types.encoder import DjangoJSONEncoder
from segue_bridge.db.types.misc import Binary, Inet, Json, Uuid
from segue_bridge.db.types.numbers import (
    BigInt,
    Bool,
    Float,
    Int,
    Money,
    PositiveBigInt,
    PositiveInt,
    PositiveSmallInt,
    SmallInt,
)
from segue_bridge.db.types.postgres import (
    Array,
    BigIntRange,
    DateRange,
    DateTimeRange,
    DecimalRange,
    HStore,
    IntRange,
    SearchVector,
)
from segue_bridge.db.types.raw import OwnText, Raw
from segue_bridge.db.types.text import CIText, Text, Varchar
from segue_bridge.db.types.times import Date, Interval, LocalDateTime, Time, UtcDateTime

__all__ = [
    "Array",
    "BigInt",
    "BigIntRange",
    "Binary",
    "Bool",
    "CIText",
    "Converted",
    "Date",
    "DateRange",
    "DateTimeRange",
    "DecimalRange",
    "DjangoJSONEncoder",
    "DjangoType",
    "Float",
    "HStore",
    "Inet",
    "Int",
    "IntRange",
    "Interval",
    "Json",
    "LocalDateTime",
    "Money",
    "OwnText",
    "PositiveBigInt",
    "PositiveInt",
    "PositiveSmallInt",
    "Raw",
    "SearchVector",
    "SmallInt",
    "Text",
    "Time",
    "UtcDateTime",
    "Uuid",
    "Varchar",
]
