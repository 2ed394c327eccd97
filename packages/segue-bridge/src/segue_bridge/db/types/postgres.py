"""Columns of ``django.contrib.postgres.fields``. They exist on PostgreSQL only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Column, Dialect
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.times import not_infinite


class Array(DjangoType[list[Any]]):
    """``ArrayField(item, size)``: ``varchar(10)[]``, nested fields add one ``[]`` each."""

    impl = pg.ARRAY

    def __init__(self, item: DjangoType[Any], size: int | None = None) -> None:
        inner: DjangoType[Any] = item
        depth = 1
        while isinstance(inner, Array):
            inner = inner.item
            depth += 1
        super().__init__(inner, dimensions=depth)
        self.item: DjangoType[Any] = item
        self.size = size

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Raises ``TypeError`` for what is neither list nor tuple."""
        if value is not None and not isinstance(value, list | tuple):
            raise TypeError(f"A list is wanted for an array, not {value!r}.")
        if value is None:
            return None
        if isinstance(self.item, Array):
            return [self.item.process_bind_param(item, dialect) for item in value]
        return list(value)  # asyncpg takes a tuple within an array for a row

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return f"{self.item.column_type(dialect)}[{self.size or ''}]"


class HStore(DjangoType[Mapping[str, str | None]]):
    """``HStoreField``: text keys and text values; other values become text, as Django's does."""

    impl = pg.HSTORE
    ddl: ClassVar[dict[str, str]] = {"": "hstore"}

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        return {str(key): None if item is None else str(item) for key, item in value.items()}

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        parse = pg.HSTORE().result_processor(dialect, coltype)

        def read(value: Any) -> Any:
            return parse(value) if parse is not None and isinstance(value, str) else value

        return read


class _Range(DjangoType[Any]):
    """A range. Two ends in a list or tuple are one up to before the second (``RangeField.get_prep_value``; drivers would
    include it). Raises ``IndexError`` for fewer ends, and ``TypeError`` for an end of another type: Django's driver says then that
    it is another range, where asyncpg cuts the end to the column's type."""

    ends: ClassVar[tuple[type, ...]] = ()
    no_ends: ClassVar[tuple[type, ...]] = ()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        made = pg.Range(value[0], value[1], bounds="[)") if isinstance(value, list | tuple) else value
        for end in (made.lower, made.upper) if isinstance(made, pg.Range) else ():
            if end is not None and (not isinstance(end, self.ends) or isinstance(end, self.no_ends)):
                raise TypeError(f"{end!r} is no end of {self.ddl['']}.")
        return made


class IntRange(_Range):
    """``IntegerRangeField``."""

    ends = (int,)
    no_ends = (bool,)
    impl = pg.INT4RANGE
    ddl: ClassVar[dict[str, str]] = {"": "int4range"}


class BigIntRange(_Range):
    """``BigIntegerRangeField``."""

    ends = (int,)
    no_ends = (bool,)
    impl = pg.INT8RANGE
    ddl: ClassVar[dict[str, str]] = {"": "int8range"}


class DecimalRange(_Range):
    """``DecimalRangeField``."""

    ends = (int, float, Decimal)
    no_ends = (bool,)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """A ``float`` is written with its digits, as Django's driver does: ``1.0``, not ``1``."""
        made = super().process_bind_param(value, dialect)
        if not isinstance(made, pg.Range):
            return made
        low, high = (Decimal(str(end)) if isinstance(end, float) else end for end in (made.lower, made.upper))
        return pg.Range(low, high, bounds=made.bounds, empty=made.empty)

    impl = pg.NUMRANGE
    ddl: ClassVar[dict[str, str]] = {"": "numrange"}


class DateTimeRange(_Range):
    """``DateTimeRangeField``."""

    ends = (dt.datetime,)
    impl = pg.TSTZRANGE
    ddl: ClassVar[dict[str, str]] = {"": "tstzrange"}

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Raises ``ValueError`` for an end that the driver would write as an infinity."""
        made = super().process_bind_param(value, dialect)
        for end in (made.lower, made.upper) if isinstance(made, pg.Range) else ():
            if isinstance(end, dt.datetime):
                not_infinite(end, dialect)
        return made


class DateRange(_Range):
    """``DateRangeField``."""

    ends = (dt.date,)
    no_ends = (dt.datetime,)
    impl = pg.DATERANGE
    ddl: ClassVar[dict[str, str]] = {"": "daterange"}


class SearchVector(DjangoType[str]):
    """``SearchVectorField``."""

    impl = pg.TSVECTOR
    ddl: ClassVar[dict[str, str]] = {"": "tsvector"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(pg.TSVECTOR())
