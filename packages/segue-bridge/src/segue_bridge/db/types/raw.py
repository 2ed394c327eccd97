"""Columns made by field classes of the project: exact DDL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy import types as sa
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.text import Text


class _Own:
    """DDL text per database; that of MariaDB is MySQL's unless it is given."""

    def __init__(self, *, sqlite: str = "", postgresql: str = "", mysql: str = "", mariadb: str = "") -> None:
        super().__init__()
        self.sqlite, self.postgresql = sqlite, postgresql
        self.mysql, self.mariadb = mysql, mariadb or mysql

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        """Raises ``CompileError`` for the empty text: Django was not asked for that database when the code was generated."""
        text: str = vars(self).get(dialect, "")
        if not text:
            name = "A column" if column is None else f"{column.table.name}.{column.name}"
            raise CompileError(
                f"{name} has a type of its own that is not known on {dialect}: "
                "generate again with Django's driver for it installed."
            )
        return text


class Raw(_Own, DjangoType[Any]):
    """Segue refuses code that reads or writes such a column."""

    impl = sa.NullType

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.NullType())


class OwnText(_Own, Text):
    """A text field with a column type of its own (``char(40)``); values are text."""

    def unbounded(self) -> Text:
        return Text()
