"""Numbers and booleans as Django's backends keep them."""

from __future__ import annotations

import decimal
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Integer,
    Numeric,
    SmallInteger,
    String,
    cast,
    false,
    literal,
    true,
)
from sqlalchemy import Float as SaFloat
from sqlalchemy.types import TypeDecorator, TypeEngine

from segue_bridge.db.types.base import DjangoType

_BELOW, _ABOVE = (operator.lt, operator.le), (operator.gt, operator.ge)


_decided_here = True


def leave_large_numbers_to_the_driver() -> None:
    """As Django before 5.0 on SQLite: a number beyond 64 bits is an ``OverflowError`` of the driver there."""
    global _decided_here
    _decided_here = False


def check_bound(value: int) -> bool:
    """Can a column hold ``value``, 64 bits? Raises what the driver does where the number is left to it."""
    if -(2**63) <= value < 2**63:
        return True
    if not _decided_here:
        raise OverflowError("Python int too large to convert to SQLite INTEGER")
    return False


def bits_of(column: TypeEngine[Any], dialect: str) -> int:
    """Bits of the numbers of a column of that type, without the sign: SQLite stores 64 whatever it is."""
    kind: Any = getattr(column, "impl_instance", column)
    if dialect == "sqlite" or isinstance(kind, BigInteger):
        return 63
    return 15 if isinstance(kind, SmallInteger) else 31


class _Beyond(TypeDecorator[int]):
    """A number beyond 64 bits, which SQLite's driver does not take."""

    impl = Numeric
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            raise OverflowError("Python int too large to convert to SQLite INTEGER")
        return value


class _Compared(TypeDecorator.Comparator[int], Integer.Comparator[int]):
    """Comparisons with numbers that no such column can hold.

    Lookups of relations are none of an integer field (``RelatedExact``): there the database decides.

    Drivers refuse them. For Django they are decided before the query (``IntegerFieldOverflow``): nothing
    equals them, and everything is below one that is too large. Beyond 64 bits, and below zero where a column
    holds no such numbers, that is so on every database; beyond a narrower column only PostgreSQL has a limit,
    which a wider comparison gets round.
    """

    def operate(self, op: Any, *other: Any, **kw: Any) -> Any:
        value = other[0] if len(other) == 1 else None
        if (
            not _decided_here
            or type(value) is not int
            or op not in (operator.eq, operator.ne, *_BELOW, *_ABOVE)
        ):
            return super().operate(op, *other, **kw)
        bits: int = getattr(self.type, "bits", 63)
        positive: bool = getattr(self.type, "positive", False)
        if (0 if positive else -(2**bits)) <= value < 2**bits:
            return super().operate(op, *other, **kw)
        if (0 if positive else -(2**63)) <= value < 2**63:
            return op(cast(self.expr, BigInteger), literal(value, BigInteger))
        if getattr(self.expr, "foreign_keys", None):
            return op(cast(self.expr, Numeric), literal(value, _Beyond))
        return true() if op is operator.ne or op in (_BELOW if value > 0 else _ABOVE) else false()


class _Whole(DjangoType[int]):
    """An integer column. A value is coerced by ``int()``, as ``IntegerField.get_prep_value`` does.

    ``numbered``: a key that MySQL numbers, or a reference to one. A zero would get the next number there, so it is a ``ValueError``
    as in Django (``mysql.operations.validate_autopk_value``).
    """

    bits: ClassVar[int] = 63
    positive: ClassVar[bool] = False
    comparator_factory = _Compared

    def __init__(self, numbered: bool = False) -> None:
        super().__init__()
        self.numbered = numbered

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        if value is None:
            return None
        try:
            number = value if type(value) is int else int(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"expected a number but got {value!r}.") from error
        if self.numbered and number == 0:
            raise ValueError("The database backend does not accept 0 as a value for AutoField.")
        return number

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        if dialect == "sqlite" and column is not None and column.primary_key and is_auto(column):
            return "integer"  # AutoField, BigAutoField and SmallAutoField alike; AUTOINCREMENT needs it
        return super().column_type(dialect, column)


def is_auto(column: Column[Any]) -> bool:
    """Whether the database numbers this primary key (Django's ``AutoField`` family)."""
    return column.identity is not None or column.autoincrement is True


class Int(_Whole):
    """``IntegerField`` / ``AutoField``."""

    impl = Integer
    bits = 31
    ddl: ClassVar[dict[str, str]] = {"": "integer"}


class BigInt(_Whole):
    """``BigIntegerField`` / ``BigAutoField``."""

    impl = BigInteger
    ddl: ClassVar[dict[str, str]] = {"": "bigint"}


class SmallInt(_Whole):
    """``SmallIntegerField`` / ``SmallAutoField``."""

    impl = SmallInteger
    bits = 15
    ddl: ClassVar[dict[str, str]] = {"": "smallint"}


class PositiveInt(_Whole):
    """``PositiveIntegerField``; the ``CHECK`` stands beside it in the table."""

    impl = Integer
    bits = 31
    positive = True
    ddl: ClassVar[dict[str, str]] = {"": "integer", "sqlite": "integer unsigned", "mysql": "integer UNSIGNED"}


class PositiveBigInt(_Whole):
    """``PositiveBigIntegerField``."""

    impl = BigInteger
    positive = True
    ddl: ClassVar[dict[str, str]] = {"": "bigint", "sqlite": "bigint unsigned", "mysql": "bigint UNSIGNED"}


class PositiveSmallInt(_Whole):
    """``PositiveSmallIntegerField``."""

    impl = SmallInteger
    bits = 15
    positive = True
    ddl: ClassVar[dict[str, str]] = {
        "": "smallint",
        "sqlite": "smallint unsigned",
        "mysql": "smallint UNSIGNED",
    }


class Float(DjangoType[float]):
    """``FloatField``: ``double precision`` on PostgreSQL, ``real`` on SQLite."""

    impl = SaFloat
    ddl: ClassVar[dict[str, str]] = {"": "double precision", "sqlite": "real"}

    def process_bind_param(self, value: Any, dialect: Dialect) -> float | None:
        if value is None or type(value) is float:
            # psycopg sends -0.0 as a number of SQL, where it is 0
            return 0.0 if value == 0 and dialect.name == "postgresql" else value
        try:
            return float(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"expected a number but got {value!r}.") from error


class Bool(DjangoType[bool]):
    """``BooleanField``: ``bool`` on SQLite and MySQL, where it is stored as 0 and 1. ``null``: an empty text or list is NULL."""

    def __init__(self, null: bool = False) -> None:
        super().__init__()
        self.null = null

    impl = Boolean
    ddl: ClassVar[dict[str, str]] = {"": "boolean", "sqlite": "bool", "mysql": "bool"}
    # PostgreSQL has IS TRUE but no IS with a parameter, which is what a TypeDecorator makes of is_(True).
    coerce_to_is_types = (type(None), bool)

    def process_bind_param(self, value: Any, dialect: Dialect) -> bool | None:
        if value is None or type(value) is bool:
            return value
        if self.null and value in ("", [], (), {}):
            return None
        if value in (1, "t", "True", "1"):
            return True
        if value in (0, "f", "False", "0"):
            return False
        raise ValueError(f"“{value}” value must be either True or False.")

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _read_tiny if dialect.name == "mysql" else super().result_processor(dialect, coltype)


def _read_tiny(value: Any) -> Any:
    """MySQL's column holds other numbers too; Django gives these as they are (``convert_booleanfield_value``)."""
    return bool(value) if value in (0, 1) else value


class Money(DjangoType[Decimal]):
    """``DecimalField(max_digits, decimal_places)``.

    Nothing is rounded on the way in: PostgreSQL rounds to the column's scale, SQLite keeps a real
    and Django rounds what it reads (``sqlite3.operations.get_decimalfield_converter``:
    15 significant digits, then ``quantize`` with ``prec=max_digits``, which raises
    ``decimal.InvalidOperation`` for a number that is too long).
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, digits: int | None = None, places: int | None = None) -> None:
        super().__init__()
        self.digits = digits
        self.places = places

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else Numeric())

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        if dialect == "sqlite":
            return "decimal"
        return "numeric" if self.digits is None else f"numeric({self.digits}, {self.places})"

    def unbounded(self) -> Money:
        return Money()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        number = value if isinstance(value, Decimal) else self._decimal(value)
        if not number.is_finite():
            raise ValueError(f"“{value}” value must be a decimal number.")
        return str(number) if dialect.name == "sqlite" else number

    def _decimal(self, value: Any) -> Decimal:
        """``DecimalField.to_python``: a float keeps ``max_digits`` digits."""
        if isinstance(value, float):
            return decimal.Context(prec=self.digits).create_decimal_from_float(value)
        return Decimal(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        if dialect.name != "sqlite":
            return _as_decimal
        if self.places is None:
            return _from_real
        quantum = Decimal(1).scaleb(-self.places)
        context = decimal.Context(prec=self.digits)
        return lambda value: None if value is None else _real(value).quantize(quantum, context=context)


_real = decimal.Context(prec=15).create_decimal_from_float


def _from_real(value: Any) -> Decimal | None:
    return None if value is None else _real(value)


def _as_decimal(value: Any) -> Any:
    return value if value is None or isinstance(value, Decimal) else Decimal(value)
