"""Text columns."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Column, Dialect, String
from sqlalchemy import Text as SaText
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.types import TypeEngine

from segue_bridge.db.types.base import DjangoType


class _Text(DjangoType[str]):
    """Text of any kind. Other values become text by ``str()``, as ``CharField.get_prep_value`` does."""

    impl = String
    empty = ""

    def __init__(self, *, collation: str = "") -> None:
        super().__init__()
        self.db_collation = collation

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or type(value) is str:
            return value
        return str(value)


class Varchar(_Text):
    """``CharField`` and its children: ``varchar(n)``; ``varchar`` without a length (Django ≥ 4.2)."""

    def __init__(self, length: int | None = None, *, collation: str = "") -> None:
        super().__init__(collation=collation)
        self.length = length

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        return "varchar" if self.length is None else f"varchar({self.length})"

    def unbounded(self) -> Varchar:
        return Varchar()


class Text(_Text):
    """``TextField``."""

    impl = SaText
    ddl: ClassVar[dict[str, str]] = {"": "text", "mysql": "longtext"}


class CIText(_Text):
    """``django.contrib.postgres.fields.CITextField`` and its relatives: ``citext``."""

    impl = SaText
    ddl: ClassVar[dict[str, str]] = {"": "citext"}

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(CITEXT() if dialect.name == "postgresql" else SaText())
