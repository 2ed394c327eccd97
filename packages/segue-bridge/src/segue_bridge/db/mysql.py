"""What the tables of a project on MySQL or MariaDB need: which of the two it is, where Django makes something on one alone.

There are tables and values of columns for these databases, and no query: Segue refuses every operation of such a project.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect


def on_mysql(ddl: Any, target: Any, bind: Any, *, dialect: Dialect, **_: Any) -> bool:
    """``ddl_if(callable_=on_mysql)``: on MySQL and not on MariaDB, as the connection says."""
    return dialect.name == "mysql" and not getattr(dialect, "is_mariadb", False)


def on_mariadb(ddl: Any, target: Any, bind: Any, *, dialect: Dialect, **_: Any) -> bool:
    """``ddl_if(callable_=on_mariadb)``: on MariaDB and not on MySQL, as the connection says."""
    return dialect.name == "mysql" and bool(getattr(dialect, "is_mariadb", False))


__all__ = ["on_mariadb", "on_mysql"]
