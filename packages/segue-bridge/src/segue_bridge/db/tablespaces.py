"""Tablespaces of primary keys and unique columns on PostgreSQL, which Django writes behind the constraint
(``BaseDatabaseSchemaEditor._iter_column_sql``) and SQLAlchemy has no option for. Tables and indexes have its ``postgresql_tablespace``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.ext.compiler import compiles

_KEY = "tablespace"


def in_tablespace(name: str) -> dict[str, Any]:
    """The ``info`` of a ``PrimaryKeyConstraint`` or a ``UniqueConstraint`` whose index lies in the tablespace ``name``."""
    return {_KEY: name}


@compiles(PrimaryKeyConstraint, "postgresql")
def _primary_key(constraint: PrimaryKeyConstraint, compiler: Any, **options: Any) -> str:
    return _placed(compiler.visit_primary_key_constraint(constraint, **options), constraint, compiler)


@compiles(UniqueConstraint, "postgresql")
def _unique(constraint: UniqueConstraint, compiler: Any, **options: Any) -> str:
    return _placed(compiler.visit_unique_constraint(constraint, **options), constraint, compiler)


def _placed(text: str, constraint: PrimaryKeyConstraint | UniqueConstraint, compiler: Any) -> str:
    name = constraint.info.get(_KEY)
    return (
        text if not text or name is None else f"{text} USING INDEX TABLESPACE {compiler.preparer.quote(name)}"
    )


__all__ = ["in_tablespace"]
