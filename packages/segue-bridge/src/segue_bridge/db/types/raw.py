"""Columns made by field classes of the project: exact DDL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy import types as sa
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType
from segue_bridge.db.types.text import Text


class Raw(DjangoType[Any]):
    """DDL text per database. Segue refuses code that reads or writes such a column."""

    impl = sa.NullType

    def __init__(self, *, sqlite: str = "", postgresql: str = "") -> None:
        super().__init__()
        self.sqlite = sqlite
        self.postgresql = postgresql

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(sa.NullType())

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return self.postgresql if dialect == "postgresql" else self.sqlite


class OwnText(Text):
    """A text field with a column type of its own (``char(40)``); values are text."""

    def __init__(self, *, sqlite: str = "", postgresql: str = "") -> None:
        super().__init__()
        self.sqlite = sqlite
        self.postgresql = postgresql

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return self.postgresql if dialect == "postgresql" else self.sqlite

    def unbounded(self) -> Text:
        return Text()
