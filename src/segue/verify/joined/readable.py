"""Rows that Django itself can read.

SQLite stores any number in a ``DecimalField``'s column, and ``get_decimalfield_converter`` of Django's raises
``decimal.InvalidOperation`` for one with more digits than ``max_digits``; a field's own ``from_db_value`` may raise
anything. A query set ends with the first such row: rows beside it are read one by one.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError
from django.db import DatabaseError

_TELLING = 8  # unreadable rows, and none beside them that can be read, after which a table is told of
_UNREAD: dict[str, None] = {}


def readable(rows: Any, most: int) -> list[Any]:
    """The first ``most`` of ``rows`` (a query set in an order), without those that a field's converter refuses.

    Raises ``FieldError`` (a name that is no column) and ``DatabaseError`` as the query set does.
    """
    try:
        return list(rows[:most])
    except (FieldError, DatabaseError):
        raise
    except Exception:  # noqa: BLE001 - whatever a converter raises
        found, refused = _one_by_one(rows, most)
    if refused and not found and refused >= min(_TELLING, rows.model._base_manager.count()):
        _UNREAD.setdefault(rows.model._meta.db_table)
    return found


def unread() -> list[str]:
    """What a reader should know: tables of which no row that was tried could be read."""
    return [
        f"table {table}: Django's own fields could read none of the rows that were tried" for table in _UNREAD
    ]


def keep_readable(row: Any, values: dict[str, Any]) -> None:
    """Give the columns that Django cannot read back the value that they were to have: the model's own code (``save``,
    signals) may compute more than the column takes.

    Raises what Django raises where ``values`` (name of a field → value) cannot be written or read either.
    """
    model = type(row)
    stored = model._base_manager.using(row._state.db).filter(pk=row.pk)
    names = [field.attname for field in model._meta.concrete_fields]
    try:
        stored.values_list(*names).first()
        return
    except DatabaseError:
        raise
    except Exception:
        refused = [f for f in model._meta.concrete_fields if not f.primary_key and not _reads(stored, f)]
        if not refused:
            raise
    for field in refused:
        default = field.get_default() if field.has_default() else None
        setattr(row, field.name, values.get(field.name, default))
    stored.update(**{field.name: getattr(row, field.name) for field in refused})
    stored.values_list(*names).first()


def _reads(stored: Any, field: Any) -> bool:
    try:
        stored.values_list(field.attname).first()
    except DatabaseError:
        raise
    except Exception:  # noqa: BLE001 - whatever a converter raises
        return False
    return True


def _one_by_one(rows: Any, most: int) -> tuple[list[Any], int]:
    """The rows that can be read, and how many of them cannot."""
    found, refused = [], 0
    for place in range(most):
        try:
            found += rows[place : place + 1]
        except DatabaseError:
            raise
        except Exception:  # noqa: BLE001 - whatever a converter raises
            refused += 1
            continue
        if len(found) + refused <= place:
            break
    return found, refused
