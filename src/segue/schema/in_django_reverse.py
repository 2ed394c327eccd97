"""Runs in the project's interpreter: what the project's own migrations make of an empty database, or of one that the
generated project has built.

Arguments: ``own`` (migrate an empty database) or ``accept`` (have Django take what is there for its own), folder on
``sys.path``, settings module, path of the output, path of ``structure.py``, and a JSON ``DATABASES`` entry as in
``in_django.py``. Python 3.8 and newer.

The output of both: ``rows`` (per table, each row as a text: :func:`_rows`), ``drift`` (what ``makemigrations --check`` says)
and ``errors`` (what ``check --database`` says). Of ``own`` also ``inserts``: per table, what inserted into it. Of
``accept`` also ``how`` (the options that make ``migrate`` accept), ``migrations`` (how many were taken as applied), ``made`` and
``partly`` (apps whose tables are all missing: migrated; apps of which some tables are: {app: tables}), ``pending``,
``again`` (what a second ``migrate`` did).
"""

import importlib.util
import io
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
_INSERT = re.compile(r"\s*INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(?:\"?\w+\"?\.)?[\"`]?(\w+)", re.I)
_DEEP = 4  # rows of rows that a row names


def main():
    mode, path, settings_module, out, structure_file, wanted = sys.argv[1:7]
    spec = importlib.util.spec_from_file_location("segue_setup", os.path.join(HERE, "in_django_setup.py"))
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    setup.start(path, settings_module, wanted)
    from django.db import connection

    found = _own(connection) if mode == "own" else _accept(connection, setup, structure_file)
    found["rows"] = _rows(connection)
    found["drift"] = _said("makemigrations", check_changes=True, dry_run=True, interactive=False)
    found["errors"] = _said("check", databases=["default"])
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def _own(connection):
    """Migrate, and remember which operation of which migration inserted rows where."""
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.operations import RunPython, RunSQL

    inserts = {}
    running = {"migration": None, "operation": None}

    def remember(execute, sql, params, many, context):
        match = _INSERT.match(sql)
        if match and not match.group(1).startswith("new__") and match.group(1) != "django_migrations":
            who = running["operation"] or running["migration"] or "post_migrate"
            who = who if who == "post_migrate" else _described(running["migration"], running["operation"])
            if who not in inserts.setdefault(match.group(1), []):
                inserts[match.group(1)].append(who)
        return execute(sql, params, many, context)

    def during(cls, name, key, given):
        original = getattr(cls, name)

        def call(self, *args, **options):
            before, running[key] = running[key], given(self, args)
            try:
                return original(self, *args, **options)
            finally:
                running[key] = before

        setattr(cls, name, call)

    during(MigrationExecutor, "apply_migration", "migration", lambda _self, args: args[1])
    for kind in (RunPython, RunSQL):
        during(kind, "database_forwards", "operation", lambda self, _args: self)
    with connection.execute_wrapper(remember):
        call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    return {"inserts": inserts}


def _described(migration, operation):
    name = migration.app_label + "." + migration.name
    if operation is None:
        return name
    code = getattr(operation, "code", None)
    return name + " (" + type(operation).__name__ + (" " + code.__name__ if code else "") + ")"


def _accept(connection, setup, structure_file):
    """Mark the migrations as applied whose tables are there, as ``migrate --fake-initial`` does where that is enough and
    ``migrate --fake`` and ``migrate`` elsewhere, and run those of the apps that have no table here. Then migrate once more."""
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes()
    plan = executor.migration_plan(targets)
    made, partly = _missing(executor, connection)
    quiet = {"verbosity": 0, "interactive": False, "run_syncdb": True}
    initial = (
        not made
        and not partly
        and all(m.initial is not False and executor.detect_soft_applied(None, m)[0] for m, _back in plan)
    )
    if not made:
        call_command("migrate", fake=not initial, fake_initial=initial, **quiet)
    else:
        for fake, part in _runs(plan, made):
            executor = MigrationExecutor(connection)
            executor.migrate([(m.app_label, m.name) for m, _back in part], plan=part, fake=fake)
    # what it marks, `migrate --fake` does not know when it sends post_migrate: content types come with the next run
    call_command("migrate", **quiet)
    executor = MigrationExecutor(connection)
    pending = [m.app_label + "." + m.name for m, _back in executor.migration_plan(targets)]
    before = setup.structure(structure_file, connection), _rows(connection)
    said = io.StringIO()
    call_command("migrate", verbosity=1, interactive=False, run_syncdb=False, no_color=True, stdout=said)
    after = setup.structure(structure_file, connection), _rows(connection)
    again = []
    if "No migrations to apply" not in said.getvalue():
        again.append(said.getvalue().strip())
    for what, one, other in zip(("structure", "rows"), before, after):
        again += [
            "the " + what + " of " + name
            for name in sorted({**one, **other})
            if one.get(name) != other.get(name)
        ]
    return {
        "how": "--fake-initial" if initial else "--fake",
        "migrations": sum(m.app_label not in made for m, _back in plan),
        "made": sorted(made),
        "partly": partly,
        "pending": pending,
        "again": again,
    }


def _missing(executor, connection):
    """Apps of which no table is here, and {app: tables that are not here} where others are."""
    there = set(connection.introspection.table_names())
    wanted = {}
    apps = executor.loader.project_state().apps
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.can_migrate(connection):
            wanted.setdefault(meta.app_label, set()).add(meta.db_table)
    made = {app for app, tables in wanted.items() if not tables & there}
    partly = {
        app: sorted(tables - there) for app, tables in wanted.items() if app not in made and tables - there
    }
    return made, partly


def _runs(plan, made):
    """The plan in pieces of which each is faked or not."""
    found = []
    for item in plan:
        fake = item[0].app_label not in made
        if not found or found[-1][0] != fake:
            found.append((fake, []))
        found[-1][1].append(item)
    return found


def _said(command, **options):
    """What a management command complains about, by line; [] when it is content."""
    from django.core.management import call_command
    from django.core.management.base import CommandError

    out = io.StringIO()
    try:
        call_command(command, no_color=True, stdout=out, stderr=out, **options)
    except SystemExit as error:
        return out.getvalue().strip().splitlines() if error.code else []
    except CommandError as error:
        return str(error).strip().splitlines()
    return []


# -- rows ---------------------------------------------------------------------------------


def _rows(connection):
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
    return {
        table: sorted(_text(table, row, tables, kinds, 0) for row in rows)
        for table, rows in tables.items()
        if rows
    }


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


def _text(table, row, tables, kinds, depth):
    parts = []
    for name, value in sorted(row.items()):
        kind = kinds.get(table, {}).get(name)
        if kind == "given":
            continue
        if isinstance(kind, list) and value is not None:
            named = [r for r in tables.get(kind[0], ()) if r.get(kind[1]) == value]
            if named and depth < _DEEP:
                parts.append(name + "=(" + _text(kind[0], named[0], tables, kinds, depth + 1) + ")")
                continue
        parts.append(name + "=" + repr(value))
    return ", ".join(parts)


main()
