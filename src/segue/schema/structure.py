"""Read the structure of a database as plain data. Standard library only, Python 3.8 and newer.

This file runs in three interpreters (the project's, the generated project's, Segue's own), so it
imports nothing of Segue. ``read(vendor, fetch)`` takes ``fetch(sql) -> rows`` and returns
``{table: {"columns": {...}, "primary_key": [...], "uniques": [...], "foreign_keys": [...],
"checks": [...], "indexes": [...], "triggers": [...]}}``, and the same with a ``definition`` for what is no table: ``(view) name``,
``(extension) name``, ``(sequence) name`` (of no column), ``(function) name``, ``(type) name``. Names of constraints and indexes
are left out on purpose: Django's contain hashes, so two databases are compared by what is there.
"""

import importlib.util
import os
import re

IGNORED = {"django_migrations", "alembic_version", "sqlite_sequence"}


def read(vendor, fetch):
    """Structure of all tables; ``vendor`` is ``sqlite``, ``postgresql`` or ``mysql`` (also of a MariaDB)."""
    if vendor == "sqlite":
        return _sqlite(fetch)
    if vendor == "postgresql":
        return _postgresql(fetch)
    if vendor == "mysql":
        return _sorted(_beside("structure_mysql").read(fetch, _empty, _other))
    raise ValueError("unsupported database vendor " + vendor)


def _beside(name):
    """The module ``name`` of this folder, which is on no path of imports."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("segue_" + name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- PostgreSQL ----------------------------------------------------------------------------

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), a.attidentity::text, a.attgenerated::text,
       CASE WHEN a.attcollation <> t.typcollation THEN co.collname END,
       col_description(c.oid, a.attnum), obj_description(c.oid, 'pg_class'),
       (SELECT format('%s start %s step %s from %s to %s%s', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement,
                      s.seqmin, s.seqmax, CASE WHEN s.seqcycle THEN ' cycle' ELSE '' END)
        FROM pg_depend p JOIN pg_sequence s ON s.seqrelid = p.objid
        WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = c.oid
          AND p.refobjsubid = a.attnum AND p.deptype IN ('a', 'i') LIMIT 1),
       (SELECT ts.spcname FROM pg_tablespace ts WHERE ts.oid = c.reltablespace)
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation co ON co.oid = a.attcollation
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT c.relname, k.contype::text, pg_get_constraintdef(k.oid) || coalesce(' TABLESPACE ' || ts.spcname, '')
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_class x ON x.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace ts ON ts.oid = x.reltablespace
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND k.contype IN ('p', 'u', 'f', 'c', 'x')
"""
_INDEXES = """
SELECT c.relname, replace(pg_get_indexdef(i.indexrelid), ' ON ' || quote_ident(n.nspname) || '.', ' ON ')
       || coalesce(' TABLESPACE ' || ts.spcname, '')
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
LEFT JOIN pg_tablespace ts ON ts.oid = x.reltablespace
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND NOT i.indisprimary
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('u', 'x', 'p'))
"""
_TRIGGERS = """
SELECT c.relname, replace(pg_get_triggerdef(g.oid), ' ON ' || quote_ident(n.nspname) || '.', ' ON ')
FROM pg_trigger g
JOIN pg_class c ON c.oid = g.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND NOT g.tgisinternal
"""
# What belongs to an extension comes with the extension.
_OTHERS = """
SELECT CASE c.relkind WHEN 'v' THEN '(view) ' WHEN 'm' THEN '(view) ' ELSE '(sequence) ' END || c.relname,
       CASE WHEN c.relkind = 'S' THEN '' ELSE pg_get_viewdef(c.oid) END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('v', 'm', 'S')
  AND NOT EXISTS (SELECT 1 FROM pg_depend p WHERE p.objid = c.oid AND p.classid = 'pg_class'::regclass
                  AND p.deptype IN ('a', 'i', 'e'))
UNION ALL
SELECT '(extension) ' || e.extname, e.extversion FROM pg_extension e WHERE e.extname <> 'plpgsql'
UNION ALL
SELECT '(function) ' || f.proname, pg_get_function_identity_arguments(f.oid) || ' ' || f.prosrc
FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
WHERE n.nspname = current_schema()
  AND NOT EXISTS (SELECT 1 FROM pg_depend p WHERE p.objid = f.oid AND p.classid = 'pg_proc'::regclass AND p.deptype = 'e')
UNION ALL
SELECT '(type) ' || t.typname,
       coalesce((SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '')
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = current_schema() AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (SELECT 1 FROM pg_depend p WHERE p.objid = t.oid AND p.classid = 'pg_type'::regclass AND p.deptype = 'e')
UNION ALL
SELECT '(collation) ' || o.collname, o.collprovider::text || ' ' || o.collisdeterministic::text || ' ' || coalesce(o.collcollate, '')
FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace
WHERE n.nspname = current_schema()
"""
_KINDS = {"u": "uniques", "f": "foreign_keys", "c": "checks", "x": "checks"}


def _empty():
    lists = ("primary_key", "uniques", "foreign_keys", "checks", "indexes", "triggers")
    return dict({name: [] for name in lists}, columns={})


def _other(definition):
    return dict(_empty(), definition=" ".join(str(definition or "").split()))


def _postgresql(fetch):
    tables = {}
    for row in fetch(_COLUMNS):
        (
            table,
            name,
            type_,
            required,
            default,
            identity,
            generated,
            collation,
            comment,
            about,
            sequence,
            space,
        ) = row
        found = tables.setdefault(table, _empty())
        if default and "nextval(" in default:
            default = "nextval"
        found["columns"][name] = {
            "type": type_,
            "null": not required,
            "default": default or "",
            "identity": _text(identity),
            "generated": _text(generated),
            "collation": collation or "",
            "comment": comment or "",
            "sequence": sequence or "",
        }
        if about:
            found["comment"] = about
        if space:
            found["tablespace"] = space
    for table, kind, text in fetch(_CONSTRAINTS):
        kind = _text(kind)
        if table not in tables:
            continue
        if kind == "p":
            tables[table]["primary_key"] = [text]
        else:
            tables[table][_KINDS[kind]].append(text)
    for table, text in fetch(_INDEXES):
        if table in tables:
            tables[table]["indexes"].append(_nameless(text))
    for table, text in fetch(_TRIGGERS):
        if table in tables:
            tables[table]["triggers"].append(text)
    for name, definition in fetch(_OTHERS):
        tables[name] = _other(definition)
    return _sorted(tables)


def _text(value):
    return value.decode() if isinstance(value, bytes) else (value or "")


def _nameless(text):
    """``CREATE INDEX name ON …`` without the name; a unique index and its partial condition stay."""
    return re.sub(r'^(CREATE (?:UNIQUE )?INDEX) ("[^"]*"|\S+) ON', r"\1 ON", text)


# -- SQLite --------------------------------------------------------------------------------


def _sqlite(fetch):
    tables = {}
    for name, sql in fetch("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        if name.startswith("sqlite_"):
            continue
        found = tables[name] = _empty()
        quoted = '"' + name.replace('"', '""') + '"'
        found["autoincrement"] = "AUTOINCREMENT" in sql.upper()
        keys = []
        for row in fetch("PRAGMA table_xinfo(" + quoted + ")"):
            _cid, column, type_, required, default, position, hidden = row
            found["columns"][column] = {
                "type": _affinity(type_.replace(" GENERATED ALWAYS", "")),
                "null": not required,
                "default": default or "",
                "hidden": hidden,
            }
            if position:
                keys.append((position, column))
        found["primary_key"] = [column for _position, column in sorted(keys)]
        _sqlite_foreign_keys(fetch, quoted, found)
        _sqlite_indexes(fetch, quoted, found)
        found["checks"] = _checks(sql)
        found["generated"] = _after(sql, r"GENERATED ALWAYS AS\s*")
        found["deferred"] = len(re.findall("DEFERRABLE INITIALLY DEFERRED", sql, re.I))
    for kind, name, table, sql in fetch(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
    ):
        if kind == "view":
            tables["(view) " + name] = _other(sql)
        elif table in tables:
            tables[table]["triggers"].append(" ".join(sql.split()))
    return _sorted(tables)


def _affinity(text):
    """SQLite keeps no difference between ``integer`` and ``bigint``, and Django's migrations leave both."""
    text = text.lower()
    return "integer" if text == "bigint" else text


def _sqlite_foreign_keys(fetch, quoted, found):
    keys = {}
    for row in fetch("PRAGMA foreign_key_list(" + quoted + ")"):
        number, _sequence, table, source, target, on_update, on_delete, _match = row
        keys.setdefault(number, []).append([source, table, target, on_update, on_delete])
    found["foreign_keys"] = [repr(parts) for parts in keys.values()]


def _sqlite_indexes(fetch, quoted, found):
    for row in fetch("PRAGMA index_list(" + quoted + ")"):
        _number, name, unique, origin, partial = row
        columns = [
            (part[2], part[3], part[4])
            for part in fetch('PRAGMA index_xinfo("' + name.replace('"', '""') + '")')
            if part[5]
        ]
        if origin == "pk":
            continue
        names = [column for column, _descending, _collation in columns]
        plain = not partial and all(c and not down and kind == "BINARY" for c, down, kind in columns)
        if origin == "u" or (unique and plain):  # SQLite makes no difference between the two
            found["uniques"].append(repr(names))
            continue
        sql = fetch(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = '" + name.replace("'", "''") + "'"
        )
        text = sql[0][0]
        detail = repr(columns)
        if None in names or partial:
            detail = re.sub(r"\s+", " ", text[text.upper().index(" ON ") :]).replace('"', "").rstrip()
        found["indexes"].append(("unique " if unique else "") + detail)


def _checks(sql):
    return sorted(_after(sql[sql.index("(") + 1 :], r"\bCHECK\s*"))


def _after(sql, marker):
    """The parenthesised text after each ``marker``, blanks evened out."""
    found = []
    for match in re.finditer(marker + r"\(", sql, re.I):
        depth = 0
        quote = ""
        start = match.end() - 1
        for position in range(start, len(sql)):
            char = sql[position]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if not depth:
                    found.append(_plain(sql[start : position + 1]))
                    break
    return found


def _plain(text):
    """Without double quotes and outer parentheses; one blank between words."""
    text = re.sub(r"\s+", " ", text.replace('"', "")).strip()
    while text.startswith("(") and text.endswith(")") and _closes_last(text):
        text = text[1:-1].strip()
    return text


def _closes_last(text):
    depth = 0
    for position, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return position == len(text) - 1
    return False


def _sorted(tables):
    for found in tables.values():
        for key in ("uniques", "foreign_keys", "checks", "indexes", "triggers"):
            found[key] = sorted(found[key])
    return {name: found for name, found in sorted(tables.items()) if name not in IGNORED}
