"""Runs in the generated project's interpreter: build an empty database and print its structure.

Arguments: folder of the output, package name, database URL, path of the output file, path of
``structure.py``, and ``models`` (``metadata.create_all``) or ``alembic`` (``alembic upgrade head``).
"""

import asyncio
import importlib
import importlib.util
import json
import sys


def main():
    folder, package, url, out, structure_file, how = sys.argv[1:7]
    sys.path.insert(0, folder)
    from segue_bridge.db.base import Base
    from segue_bridge.db.database import Database

    spec = importlib.util.spec_from_file_location("segue_structure", structure_file)
    structure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(structure)

    def read(connection):
        return structure.read(
            connection.dialect.name,
            lambda sql: [tuple(row) for row in connection.exec_driver_sql(sql).fetchall()],
        )

    def managed(metadata):
        return [table for table in metadata.sorted_tables if table.info.get("managed", True)]

    async def with_models():
        importlib.import_module(package + ".models")
        database = Database(url)
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all, managed(Base.metadata))
        await database.close()

    async def inspect():
        database = Database(url)
        async with database.engine.connect() as connection:
            found = await connection.run_sync(read)
        await database.close()
        return found

    if how == "alembic":
        from alembic import command
        from alembic.config import Config

        config = Config(folder + "/alembic.ini")
        config.set_main_option("script_location", folder + "/migrations")
        config.attributes["url"] = url
        command.upgrade(config, "head")
    else:
        asyncio.run(with_models())
    found = asyncio.run(inspect())
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


main()
