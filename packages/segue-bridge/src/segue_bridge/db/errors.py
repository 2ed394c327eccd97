"""Database errors with Django's names and texts (``django.db.utils``, ``django.db.models.deletion``).

Every driver's error is turned into one of these; the text is the driver's, as in Django, and the
original is the ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import exc


class DatabaseError(Exception):
    """Base of all errors of the database (``django.db.DatabaseError``)."""


class DataError(DatabaseError):
    """A value the column cannot hold."""


class OperationalError(DatabaseError):
    """The database is not there, or cannot do it now."""


class IntegrityError(DatabaseError):
    """A constraint is violated."""


class InternalError(DatabaseError):
    """The database is in a state that does not allow the command."""


class ProgrammingError(DatabaseError):
    """The command is wrong, e.g. the table does not exist."""


class NotSupportedError(DatabaseError):
    """The database has no such feature."""


class TransactionManagementError(ProgrammingError):
    """Improper use of transactions (``django.db.transaction.TransactionManagementError``)."""


class ProtectedError(IntegrityError):
    """``django.db.models.ProtectedError``: ``args`` are the text and the objects in the way."""

    def __init__(self, message: str, protected_objects: Collection[Any]) -> None:
        self.protected_objects = protected_objects
        super().__init__(message, protected_objects)


class RestrictedError(IntegrityError):
    """``django.db.models.RestrictedError``."""

    def __init__(self, message: str, restricted_objects: Collection[Any]) -> None:
        self.restricted_objects = restricted_objects
        super().__init__(message, restricted_objects)


class ObjectDoesNotExist(Exception):
    """``Model.DoesNotExist``; ``model`` is the mapped class."""

    def __init__(self, message: str = "", model: type | None = None) -> None:
        super().__init__(message)
        self.model = model


class MultipleObjectsReturned(Exception):
    """``Model.MultipleObjectsReturned``; ``model`` is the mapped class."""

    def __init__(self, message: str = "", model: type | None = None) -> None:
        super().__init__(message)
        self.model = model


class RelationNotLoaded(RuntimeError):
    """A relation is read that nobody loaded. A bug of the generated code, never a lazy query."""


_BY_CLASS: tuple[tuple[str, type[DatabaseError]], ...] = (
    ("22", DataError),
    ("23", IntegrityError),
    ("25", InternalError),
    ("0A", NotSupportedError),
    ("42", ProgrammingError),
    ("3F", ProgrammingError),
    ("2F", InternalError),
    ("40", OperationalError),
    ("53", OperationalError),
    ("54", OperationalError),
    ("55", OperationalError),
    ("57", OperationalError),
    ("58", OperationalError),
    ("08", OperationalError),
)

# A column that may not be NULL, a number out of range, a check (MySQL's and MariaDB's): ``CursorWrapper.codes_for_integrityerror``.
_MYSQL_INTEGRITY = ((1048,), (1690,), (3819,), (4025,))

_BY_NAME: dict[str, type[DatabaseError]] = {
    "IntegrityError": IntegrityError,
    "DataError": DataError,
    "OperationalError": OperationalError,
    "ProgrammingError": ProgrammingError,
    "InternalError": InternalError,
    "NotSupportedError": NotSupportedError,
}


def translate(error: BaseException) -> DatabaseError | None:
    """The Django-named error for a driver's or SQLAlchemy's ``error``; ``None`` if it is neither.

    PostgreSQL errors are told apart by SQLSTATE class (as psycopg does), SQLite's and MySQL's by the class
    name of PEP 249.
    """
    original: BaseException = error
    while isinstance(original, exc.DBAPIError) and original.orig is not None:
        original = original.orig
    cause = original.__cause__
    if cause is not None and type(cause).__module__.startswith("asyncpg"):
        original = cause
    if original is error and not _is_driver_error(error):
        return None
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str) and state:
        for prefix, kind in _BY_CLASS:
            if state.startswith(prefix):
                return kind(_text(original))
        return DatabaseError(_text(original))
    if type(original).__module__ == "asyncmy.errors" and original.args[:1] in _MYSQL_INTEGRITY:
        return IntegrityError(*original.args)
    for base in type(original).__mro__:
        if base.__name__ in _BY_NAME:
            return _BY_NAME[base.__name__](*original.args)
    if type(original).__module__.startswith("asyncpg"):
        if isinstance(original, ValueError):  # asyncpg.DataError: a value of the wrong Python type
            return DataError(str(original))
        return OperationalError(str(original))
    if type(original).__module__ in {"sqlite3", "psycopg", "psycopg.errors", "asyncmy.errors"}:
        return DatabaseError(*original.args)
    return None


def _is_driver_error(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in {"asyncpg", "sqlite3", "psycopg", "asyncmy"}


def _text(error: BaseException) -> str:
    """The message with its DETAIL line, as psycopg shows it."""
    detail = getattr(error, "detail", None)
    text = str(error)
    return f"{text}\nDETAIL:  {detail}\n" if detail and "DETAIL" not in text else text
