"""Columns made by field classes of the project: exact DDL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy import types as sa
from sqlalchemy.exc import CompileError
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.text import Text


class Raw(DjangoType[Any]):
    """DDL text per database. Segue refuses code that reads or writes such a column."""

    impl = sa.NullType

    def __init__(self, *, sqlite: str = "", postgresql: str = "", mysql: str = "", mariadb: str = "") -> None:
        super().__init__()
        self.sqlite = sqlite
        self.postgresql = postgresql
        self.mysql = mysql
        self.mariadb = mariadb or mysql

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.NullType())

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return _known(self, dialect, column)


class OwnText(Text):
    """A text field with a column type of its own (``char(40)``); values are text."""

    def __init__(self, *, sqlite: str = "", postgresql: str = "", mysql: str = "", mariadb: str = "") -> None:
        super().__init__()
        self.sqlite = sqlite
        self.postgresql = postgresql
        self.mysql = mysql
        self.mariadb = mariadb or mysql

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return _known(self, dialect, column)

    def unbounded(self) -> Text:
        return Text()


def _known(kind: Raw | OwnText, dialect: str, column: Column[Any] | None) -> str:
    """Raises ``CompileError`` for the empty text: Django was not asked for that database when the code was generated."""
    texts = {
        "postgresql": kind.postgresql,
        "sqlite": kind.sqlite,
        "mysql": kind.mysql,
        "mariadb": kind.mariadb,
    }
    text = texts.get(dialect, "")
    if not text:
        name = "A column" if column is None else f"{column.table.name}.{column.name}"
        raise CompileError(
            f"{name} has a type of its own that is not known on {dialect}: "
            "generate again with Django's driver for it installed."
        )
    return text
