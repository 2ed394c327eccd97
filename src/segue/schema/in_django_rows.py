"""Loaded by what runs in the project's interpreter: the rows of a database as texts, and what management commands say of it.
Python 3.8 and newer."""

import io

_DEEP = 4  # rows of rows that a row names
_NOT_KEYS = (list, dict)  # arrays and documents of PostgreSQL


def said(command, **options):
    """What a management command complains about, by line; [] when it is content. One that breaks off says with what: it is held
    against what the same command says elsewhere."""
    from django.core.management import call_command
    from django.core.management.base import CommandError

    out = io.StringIO()
    try:
        call_command(command, no_color=True, stdout=out, stderr=out, **options)
    except SystemExit as error:
        return out.getvalue().strip().splitlines() if error.code else []
    except CommandError as error:
        return str(error).strip().splitlines()
    except Exception as error:  # noqa: BLE001 - the project's own code runs here
        return [type(error).__name__ + ": " + str(error)]
    return []


def rows(connection):
    """Per table its rows, each as one text without what differs from one building to the next: numbers that the database
    gives, moments, and UUIDs drawn at random. A reference is followed to the row it names."""
    with connection.cursor() as cursor:
        tables = {}
        for table in sorted(connection.introspection.table_names(cursor)):
            if table in ("django_migrations", "alembic_version"):
                continue
            cursor.execute("SELECT * FROM " + connection.ops.quote_name(table))
            names = [column[0] for column in cursor.description]
            tables[table] = [dict(zip(names, row)) for row in cursor.fetchall()]
    kinds = _kinds()
    named = _named(tables, kinds)
    return {
        table: sorted(_text(table, row, named, kinds, 0) for row in rows)
        for table, rows in tables.items()
        if rows
    }


def _named(tables, kinds):
    """Rows by the table, column and value that references name."""
    found = {}
    for target in {tuple(kind) for columns in kinds.values() for kind in columns.values() if kind != "given"}:
        table, column = target
        for row in tables.get(table, ()):
            if column in row and not isinstance(row[column], _NOT_KEYS):
                found.setdefault((table, column, row[column]), row)
    return found


def _kinds():
    """Per table and column: 'given' (left out), or the table and column that it names."""
    from django.apps import apps
    from django.db import models

    volatile = (
        models.DateField,
        models.TimeField,
        models.AutoField,
        models.BigAutoField,
        models.SmallAutoField,
    )
    found = {}
    for model in apps.get_models(include_auto_created=True):
        columns = found.setdefault(model._meta.db_table, {})
        for field in model._meta.local_fields:
            if isinstance(field, volatile) or (isinstance(field, models.UUIDField) and field.has_default()):
                columns[field.column] = "given"
            elif field.remote_field is not None and hasattr(field, "target_field"):
                target = field.target_field
                columns[field.column] = [target.model._meta.db_table, target.column]
    return found


def _text(table, row, named, kinds, depth):
    parts = []
    for name, value in sorted(row.items()):
        kind = kinds.get(table, {}).get(name)
        if kind == "given":
            continue
        if isinstance(kind, list) and value is not None and not isinstance(value, _NOT_KEYS):
            other = named.get((kind[0], kind[1], value))
            if other is not None and depth < _DEEP:
                parts.append(name + "=(" + _text(kind[0], other, named, kinds, depth + 1) + ")")
                continue
        parts.append(name + "=" + repr(value))
    return ", ".join(parts)
