"""The generated side, in a process of its own: ``in_generated.py FOLDER URL COUNT SEED AWARE``.

Reads the rows that Django wrote, then writes its own in their place, and reads those. The answer goes to
``FOLDER/generated.json``. ``AWARE`` is 1 with ``USE_TZ``.
"""

import asyncio
import importlib
import json
import os
import sys
import warnings


def main():
    folder, url, count, seed, aware = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
    sys.path.insert(0, os.path.join(folder, "out"))
    warnings.simplefilter("ignore")
    importlib.import_module("app.models")
    from segue_bridge import zone
    from segue_bridge.db.database import Database

    zone.configure("America/New_York", use_tz=aware == "1")
    with open(os.path.join(folder, "tables.json"), encoding="utf-8") as file:
        tables = json.load(file)

    async def run():
        database = Database(url)
        out = {}
        try:
            async with database.session() as db:
                out["read"] = {t["model"]: await read(db, t) for t in tables}
                out["refused"] = await write(database, db, tables, count, seed, aware == "1")
                out["own"] = {t["model"]: await read(db, t) for t in tables}
        finally:
            await database.close()
        return out

    found = asyncio.run(run())
    with open(os.path.join(folder, "generated.json"), "w", encoding="utf-8") as file:
        json.dump(found, file)


def entity(table):
    return getattr(importlib.import_module("app.catalogue.models"), table["model"])


def names(table):
    """Attributes of the columns: a relation's is that of its key."""
    known = {a.key for a in entity(table).__mapper__.column_attrs}
    return [c["name"] if c["name"] in known else c["name"] + "_id" for c in table["columns"]]


async def read(db, table):
    from sqlalchemy import select

    from bench.fields.values import plain

    cls, attributes = entity(table), names(table)
    key = cls.__mapper__.primary_key[0]
    try:
        found = await db.entities(select(cls).order_by(key))
        return [[plain(getattr(item, name)) for name in attributes] for item in found]
    except Exception:  # one column of one row is enough: each alone
        rows = []
        for (pk,) in await db.all(select(key).order_by(key)):
            rows.append([await alone(db, cls, key, pk, name, plain) for name in attributes])
        return rows


async def alone(db, cls, key, pk, name, plain):
    from sqlalchemy import select

    try:
        return plain(await db.scalar(select(getattr(cls, name)).where(key == pk)))
    except Exception as error:
        return "raises " + type(error).__name__


def ranges(item, low, high, bounds):
    from sqlalchemy.dialects.postgresql import Range

    return Range(empty=True) if bounds == "empty" else Range(low, high, bounds=bounds)


async def write(database, db, tables, count, seed, aware):
    from sqlalchemy import delete

    from bench.fields.rows import rows

    refused = {}
    for table in tables:
        cls = entity(table)
        attribute = dict(zip([c["name"] for c in table["columns"]], names(table), strict=True))
        await db.execute(delete(cls))
        if table["loose"]:
            refused[table["model"]] = await one_by_one(database, table)
            continue
        try:
            async with db.atomic():
                await fill(db, cls, attribute, rows(table, count, seed, ranges, aware))
        except Exception as error:
            refused[table["model"]] = {"": repr(error)}
    return refused


async def fill(db, cls, attribute, wanted):
    for row in wanted:
        made = cls(**{attribute[name]: value for name, value in row.first.items()})
        if row.key is not None:
            made.id = row.key
        await db.insert(made)
        if row.then:
            for name, value in row.then.items():
                setattr(made, attribute[name], value)
            await db.update(made)


async def one_by_one(database, table):
    from bench.fields.rows import loose

    cls, (name,) = entity(table), names(table)
    refused = {}
    for number, value in enumerate(loose(table, ranges)):
        try:
            async with database.session() as db, db.atomic():
                await db.insert(cls(id=number + 1, **{name: value}))
        except Exception as error:
            refused[number] = type(error).__name__
    return refused


if __name__ == "__main__":
    main()
