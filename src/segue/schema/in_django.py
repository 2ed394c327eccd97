"""Runs in the project's interpreter: migrate an empty database and write down its structure.

Arguments: folder on ``sys.path``, settings module, path of the output, path of ``structure.py``, and
a JSON ``DATABASES`` entry (without ``ENGINE``: PostgreSQL, with the project's own engine if it is one for it). Every
database alias of the settings is pointed at the new database, so that nothing of the project's own is touched.
Python 3.8 and newer.

The output: ``migrated`` (the structure that the migrations leave), ``declared`` (the structure that Django makes from
the models alone; null where that fails) and ``drift`` (the operations that ``makemigrations`` would write). On PostgreSQL
what is declared lies in a schema of its own, on SQLite in a file beside, on MySQL in a database beside, which is there:
:data:`DECLARED`. ``rows`` (per table, each row as a
text: ``in_django_rows.py``), ``inserts`` (per table, what inserted into it), ``said`` (what ``makemigrations --check``
says), ``errors`` (what ``check --database`` says), and ``read``: what the run has read (``in_django_watch.py``).
"""

import importlib.util
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DECLARED = "segue_declared"


def main():
    path, settings_module, out, structure_file, wanted = sys.argv[1:6]
    spec = importlib.util.spec_from_file_location("segue_setup", os.path.join(HERE, "in_django_setup.py"))
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    watch, rows, inserts = (
        setup.load(os.path.join(HERE, "in_django_" + name + ".py")) for name in ("watch", "rows", "inserts")
    )
    watched = watch.Watch(os.path.dirname(out))  # before anything but Python's own is imported
    setup.start(path, settings_module, wanted)
    from django.db import connection

    found = {"inserts": inserts.migrate(connection)}
    found["migrated"] = setup.structure(structure_file, connection)
    found["rows"] = rows.rows(connection)
    found["drift"] = _drift()
    found["said"] = rows.said("makemigrations", check_changes=True, dry_run=True, interactive=False)
    found["errors"] = rows.said("check", databases=["default"])
    found["declared"] = setup.structure(structure_file, connection) if _declare(connection) else None
    found["read"] = watched.found()
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def _drift():
    """Operations that ``makemigrations`` would write, in its words."""
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.questioner import MigrationQuestioner
    from django.db.migrations.state import ProjectState
    from django.utils import translation

    loader = MigrationLoader(connection)
    questioner = MigrationQuestioner(specified_apps=set(loader.migrated_apps), dry_run=True)
    with translation.override(None):  # as the command does: names are not translated in migrations
        models = ProjectState.from_apps(apps)
        found = MigrationAutodetector(loader.project_state(), models, questioner).changes(graph=loader.graph)
    return [
        migration.app_label + ": " + operation.describe()
        for migrations in found.values()
        for migration in migrations
        for operation in migration.operations
    ]


def _declare(connection):
    """Make the tables of all models as ``migrate --run-syncdb`` would without any migrations. False where that fails."""
    from django.apps import apps
    from django.db import DatabaseError

    if connection.vendor == "sqlite":
        connection.close()
        connection.settings_dict["NAME"] = str(connection.settings_dict["NAME"]) + "." + DECLARED
    elif connection.vendor == "mysql":  # a schema is a database there
        name = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name + "_" + DECLARED
    else:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA " + DECLARED)
            # extensions and collations stay within reach
            cursor.execute("SET search_path TO " + DECLARED + ", public")
    models = [m for m in apps.get_models(include_auto_created=False) if m._meta.can_migrate(connection)]
    try:
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
    except (DatabaseError, ValueError, TypeError):
        return False
    return True


main()
