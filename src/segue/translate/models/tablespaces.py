"""Where PostgreSQL keeps a table and its indexes, read from Django's own DDL.

Django writes a tablespace behind a table (``Meta.db_tablespace``, ``DEFAULT_TABLESPACE``), behind the ``PRIMARY KEY`` or ``UNIQUE`` of a column
(``BaseDatabaseSchemaEditor._iter_column_sql``) and behind an index (``_get_index_tablespace_sql``), each by rules of its own; unique constraints of ``Meta``
have none. The other databases that a project is generated for have no tablespaces (``features.supports_tablespaces``).
"""

from __future__ import annotations

import re

from segue.snapshot.model import Model, ModelField
from segue.translate.models import ddl

_NAMED = re.compile(r'TABLESPACE ("(?:[^"]|"")+")')
_INDEX = re.compile(r'CREATE INDEX "((?:[^"]|"")+)" ON ')


def of_table(model: Model) -> str:
    """The tablespace of the table; '' for the database's own."""
    for statement in _statements(model):
        if statement.startswith("CREATE TABLE"):
            inside = ddl.parenthesised(statement, statement.index("("))
            return _named(statement[statement.index("(") + len(inside) + 2 :])
    return ""


def of_key(model: Model, item: ModelField) -> str:
    """The tablespace of the index behind a column that is the primary key or unique; '' for the database's own."""
    if not item.unique and not item.primary_key:
        return ""
    text = ddl.column_text(model, "postgresql", item.column)
    outside = {position for position, _ in ddl.plain(text)}
    start = next((m.end() for m in re.finditer("USING INDEX ", text) if m.start() in outside), None)
    return "" if start is None else _named(text[start:])


def of_index(model: Model, name: str) -> str:
    """The tablespace of the index ``name`` of ``Meta.indexes``; '' for the database's own."""
    return next((space for made, _, space in _indexes(model) if made == name), "")


def of_columns(model: Model, columns: list[str], ops: str = "") -> str:
    """The tablespace of the index over ``columns`` whose name Django chooses (``db_index``, ``index_together``, with ``ops`` that for
    ``LIKE``); '' for the database's own."""
    wanted = ", ".join(ddl.quoted("postgresql", column) for column in columns) + (f" {ops}" if ops else "")
    named = {index.name for index in model.indexes}
    return next((space for made, over, space in _indexes(model) if over == wanted and made not in named), "")


def _indexes(model: Model) -> list[tuple[str, str, str]]:
    """Name, columns and tablespace of each index."""
    found = []
    for statement in _statements(model):
        match = _INDEX.match(statement)
        if match is None:
            continue
        start = next(at for at, char in ddl.plain(statement, match.end()) if char == "(")
        over = ddl.parenthesised(statement, start)
        rest = statement[start + len(over) + 2 :]
        before = next((m.start() for m in re.finditer(r" WHERE ", rest)), len(rest))
        found.append((match.group(1).replace('""', '"'), over, _named(rest[:before])))
    return found


def _statements(model: Model) -> tuple[str, ...]:
    return tuple(model.create_sql.get("postgresql", ()))


def _named(text: str) -> str:
    match = _NAMED.search(text)
    return match.group(1)[1:-1].replace('""', '"') if match else ""
