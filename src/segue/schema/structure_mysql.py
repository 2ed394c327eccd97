"""The structure of a MySQL or a MariaDB, as :mod:`structure` tells it. Standard library only, Python 3.8 and newer.

From ``information_schema`` alone, in the words of the server.
"""

_TABLES = """
SELECT table_name, engine, table_collation, table_comment FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
"""
_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_default, extra, generation_expression,
       collation_name, column_comment
FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position
"""
_INDEXES = """
SELECT table_name, index_name, non_unique, column_name, collation, sub_part, index_type{expression}
FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index
"""
_KEYS = """
SELECT k.table_name, k.constraint_name, k.column_name, k.referenced_table_name, k.referenced_column_name,
       r.update_rule, r.delete_rule
FROM information_schema.key_column_usage k
JOIN information_schema.referential_constraints r
  ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
WHERE k.table_schema = DATABASE() ORDER BY k.table_name, k.constraint_name, k.ordinal_position
"""
_CHECKS = """
SELECT t.table_name, c.check_clause FROM information_schema.check_constraints c
JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
WHERE c.constraint_schema = DATABASE()
"""
# MariaDB's checks have names that are those of a table's columns: one for each table
_CHECKS_MARIADB = """
SELECT table_name, check_clause FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()
"""
_OTHERS = """
SELECT CONCAT('(view) ', table_name), view_definition FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL
SELECT CONCAT('(function) ', routine_name), routine_definition FROM information_schema.routines
WHERE routine_schema = DATABASE()
"""
_TRIGGERS = """
SELECT event_object_table, action_timing, event_manipulation, action_statement FROM information_schema.triggers
WHERE trigger_schema = DATABASE()
"""


def read(fetch, empty, other):
    """Structure of all tables; ``empty()`` and ``other(definition)`` make an entry."""
    mariadb = "mariadb" in str(fetch("SELECT VERSION()")[0][0]).lower()
    tables = {}
    for name, engine, collation, comment in fetch(_TABLES):
        found = tables[name] = empty()
        found["engine"] = engine
        found["collation"] = collation
        if comment:
            found["comment"] = comment
    for row in fetch(_COLUMNS):
        table, name, type_, null, default, extra, formula, collation, comment = row
        if table not in tables:
            continue  # a view's
        tables[table]["columns"][name] = {
            "type": _text(type_),
            "null": null == "YES",
            "default": _text(default),
            "extra": _text(extra),
            "generated": _text(formula),
            "collation": collation or "",
            "comment": _text(comment),
        }
    _indexes(tables, fetch, mariadb)
    keys = {}
    for table, name, column, target, referenced, on_update, on_delete in fetch(_KEYS):
        pairs = keys.setdefault((table, name), ([], target, on_update, on_delete))[0]
        pairs.append([column, referenced])
    for (table, _name), key in keys.items():
        tables[table]["foreign_keys"].append(repr(key))
    for table, clause in fetch(_CHECKS_MARIADB if mariadb else _CHECKS):
        tables[table]["checks"].append(_text(clause))
    for table, when, what, statement in fetch(_TRIGGERS):
        tables[table]["triggers"].append(" ".join([when, what, _text(statement)]))
    database = fetch("SELECT DATABASE()")[0][0]
    for name, definition in fetch(_OTHERS):
        # a view names the database that it lies in
        tables[name] = other(_text(definition).replace(f"`{database}`.", ""))
    return tables


def _indexes(tables, fetch, mariadb):
    found = {}
    for row in fetch(_INDEXES.format(expression="" if mariadb else ", expression")):
        table, name, loose, column, order, length, kind = row[:7]
        part = column if column is not None else _text(row[7])
        shown = part + (f"({length})" if length else "") + (" desc" if order == "D" else "")
        found.setdefault((table, name, int(loose), kind), []).append(shown)
    for (table, name, loose, kind), parts in found.items():
        if table not in tables:
            continue
        if name == "PRIMARY":
            tables[table]["primary_key"] = parts
        elif not loose:  # MySQL makes no difference between a unique constraint and a unique index
            tables[table]["uniques"].append(repr(parts))
        else:
            tables[table]["indexes"].append(f"{kind} {parts!r}")


def _text(value):
    return value.decode() if isinstance(value, bytes) else ("" if value is None else str(value))
