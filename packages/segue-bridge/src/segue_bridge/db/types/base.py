"""The base of all column types: Django's own DDL text per database.

``django.db.backends.<vendor>.base.DatabaseWrapper.data_types`` is the source of every text.
"""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from sqlalchemy import Column, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

T = TypeVar("T")
UUID_SINCE = (10, 7)  # MariaDB


def database_of(dialect: Dialect) -> str:
    """``postgresql``, ``sqlite``, ``mysql``, or ``mariadb`` for a MariaDB that has a type for UUIDs, which MySQL has not.

    What a MySQL dialect is for is known when it has connected.
    """
    kind: Any = dialect
    if dialect.name != "mysql" or not getattr(kind, "is_mariadb", False):
        return dialect.name
    version = getattr(kind, "server_version_info", None) or ()
    return "mariadb" if tuple(version[:2]) >= UUID_SINCE else "mysql"


class DjangoType(TypeDecorator[T]):
    """A column type of a Django field.

    ``ddl`` gives the column type text per database (:func:`database_of`; ``""`` is the fallback, and MySQL's MariaDB's). ``empty`` is what
    a new entity holds in a column without default that may not be NULL: Django's
    ``Field.get_default`` answers ``""`` for text-like fields and ``None`` for all others.
    """

    ddl: ClassVar[dict[str, str]] = {}
    empty: ClassVar[Any] = None
    converts_assigned: ClassVar[bool] = False
    cache_ok = True

    def __init_subclass__(cls, **kw: Any) -> None:
        super().__init_subclass__(**kw)
        # SQLAlchemy looks at each class itself. Its key has the attributes that are named as arguments of ``__init__``, but not as
        # those that are keyword-only: what decides about values must not be one.
        cls.cache_ok = True

    def column_type(self, dialect: str, column: Column[Any] | None = None) -> str:
        """DDL text of this type on ``dialect`` (:func:`database_of`)."""
        text = self.ddl.get(dialect)
        if text is None and dialect == "mariadb":
            text = self.ddl.get("mysql")
        return self.ddl[""] if text is None else text

    @property
    def python_type(self) -> type[Any]:
        """The Python type of values; a decorator's own answer is ``object`` whatever it decorates."""
        found: type[Any] = self.impl_instance.python_type
        return found

    def assigned(self, value: Any) -> Any:
        """What an object has of ``value`` when it is given it, where ``converts_assigned`` is set: the class of the Django field has a
        descriptor that converts (``__set__``)."""
        return value

    def unbounded(self) -> DjangoType[Any]:
        """This type without length or precision, for casts of values that are only compared."""
        return self


@compiles(DjangoType)
def _column_type(type_: DjangoType[Any], compiler: Any, **kw: Any) -> str:
    column = kw.get("type_expression")
    text = type_.column_type(database_of(compiler.dialect), column if isinstance(column, Column) else None)
    collation = getattr(type_, "db_collation", "")
    if collation:
        quoted = compiler.dialect.identifier_preparer.quote_identifier(collation)
        text = f"{text} COLLATE {quoted}"
    return text
