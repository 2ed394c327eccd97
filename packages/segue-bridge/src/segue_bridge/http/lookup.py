"""Finding the object of a URL as ``get_object_or_404`` does.

Sources: ``django.shortcuts.get_object_or_404``, ``rest_framework.generics.get_object_or_404`` (which also answers
404 to values that the field cannot read) and ``django.db.models.lookups.IntegerFieldOverflow``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import ColumnElement

from segue_bridge.db.coerce import LookupValueError
from segue_bridge.db.errors import MultipleObjectsReturned
from segue_bridge.db.types.numbers import bits_of
from segue_bridge.errors import Http404, object_not_found

T = TypeVar("T")
_MAX_GET_RESULTS = 21


@contextmanager
def key() -> Iterator[None]:
    """A value that cannot be the key's is "Not found.", not an error (DRF's ``get_object_or_404``)."""
    try:
        yield
    except (TypeError, ValueError, LookupValueError):
        raise Http404() from None


def found(rows: Sequence[T], model: str) -> T:
    """The one row of a look-up (read with a limit of 21); ``model`` is the class name for the text.

    Raises :class:`Http404`; :class:`MultipleObjectsReturned` with Django's text for several (500).
    """
    if not rows:
        raise object_not_found(model)
    if len(rows) > 1:
        many = "more than 20" if len(rows) >= _MAX_GET_RESULTS else str(len(rows))
        raise MultipleObjectsReturned(f"get() returned more than one {model} -- it returned {many}!")
    return rows[0]


one_or_404 = found


def url_key(column: ColumnElement[Any], text: str, name: str, dialect: str) -> Any:
    """A URL argument as the value of ``column``: ``01``, ``+1`` and ``١`` are 1, as Python reads them.

    Raises :class:`Http404`: "Not found." for what the column cannot read, "No Book matches the given
    query." for numbers beyond its range on this database.
    """
    kind = column.type.python_type
    if kind is str:
        return text
    if kind is uuid.UUID:
        with key():
            return uuid.UUID(hex=text)
    if kind is int:
        with key():
            number = int(text)
        bits = bits_of(column.type, dialect)
        if not -(2**bits) <= number < 2**bits:
            raise object_not_found(name)
        return number
    raise TypeError(f"a URL argument cannot be read as {kind.__name__}")
