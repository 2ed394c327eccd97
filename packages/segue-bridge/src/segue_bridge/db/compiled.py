"""Statements compiled once for asyncpg, with SQLAlchemy's own value processing.

A module-level statement is known by its identity, a statement built in a function by
SQLAlchemy's cache key, so that neither is compiled twice. Values go through the bind and
result processors of their column types exactly as ``Connection.execute`` would do it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable, Row
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any]


class Shape:
    """How the rows of one SQL text are read: names, positions and processors."""

    __slots__ = ("_index", "_meta", "_processors")

    def __init__(self, keys: Sequence[str], processors: Sequence[Callable[[Any], Any] | None]) -> None:
        self._meta = SimpleResultMetaData(keys)
        self._index = self._meta._key_to_index
        self._processors: Any = list(processors) if any(processors) else None

    def rows(self, records: Sequence[Sequence[Any]]) -> list[Row[Any]]:
        """SQLAlchemy rows of driver records."""
        meta, processors, index = self._meta, self._processors, self._index
        return [Row(meta, processors, index, record) for record in records]


class Statement:
    """One compiled statement. ``shape`` is filled at its first run, when the driver knows the types."""

    __slots__ = ("_binds", "_compiled", "_expands", "shape", "sql")

    def __init__(self, compiled: SQLCompiler) -> None:
        self._compiled = compiled
        self.sql = compiled.string
        self.shape: Shape | None = None
        self._expands = bool(compiled.post_compile_params or compiled.literal_execute_params)
        processors: Mapping[str, Any] = compiled._bind_processors
        self._binds = [(compiled.binds[name], processors.get(name)) for name in compiled.positiontup or ()]

    def text(self, params: Parameters | None, extracted: Sequence[Any] | None) -> tuple[str, list[Any]]:
        """The SQL text and its positional values. Raises ``StatementError`` for a missing parameter."""
        if self._expands or extracted is not None or self._compiled.insert_prefetch:
            return self._constructed(params, extracted)
        given = params or {}
        values = []
        for bind, processor in self._binds:
            if bind.key in given:
                value = given[bind.key]
            elif bind.required:
                return self._constructed(params, None)  # raises SQLAlchemy's own error
            else:
                value = bind.effective_value
            values.append(value if processor is None else processor(value))
        return self.sql, values

    def _constructed(
        self, params: Parameters | None, extracted: Sequence[Any] | None
    ) -> tuple[str, list[Any]]:
        compiled = self._compiled
        values = compiled.construct_params(
            params, extracted_parameters=extracted, escape_names=False, _no_postcompile=True
        )
        for column in compiled.insert_prefetch:
            default: Any = column.default
            if default is not None:
                values[column.key] = default.arg(None) if default.is_callable else default.arg
        processors: Mapping[str, Any] = compiled._bind_processors
        sql, order = self.sql, tuple(compiled.positiontup or ())
        if self._expands:
            expanded = compiled._process_parameters_for_postcompile(values)
            sql, order, values = (
                expanded.statement,
                tuple(expanded.positiontup or ()),
                dict(expanded.parameters),
            )
            processors = {**processors, **expanded.processors}
        result = []
        for name in order:
            processor = processors.get(name)
            result.append(values[name] if processor is None else processor(values[name]))
        return sql, result

    def read(self, dialect: Dialect, attributes: Sequence[tuple[str, Any]]) -> Shape:
        """The shape for the driver's ``attributes`` (name and type code of each column)."""
        described = self._compiled._result_columns
        processors: list[Any] = []
        keys = []
        for position, (name, code) in enumerate(attributes):
            if position < len(described):
                entry = described[position]
                keys.append(entry.keyname)
                processors.append(entry.type._cached_result_processor(dialect, code))
            else:
                keys.append(name)
                processors.append(None)
        return Shape(keys, processors)


class Cache:
    """Compiled statements of one database: by identity first, then by cache key (least used go)."""

    def __init__(self, dialect: Dialect, size: int = 2000) -> None:
        self._dialect = dialect
        self._size = size
        self._seen: WeakKeyDictionary[Any, Statement] = WeakKeyDictionary()
        self._once: WeakKeyDictionary[Any, None] = WeakKeyDictionary()
        self._keyed: OrderedDict[Any, Statement] = OrderedDict()

    def find(self, statement: Executable) -> tuple[Statement, Sequence[Any] | None]:
        """The compiled form, and the statement's own values when the form is shared by cache key.

        A statement object met a second time is a module-level one and is kept by identity.
        """
        known = self._seen.get(statement)
        if known is not None:
            return known, None
        key = statement._generate_cache_key()  # type: ignore[attr-defined]
        if key is None:
            return Statement(self._compile(statement, None)), None
        if statement in self._once:
            found = self._seen[statement] = Statement(self._compile(statement, None))
            return found, None
        self._once[statement] = None
        shared = self._keyed.get(key.key)
        if shared is None:
            shared = self._keyed[key.key] = Statement(self._compile(statement, key))
            if len(self._keyed) > self._size:
                self._keyed.popitem(last=False)
        else:
            self._keyed.move_to_end(key.key)
        return shared, key.bindparams

    def _compile(self, statement: Executable, key: Any) -> SQLCompiler:
        compiled = statement.compile(dialect=self._dialect, cache_key=key)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)
        return compiled
