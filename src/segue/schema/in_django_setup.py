"""Loaded by what runs in the project's interpreter: Django on a database that is made for the purpose, and nothing of the
project's own touched. Python 3.8 and newer."""

import importlib.util
import json
import logging
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
MYSQL = "django.db.backends.mysql"
SESSION = ("init_command", "sql_mode", "charset", "isolation_level")


def load(path):
    """The module in the file ``path``, which is on no path of imports."""
    spec = importlib.util.spec_from_file_location("segue_" + os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def start(path, settings_module, wanted):
    """Django set up with ``wanted`` as its only database: a JSON entry of ``DATABASES`` (of PostgreSQL without ``ENGINE``: then with
    the project's own engine if it is one for it, and so is MySQL's, whose entry names Django's). Every alias of the settings goes, and so do its routers.
    """
    # and nothing beside this file, whose names are those of packages too (mysql)
    sys.path[:] = [path, *(p for p in sys.path if os.path.abspath(p) != HERE)]
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    from django.conf import settings

    entry = json.loads(wanted)
    own = settings.DATABASES["default"]
    if "ENGINE" not in entry:
        postgresql = "postg" in own["ENGINE"].rpartition(".")[2]
        entry["ENGINE"] = own["ENGINE"] if postgresql else "django.db.backends.postgresql"
    elif entry["ENGINE"] == MYSQL and "mysql" in own["ENGINE"]:
        entry["ENGINE"] = own["ENGINE"]
        # what it says of the session (sql_mode, charset, isolation) decides what the tables are; where it connects does not
        options = {k: v for k, v in (own.get("OPTIONS") or {}).items() if k in SESSION}
        entry["OPTIONS"] = dict(options, **entry.get("OPTIONS", {}))
    left = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TEST", "CONN_MAX_AGE")
    kept = {key: value for key, value in own.items() if key not in left}
    settings.DATABASES = {"default": dict(kept, **entry)}
    settings.DATABASE_ROUTERS = []
    import django

    django.setup()
    # statements that a project logs would bury the error, which is raised
    logging.disable(logging.CRITICAL)
    from django.db.backends.signals import connection_created

    connection_created.connect(_hurry, weak=False)


def structure(structure_file, connection):
    """What is in the database of ``connection``, by ``structure.py``."""

    def fetch(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    return load(structure_file).read(connection.vendor, fetch)


def _hurry(connection, **_):
    """A database that is thrown away need not be safe."""
    if connection.vendor == "sqlite":
        connection.connection.execute("PRAGMA synchronous = OFF")
        connection.connection.execute("PRAGMA journal_mode = MEMORY")
