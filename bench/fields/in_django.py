"""Django's side, in a process of its own: ``in_django.py FOLDER (write|read) COUNT SEED``.

``write`` migrates, writes rows, and says what lies in the database and how Django reads it; ``read`` says both of what the other
side wrote. The answers go to ``FOLDER/django-write.json`` and ``FOLDER/django-read.json``.
"""

import importlib
import json
import os
import sys
import warnings


def main():
    folder, what, count, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    sys.path.insert(0, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
    warnings.simplefilter("ignore")  # of naive moments
    import django

    django.setup()
    with open(os.path.join(folder, "tables.json"), encoding="utf-8") as file:
        tables = json.load(file)
    import logging

    logging.disable(logging.CRITICAL)
    out = {}
    if what == "write":
        migrate()
        targets()
        out["refused"] = write(tables, count, seed)
    out["raw"] = {t["model"]: raw(t) for t in tables}
    out["read"] = {t["model"]: read(t) for t in tables}
    with open(os.path.join(folder, f"django-{what}.json"), "w", encoding="utf-8") as file:
        json.dump(out, file)


def migrate():
    from django.core.management import call_command
    from django.db import connection
    from django.db.backends.signals import connection_created

    def hurry(connection, **_):
        if connection.vendor == "sqlite":
            connection.connection.execute("PRAGMA synchronous = OFF")
            connection.connection.execute("PRAGMA journal_mode = MEMORY")

    connection_created.connect(hurry, weak=False)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS hstore")
            cursor.execute("CREATE EXTENSION IF NOT EXISTS citext")
        from django.contrib.postgres import signals

        signals.get_hstore_oids.cache_clear()  # asked before the extension was there
        signals.get_citext_oids.cache_clear()
        connection.close()
    call_command("makemigrations", "catalogue", verbosity=0)
    importlib.invalidate_caches()
    call_command("migrate", verbosity=0)


def targets():
    import uuid

    from catalogue import models

    models.Target.objects.bulk_create(models.Target(id=n, code=f"k{n}") for n in range(1, 401))
    models.UuidTarget.objects.bulk_create(models.UuidTarget(key=uuid.UUID(int=n)) for n in range(1, 401))


def ranges(item, low, high, bounds):
    from django.db.backends.postgresql import psycopg_any as kinds

    kind = {
        "integer": kinds.NumericRange,
        "decimal": kinds.NumericRange,
        "date": kinds.DateRange,
        "datetime": kinds.DateTimeTZRange,
    }[item]
    return kind(empty=True) if bounds == "empty" else kind(low, high, bounds)


def write(tables, count, seed):
    """Rows of all tables; what is refused of values that do not fit."""
    from catalogue import models
    from django.conf import settings
    from django.db import transaction

    from bench.fields.rows import rows

    refused = {}
    for table in tables:
        model = getattr(models, table["model"])
        if table["loose"]:
            refused[table["model"]] = one_by_one(model, table, seed)
            continue
        try:
            with transaction.atomic():
                fill(model, rows(table, count, seed, ranges, settings.USE_TZ))
        except Exception as error:
            refused[table["model"]] = {"": repr(error)}
    return refused


def fill(model, wanted):
    for row in wanted:
        made = model(**attributes(model, row.first))
        if row.key is not None:
            made.id = row.key
        made.save(force_insert=True)
        if row.then:
            for name, value in attributes(model, row.then).items():
                setattr(made, name, value)
            made.save()


def attributes(model, values):
    return {model._meta.get_field(name).attname: value for name, value in values.items()}


def one_by_one(model, table, seed):
    from django.db import transaction

    from bench.fields.rows import loose

    refused = {}
    for number, value in enumerate(loose(table, ranges)):
        try:
            with transaction.atomic():
                model(id=number + 1, **attributes(model, {"c_plain": value})).save(force_insert=True)
        except Exception as error:
            refused[number] = type(error).__name__
    return refused


def names(table):
    from catalogue import models

    model = getattr(models, table["model"])
    return model, [model._meta.get_field(c["name"]) for c in table["columns"]]


def raw(table):
    """The rows as the database holds them: key, then what is in each column, as text that is exact."""
    from django.db import connection

    model, fields = names(table)
    key = model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            shown = ", ".join(f'typeof("{f.column}") || quote("{f.column}")' for f in fields)
            cursor.execute(
                'SELECT {} FROM "{}" ORDER BY "{}"'.format(
                    shown.replace("%", "%%"), model._meta.db_table, key
                ),
                [],
            )
            return [list(row) for row in cursor.fetchall()]
        if connection.vendor == "mysql":
            shown = ", ".join(f"HEX(CAST(`{f.column}` AS BINARY))" for f in fields)
            cursor.execute(f"SELECT {shown} FROM `{model._meta.db_table}` ORDER BY `{key}`")
            return [list(row) for row in cursor.fetchall()]
        shown = ", ".join(f'"{f.column}"' for f in fields)
        statement = (
            f'COPY (SELECT {shown} FROM "{model._meta.db_table}" ORDER BY "{key}") TO STDOUT (FORMAT BINARY)'
        )
        with cursor.cursor.copy(statement) as copy:
            return binary(b"".join(bytes(part) for part in copy))


def binary(data):
    """Rows of PostgreSQL's binary COPY format."""
    place, found = 19, []
    while True:
        width = int.from_bytes(data[place : place + 2], "big", signed=True)
        place += 2
        if width < 0:
            return found
        row = []
        for _ in range(width):
            size = int.from_bytes(data[place : place + 4], "big", signed=True)
            place += 4
            row.append(None if size < 0 else data[place : place + size].hex())
            place += max(size, 0)
        found.append(row)


def read(table):
    from bench.fields.values import plain

    model, fields = names(table)
    attnames = [f.attname for f in fields]
    try:
        return [
            [plain(getattr(item, name)) for name in attnames]
            for item in model._default_manager.order_by("pk")
        ]
    except Exception:  # one column of one row is enough: each alone
        return [[alone(model, pk, name, plain) for name in attnames] for pk in keys(model)]


def keys(model):
    return list(model._default_manager.order_by("pk").values_list("pk", flat=True))


def alone(model, pk, name, plain):
    try:
        return plain(model._default_manager.filter(pk=pk).values_list(name, flat=True)[0])
    except Exception as error:
        return "raises " + type(error).__name__


if __name__ == "__main__":
    main()
