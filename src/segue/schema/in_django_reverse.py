"""Runs in the project's interpreter: have Django take a database that the generated project has built for its own.

Arguments: folder on ``sys.path``, settings module, path of the output, path of ``structure.py``, and a JSON ``DATABASES``
entry as in ``in_django.py``. Python 3.8 and newer.

The output: ``how`` (the options that make ``migrate`` accept), ``migrations`` (how many were taken as applied), ``made`` and
``partly`` (apps whose tables are all missing: migrated; apps of which some tables are: {app: tables}), ``pending``,
``again`` (what a second ``migrate`` did); ``rows``, ``said`` and ``errors`` as in ``in_django.py``.
"""

import importlib.util
import io
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    path, settings_module, out, structure_file, wanted = sys.argv[1:6]
    spec = importlib.util.spec_from_file_location("segue_setup", os.path.join(HERE, "in_django_setup.py"))
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    rows = setup.load(os.path.join(HERE, "in_django_rows.py"))
    setup.start(path, settings_module, wanted)
    from django.db import connection

    found = _accept(connection, setup, structure_file, rows)
    found["rows"] = rows.rows(connection)
    found["said"] = rows.said("makemigrations", check_changes=True, dry_run=True, interactive=False)
    found["errors"] = rows.said("check", databases=["default"])
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def _accept(connection, setup, structure_file, rows):
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
    before = setup.structure(structure_file, connection), rows.rows(connection)
    said = io.StringIO()
    call_command("migrate", verbosity=1, interactive=False, run_syncdb=False, no_color=True, stdout=said)
    after = setup.structure(structure_file, connection), rows.rows(connection)
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


main()
