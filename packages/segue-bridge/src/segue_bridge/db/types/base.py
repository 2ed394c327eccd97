"""The base of all column types: Django's own DDL text per database.

``django.db.backends.<vendor>.base.DatabaseWrapper.data_types`` is the source of every text.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from sqlalchemy import Column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")


class DjangoType(TypeDecorator[T]):
    """A column type of a Django field.

    ``ddl`` gives the column type text per dialect (``""`` is the fallback). ``empty`` is what
    a new entity holds in a column without default that may not be NULL: Django's
    ``Field.get_default`` answers ``""`` for text-like fields and ``None`` for all others.
    """

    ddl: ClassVar[dict[str, str]] = {}
    empty: ClassVar[Any] = None
    cache_ok = True

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        cls.cache_ok = True  # SQLAlchemy looks at each class itself; arguments are kept by name

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        """DDL text of this type on ``dialect`` (``postgresql``, ``sqlite``)."""
        text = self.ddl.get(dialect)
        if text is None:
            text = self.ddl[""]
        return text

    @property
    def python_type(self) -> type[Any]:
        """The Python type of values; a decorator's own answer is ``object`` whatever it decorates."""
        found: type[Any] = self.impl_instance.python_type
        return found

    def unbounded(self) -> DjangoType[Any]:
        """This type without length or precision, for casts of values that are only compared."""
        return self


@compiles(DjangoType)
def _column_type(type_: DjangoType[Any], compiler: Any, **kw: Any) -> str:
    column = kw.get("type_expression")
    text = type_.column_type(compiler.dialect.name, column if isinstance(column, Column) else None)
    collation = getattr(type_, "db_collation", "")
    if collation:
        quoted = compiler.dialect.identifier_preparer.quote_identifier(collation)
        text = f"{text} COLLATE {quoted}"
    return text
