"""A column made by a field class nobody knows: exact DDL, values as the driver gives them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy import types as sa
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType


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
