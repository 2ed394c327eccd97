"""Runs in the project's interpreter: migrate an empty database and print its structure.

Arguments: folder on ``sys.path``, settings module, path of the output, path of ``structure.py``, and
``sqlite`` or a JSON ``DATABASES`` entry. Every database alias of the settings is pointed at the
new database, so that nothing of the project's own is touched. Python 3.8 and newer.
"""

import importlib.util
import json
import os
import sys


def main():
    path, settings_module, out, structure_file, wanted = sys.argv[1:6]
    sys.path.insert(0, path)
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    from django.conf import settings

    entry = json.loads(wanted)
    kept = {
        key: value
        for key, value in settings.DATABASES["default"].items()
        if key
        not in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TEST", "CONN_MAX_AGE")
    }
    settings.DATABASES = {"default": dict(kept, **entry)}
    settings.DATABASE_ROUTERS = []
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    spec = importlib.util.spec_from_file_location("segue_structure", structure_file)
    structure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(structure)

    def fetch(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    found = structure.read(connection.vendor, fetch)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


main()
