"""Columns whose values the project converts itself: ``from_db_value`` and ``get_prep_value`` of a Django field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from segue_bridge.db.types.base import DjangoType


class Converted(DjangoType[Any]):
    """The column of ``inner``; ``read`` makes a value of what the database gives, ``write`` the reverse.

    Both are called with None too, as Django calls a field. An object keeps a value as it was assigned, until it is read again.
    """

    impl = String

    def __init__(
        self,
        inner: DjangoType[Any],
        read: Callable[[Any], Any] | None = None,
        write: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__()
        self.inner = inner
        self.read = read
        self.write = write
        self.empty = inner.empty  # type: ignore[misc]
        self.db_collation = getattr(inner, "db_collation", "")

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.inner.load_dialect_impl(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return self.inner.process_bind_param(self.write(value) if self.write else value, dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if type(self.inner).process_result_value is not TypeDecorator.process_result_value:
            value = self.inner.process_result_value(value, dialect)
        return self.read(value) if self.read else value

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return self.inner.column_type(dialect, column)

    def unbounded(self) -> Converted:
        return Converted(self.inner.unbounded(), read=self.read, write=self.write)
