"""``rest_framework.filters.SearchFilter``: every term must match some field.

Terms are split at spaces and commas; quotes keep a phrase together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_

from segue_bridge.errors import ValidationError
from segue_bridge.http.call import Call
from segue_bridge.http.query import QueryParams
from segue_bridge.translation import gettext as _

Lookup = Callable[[ColumnElement[Any], str], ColumnElement[bool]]
SearchField = tuple[Lookup, Any]
"""A lookup of :mod:`segue_bridge.db.query` and the column it looks at: ``(icontains, Article.title)``."""

# django.utils.text.smart_split: runs of text in which quoted parts may hold spaces.
_DOUBLE = r'"(?:[^"\\]|\\.)*"'
_SINGLE = r"'(?:[^'\\]|\\.)*'"
_PIECES = re.compile(rf"((?:[^\s'\"]*(?:(?:{_DOUBLE}|{_SINGLE})[^\s'\"]*)+)|\S+)")


class Search:
    """What ``?search=`` looks at: made once, asked by every request (see :func:`search`)."""

    def __init__(self, fields: Sequence[SearchField], *, within: Select[Any] | None = None) -> None:
        self._fields = tuple(fields)
        self._within = within

    def narrow(
        self, statement: Select[Any], call: Call | QueryParams, *, param: str = "search"
    ) -> Select[Any]:
        """``statement`` with the condition; as it is when nothing is searched for."""
        return search(statement, call, self._fields, param=param, within=self._within)


def search(
    statement: Select[Any],
    call: Call | QueryParams,
    fields: Sequence[SearchField],
    *,
    param: str = "search",
    within: Select[Any] | None = None,
) -> Select[Any]:
    """Narrow ``statement`` to what ``?search=`` asks for. Raises :class:`ValidationError` for NUL.

    ``within`` is for fields behind a to-many relation: a correlated ``select`` of an alias of the model,
    outer-joined to its relations, on whose columns ``fields`` look. All terms must then match in one
    joined row, and a row is found once, as DRF's ``Exists`` does.
    """
    terms = search_terms(call, param)
    if not terms or not fields:
        return statement
    condition = and_(*(or_(*(lookup(column, term) for lookup, column in fields)) for term in terms))
    return statement.where(condition if within is None else within.where(condition).exists())


def check_search(call: Call | QueryParams, *, param: str = "search") -> None:
    """Raise :class:`ValidationError` for NUL in ``?search=``, also where no fields are searched.

    ``SearchFilter.filter_queryset`` cleans the parameter before it looks whether the view has ``search_fields``.
    """
    if "\x00" in parameters(call).get(param, ""):
        raise ValidationError([_("Null characters are not allowed.")])


def search_terms(call: Call | QueryParams, param: str = "search") -> list[str]:
    """``SearchFilter.get_search_terms``."""
    text = parameters(call).get(param, "")
    check_search(call, param=param)
    found: list[str] = []
    for match in _PIECES.finditer(text):
        piece = match[0].strip(",")
        if piece[:1] in ("'", '"') and piece[0] == piece[-1]:
            quote = piece[0]
            found.append(piece[1:-1].replace(f"\\{quote}", quote).replace("\\\\", "\\"))
        else:
            found.extend(part.strip() for part in piece.split(",") if part)
    return found


def parameters(call: Call | QueryParams) -> QueryParams:
    """The query parameters of a call, or themselves."""
    return call if isinstance(call, QueryParams) else call.query
