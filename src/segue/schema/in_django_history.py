"""Runs in the project's interpreter, on the project's own database: which migrations there are, and where they stand.
Reads only. Arguments: folder on ``sys.path``, settings module, path of the output. Python 3.8 and newer.

The output is a list, in the order in which Django would apply them, replaced ones after those that replace them:
``app``, ``name``, ``applied``, ``merge``, ``replaces`` and ``replaced`` (names, as ``app.name``), ``leaf`` (nothing of its app follows), and ``data``: the operations
whose effect on rows nobody can read off (``RunPython``, ``RunSQL``) with ``what``, ``place`` and ``reversible``.
"""

import inspect
import json
import logging
import os
import sys


def main():
    path, settings_module, out = sys.argv[1:4]
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path, *(p for p in sys.path if os.path.abspath(p) != here)]
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django

    django.setup()
    logging.disable(logging.CRITICAL)
    from django.db import connection

    found = read(connection, path)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def read(connection, path):
    """The list, for the migrations that ``connection`` has recorded."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection, ignore_no_migrations=True)
    order = []
    leaves = sorted(loader.graph.leaf_nodes())
    for leaf in leaves:
        order += [key for key in loader.graph.forwards_plan(leaf) if key not in order]
    order += sorted(key for key in loader.disk_migrations if key not in order)
    replaced = {}
    for key, migration in loader.disk_migrations.items():
        for other in migration.replaces:
            replaced.setdefault(tuple(other), []).append(_name(key))
    found = []
    for key in order:
        migration = loader.disk_migrations[key]
        parents = {d for d in migration.dependencies if d[0] == key[0]}
        found.append(
            {
                "app": key[0],
                "name": key[1],
                "applied": key in loader.applied_migrations,
                "merge": len(parents) > 1 and not migration.operations,
                "replaces": [_name(other) for other in migration.replaces],
                "replaced": replaced.get(key, []),
                "leaf": key in leaves,
                "data": [_data(operation, path) for operation in _flat(migration.operations)],
            }
        )
    return found


def _name(key):
    return key[0] + "." + key[1]


def _flat(operations):
    from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        elif isinstance(operation, (RunPython, RunSQL)):
            yield operation


def _data(operation, root):
    code = getattr(operation, "code", None)
    what, place = type(operation).__name__, ""
    if code is not None:
        what += " " + getattr(code, "__name__", repr(code))
        try:
            file = inspect.getsourcefile(code) or ""
            line = inspect.getsourcelines(code)[1]
            inside = os.path.realpath(file).startswith(os.path.realpath(root) + os.sep)
            place = os.path.relpath(file, root) if inside else file.rpartition("site-packages" + os.sep)[2]
            place += ":" + str(line)
        except (TypeError, OSError):
            place = ""
    return {"what": what, "place": place, "reversible": bool(operation.reversible)}


if __name__ == "__main__":
    main()
