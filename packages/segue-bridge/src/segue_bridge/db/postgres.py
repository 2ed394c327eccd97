"""Full text search, likeness and arrays of PostgreSQL, as ``django.contrib.postgres`` writes them.

Sources: ``search.SearchVector``, ``SearchQuery``, ``SearchRank``, ``Trigram*``; ``fields.array``; ``lookups``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    REAL,
    ColumnElement,
    Dialect,
    Double,
    Integer,
    String,
    Text,
    case,
    cast,
    func,
    literal,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, REGCONFIG, TSQUERY, TSVECTOR
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeDecorator, TypeEngine

from segue_bridge.db.query import Condition, inline
from segue_bridge.db.types.postgres import Array

Column = ColumnElement[Any] | InstrumentedAttribute[Any]


class _Together(TypeDecorator.Comparator[float], REAL.Comparator[float]):
    """Two numbers of four bytes make a third; with any other the result has eight."""

    def _adapt_expression(self, op: Any, other_comparator: Any) -> Any:
        return op, self.type if isinstance(other_comparator.type, Real) else Double()


class _FourBytes(REAL[float]):
    comparator_factory = _Together


class Real(TypeDecorator[float]):
    """A number of four bytes, read as the shortest that means it: what PostgreSQL writes, and Django reads."""

    impl = _FourBytes
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return Double()  # a Python float is compared with all its digits

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        if value is None:
            return None
        held = struct.pack("f", value)
        return next(
            found
            for found in (float(f"{value:.{digits}g}") for digits in range(6, 18))
            if struct.pack("f", found) == held
        )


def search_vector(*columns: Column, config: str | None = None, weight: str | None = None) -> Column:
    """``SearchVector("title", "body")``: the words of the columns, NULL being none."""
    whole: Column | None = None
    for column in columns:
        part = func.coalesce(cast(column, Text), literal("", String()))
        whole = part if whole is None else whole.op("||")(literal(" ", String())).op("||")(part)
    given = [] if config is None else [cast(literal(config, String()), REGCONFIG)]
    made: Column = func.to_tsvector(*given, whole, type_=TSVECTOR())
    return made if weight is None else func.setweight(made, inline(weight), type_=TSVECTOR())


def both_vectors(first: Column, second: Column) -> Column:
    """``SearchVector(…) + SearchVector(…)``."""
    return first.op("||", return_type=TSVECTOR())(second)


def search_query(text: str, kind: str = "plain", config: str | None = None) -> Column:
    """``SearchQuery(text, search_type=kind)``."""
    given = [] if config is None else [cast(literal(config, String()), REGCONFIG)]
    function = {
        "plain": func.plainto_tsquery,
        "phrase": func.phraseto_tsquery,
        "raw": func.to_tsquery,
        "websearch": func.websearch_to_tsquery,
    }[kind]
    return function(*given, literal(text, String()), type_=TSQUERY())


def both_queries(first: Column, second: Column) -> Column:
    """``SearchQuery(…) & SearchQuery(…)``."""
    return first.op("&&", return_type=TSQUERY())(second)


def either_query(first: Column, second: Column) -> Column:
    """``SearchQuery(…) | SearchQuery(…)``."""
    return first.op("||", return_type=TSQUERY())(second)


def search_rank(vector: Column, query: Column, *, cover_density: bool = False) -> Column:
    """``SearchRank(vector, query)``."""
    function = func.ts_rank_cd if cover_density else func.ts_rank
    return function(vector, query, type_=Real())


def found_in(vector: Column, query: Column) -> Condition:
    """``vector=query``, ``column__search=text``: ``@@``."""
    return vector.op("@@", is_comparison=True)(query)


def similarity(column: Column, text: str) -> Column:
    """``TrigramSimilarity``."""
    return func.similarity(column, literal(text, String()), type_=Real())


def word_similarity(text: str, column: Column) -> Column:
    """``TrigramWordSimilarity``."""
    return func.word_similarity(literal(text, String()), column, type_=Real())


def distance(column: Column, text: str) -> Column:
    """``TrigramDistance``."""
    return cast(column, Text).op("<->", return_type=Real())(literal(text, String()))


def trigram_similar(column: Column, text: str) -> Condition:
    """``__trigram_similar``."""
    return cast(column, Text).op("%", is_comparison=True)(literal(text, String()))


def trigram_word_similar(column: Column, text: str) -> Condition:
    """``__trigram_word_similar``."""
    return cast(column, Text).op("%>", is_comparison=True)(literal(text, String()))


def contains_all(column: Column, values: Sequence[Any]) -> Condition:
    """``array__contains=values``."""
    return column.op("@>", is_comparison=True)(_array(column, values))


def contained_by(column: Column, values: Sequence[Any]) -> Condition:
    """``array__contained_by=values``."""
    return column.op("<@", is_comparison=True)(_array(column, values))


def overlaps(column: Column, values: Sequence[Any]) -> Condition:
    """``array__overlap=values``."""
    return column.op("&&", is_comparison=True)(_array(column, values))


def same_as(column: Column, values: Sequence[Any]) -> Condition:
    """``array=values``."""
    return column == _array(column, values)


def one_of(column: Column, lists: Sequence[Sequence[Any]]) -> Condition:
    """``array__in=lists``."""
    return column.in_([_array(column, values) for values in lists])


def _held(column: Column) -> TypeEngine[Any]:
    assert isinstance(column.type, Array)
    return column.type.item


def array_item(column: Column, place: int) -> Column:
    """``array__0``: NULL where it is shorter."""
    return type_coerce(column, ARRAY(_held(column)))[place + 1]


def array_slice(column: Column, start: int, end: int) -> Column:
    """``array__0_2``: the items from ``start`` up to before ``end``."""
    return type_coerce(type_coerce(column, ARRAY(_held(column)))[start + 1 : end], column.type)


def _array(column: Column, values: Sequence[Any]) -> ColumnElement[Any]:
    """The values as such a column has them: Django casts them to its type, which cuts what is too long."""
    return cast(literal(list(values), column.type), column.type)


def length(column: Column) -> Column:
    """``array__len``: 0 for an empty array, NULL for none."""
    size = func.coalesce(func.array_length(column, 1, type_=Integer()), 0)
    return case((column.is_(None), None), else_=size)
