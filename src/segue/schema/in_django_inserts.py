"""Loaded by ``in_django.py``, in the project's interpreter: which operation of which migration inserts rows where. Python 3.8 and
newer."""

import re

_INSERT = re.compile(r"\s*INSERT\s+(?:OR\s+\w+\s+)?INTO\s+(?:\"?\w+\"?\.)?[\"`]?(\w+)", re.I)


def migrate(connection):
    """Run the migrations, and give per table what inserted into it: ``app.migration (operation)`` or ``post_migrate``."""
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
    return inserts


def _described(migration, operation):
    name = migration.app_label + "." + migration.name
    if operation is None:
        return name
    code = getattr(operation, "code", None)
    return name + " (" + type(operation).__name__ + (" " + code.__name__ if code else "") + ")"
