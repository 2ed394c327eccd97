"""What Django's schema editors would do per vendor, without any server.

Uses ``BaseDatabaseSchemaEditor(collect_sql=True)`` on connections of our own that are never
opened (PostgreSQL, MySQL) or open ``:memory:`` (SQLite). The features that Django would ask
a server for are set to those of a recent version.
"""

import ast
import importlib
import os

_VENDORS = (
    ("sqlite", "django.db.backends.sqlite3", "sqlite3"),
    ("postgresql", "django.db.backends.postgresql", "psycopg"),
    ("mysql", "django.db.backends.mysql", "mysql"),
    ("mariadb", "django.db.backends.mysql", "mysql"),
)
_SETTINGS = {
    "NAME": "segue",
    "USER": "",
    "PASSWORD": "",
    "HOST": "",
    "PORT": "",
    "OPTIONS": {},
    "TIME_ZONE": None,
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": False,
    "DISABLE_SERVER_SIDE_CURSORS": False,
    "TEST": {"NAME": None, "CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None},
}
# cached properties that would open a connection
_MYSQL = {
    "sql_mode": "STRICT_TRANS_TABLES",
    "default_storage_engine": "InnoDB",
    "lower_case_table_names": False,
    "has_zoneinfo_database": True,
    "sql_auto_is_null": False,
}
_SERVER = {
    "postgresql": {"pg_version": 160000},
    "mysql": {"mysql_server_data": dict(_MYSQL, version="8.0.36")},
    "mariadb": {"mysql_server_data": dict(_MYSQL, version="10.11.14-MariaDB")},
    "sqlite": {},
}


class Ddl:
    """Schema editors by vendor; vendors whose driver is not installed are left out."""

    def __init__(self, warn, loose_collations=()):
        self.loose_collations = loose_collations
        self.connections = {}
        self.warn = warn
        for vendor, backend, _driver in _VENDORS:
            try:
                base = importlib.import_module(backend + ".base")
                settings = dict(_SETTINGS, ENGINE=backend)
                if vendor == "sqlite":
                    settings["NAME"] = ":memory:"
                connection = base.DatabaseWrapper(settings, "_segue_" + vendor)
                connection.__dict__.update(_SERVER[vendor])
                if vendor == "sqlite":
                    connection.features.__dict__["supports_json_field"] = True
                if vendor == "postgresql" and hasattr(connection.ops, "compose_sql"):
                    # psycopg quotes through an open connection; literals of defaults need none
                    connection.ops.compose_sql = lambda sql, params: sql % tuple(map(_literal, params))
                if vendor in ("mysql", "mariadb"):
                    # asked of the server by Django, table by table
                    connection.cursor = lambda *args: None
                    connection.introspection.get_storage_engine = lambda cursor, table: "InnoDB"
                self.connections[vendor] = connection
            except Exception:  # a missing driver is ImproperlyConfigured or ImportError
                continue

    def column_types(self, field):
        """Vendor -> ``field.db_type``."""
        types = {}
        for vendor, connection in self.connections.items():
            try:
                types[vendor] = field.db_type(connection)
            except Exception:
                continue
        return types

    def editor(self, vendor):
        """A fresh collecting schema editor."""
        connection = self.connections[vendor]
        editor = connection.SchemaEditorClass(connection, collect_sql=True, atomic=False)
        editor.deferred_sql = []
        if vendor == "postgresql":
            # asked of the server by Django: made by CreateCollation in a migration, or deterministic
            editor._is_collation_deterministic = lambda name: name not in self.loose_collations
        if vendor in ("mysql", "mariadb"):
            editor.quote_value = _mysql_literal  # MySQLdb quotes through an open connection
        return editor

    def create_table(self, model):
        """Vendor -> statements that make the table of ``model``."""
        result = {}
        for vendor in self.connections:
            try:
                editor = self.editor(vendor)
                # create_model() calls itself for automatic through tables: those are told with their own model
                editor.create_model = lambda through: None
                type(editor).create_model(editor, model)
                editor.collected_sql += [
                    text if text.rstrip().endswith(";") else text + ";"
                    for text in map(str, editor.deferred_sql)
                ]
                result[vendor] = list(editor.collected_sql)
            except Exception as error:
                self.warn("no %s DDL for %s: %s" % (vendor, model._meta.label, short(error)))
        return result

    def each(self, function):
        """Vendor -> text of ``function(editor)``; vendors that fail or say nothing are left out."""
        result = {}
        for vendor in self.connections:
            try:
                text = function(self.editor(vendor))
            except Exception:
                continue
            if text:
                result[vendor] = str(text)
        return result


def loose_collations(sources):
    """Names of collations that migrations create with ``deterministic=False``."""
    from django.apps import apps

    found = set()
    for config in apps.get_app_configs():
        folder = os.path.join(config.path, "migrations")
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            path = os.path.join(folder, file)
            if not file.endswith(".py"):
                continue
            with open(path, "rb") as stream:
                if b"CreateCollation" not in stream.read():
                    continue
            source = sources.file(path)
            for node in ast.walk(source.tree) if source is not None else ():
                if isinstance(node, ast.Call) and getattr(
                    node.func, "attr", getattr(node.func, "id", "")
                ) == ("CreateCollation"):
                    given = {k.arg: k.value for k in node.keywords}
                    name = given.get("name", node.args[0] if node.args else None)
                    loose = given.get("deterministic")
                    if (
                        isinstance(name, ast.Constant)
                        and isinstance(loose, ast.Constant)
                        and loose.value is False
                    ):
                        found.add(name.value)
    return found


def short(error):
    """Type and first line of an exception."""
    first = (str(error).strip().splitlines() or [""])[0]
    return "%s: %s" % (type(error).__name__, first[:300])


def _mysql_literal(value):
    """A constant as MySQL's literal (without ``NO_BACKSLASH_ESCAPES``)."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes):  # behind Django's own _binary
        plain = all(byte < 128 for byte in bytearray(value))
        return _mysql_literal(value.decode("ascii")) if plain else "X'%s'" % value.hex()
    if isinstance(value, str):
        for char, text in (
            ("\\", "\\\\"),
            ("'", "\\'"),
            ("\0", "\\0"),
            ("\n", "\\n"),
            ("\r", "\\r"),
            ("\x1a", "\\Z"),
        ):
            value = value.replace(char, text)
        return "'%s'" % value
    return _literal(value)


def _literal(value):
    """A constant as PostgreSQL's literal (``standard_conforming_strings`` is on)."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) or type(value).__name__ == "Decimal":
        return str(value)
    if isinstance(value, str):
        return "'%s'" % value.replace("'", "''")
    raise ValueError("no literal for %r" % (value,))
